import type { Route } from '../route.ts';
import type { TaskRecord } from '../store.ts';
import { childToolsets } from '../toolsets.ts';
import { ceilingOf, type PreflightContext } from './preflight.ts';

/** The variable of the task that a process runs in: what it delegates stands below that task, within its root's limits. */
export const PARENT_TASK = 'YARDMASTER_TASK';

/** A task that delegates. */
export interface DelegatingTask {
  /** The route in force there: its children's parent. */
  readonly route: Route;
  /** What it may use itself: its children get no more. */
  readonly toolsets: readonly string[];
  /** Of its own delegation: 1 for a child of the parent agent. */
  readonly depth: number;
}

/** A task as the store has it, in its place as one that delegates. */
export function delegatingTask({ route, depth, input }: TaskRecord, context: PreflightContext): DelegatingTask {
  return { route, depth, toolsets: childToolsets(input.toolsets, ceilingOf(context)) };
}

/** What the calls of a task that delegates are decided by: the same rules, with the task as the parent. */
export function contextUnder(context: PreflightContext, { route, toolsets, depth }: DelegatingTask): PreflightContext {
  const available = context.toolsets.filter((name) => toolsets.includes(name));
  return {
    ...context,
    resolver: context.resolver.under(route),
    toolsets: withDepth(available, { depth, max_spawn_depth: context.limits.max_spawn_depth }),
  };
}

/** Without `delegation` where the children of a task at `depth` (0 = the parent agent) may not have children. */
export function withDepth(
  toolsets: readonly string[],
  { depth, max_spawn_depth }: { readonly depth: number; readonly max_spawn_depth: number },
): readonly string[] {
  return depth + 1 < max_spawn_depth ? toolsets : toolsets.filter((name) => name !== 'delegation');
}
