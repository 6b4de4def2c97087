import type { Usage } from '../provider.ts';
import type { DelegationResult, TaskResult } from '../result.ts';
import { sumCosts } from './cost.ts';

export const NO_USAGE: Usage = { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cache_read: a.cache_read + b.cache_read,
    cache_write: a.cache_write + b.cache_write,
    reasoning: a.reasoning + b.reasoning,
  };
}

/** A delegation from the results of its tasks, in the order given. */
export function sumResults(
  results: readonly TaskResult[],
  of: Pick<DelegationResult, 'delegation_id' | 'duration_ms'>,
): DelegationResult {
  const onParent = results.map((result) => result.cost_on_parent_route).filter((cost) => cost !== undefined);
  return {
    delegation_id: of.delegation_id,
    results,
    usage: results.map((result) => result.usage).reduce(addUsage, NO_USAGE),
    cost: sumCosts(results.map((result) => result.cost)),
    ...(onParent.length < results.length || results.length === 0 ? {} : { cost_on_parent_route: sumCosts(onParent) }),
    duration_ms: of.duration_ms,
  };
}
