import type { Usage } from '../core/provider.ts';
import type { Cost, TaskResult } from '../core/result.ts';
import type { ReceiptRoute } from '../core/route.ts';
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

/** What a task, or the parent of a session for one reply, spent itself over one route. */
export interface Spent extends Pick<TaskResult, 'usage' | 'cost'> {
  /** Absent: a parent. */
  readonly task?: TaskRecord;
  /** The day it counts in. Milliseconds since the epoch. */
  readonly at: number;
  readonly route: Pick<ReceiptRoute, 'provider' | 'model' | 'simulated'>;
}

/** What a task spent itself, route by route: what is below it is counted there. */
export function spentBy(task: TaskRecord): readonly Spent[] {
  const { route, by_route, own, usage, cost } = task.result!;
  if (by_route !== undefined) return by_route.map((spent) => ({ task, at: task.created_at, ...spent }));
  return [{ task, at: task.created_at, route: route.resolved, usage, cost, ...own }];
}
