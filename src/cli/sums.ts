import type { Usage } from '../core/provider.ts';
import type { Cost } from '../core/result.ts';
import type { TaskRecord } from '../core/store.ts';

/** Complete only when every part is. */
export function addCosts(costs: readonly Cost[]): Cost {
  return {
    usd: costs.reduce((sum, cost) => sum + cost.usd, 0),
    complete: costs.every((cost) => cost.complete),
  };
}

/** Of a task that still runs nobody knows it; one that never started has cost nothing. */
export function costSoFar({ result, attempt }: TaskRecord): Cost {
  return result?.cost ?? { usd: 0, complete: attempt === 0 };
}

export function addUsage(usages: readonly Usage[]): Usage {
  const sum = { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 };
  for (const usage of usages) {
    for (const kind of Object.keys(sum) as (keyof Usage)[]) sum[kind] += usage[kind];
  }
  return sum;
}
