import type { Resolver } from './resolve-route.ts';
import type { DelegationSettings, Limits, RoutingSettings } from './settings.ts';
import type { TaskPlan } from './store.ts';
import type { SpawnCall } from './task.ts';

/** A task with everything decided; its id is given by whoever starts it. */
export type PlannedTask = Omit<TaskPlan, 'id'>;

export interface PreflightContext {
  readonly resolver: Resolver;
  readonly limits: Limits;
  readonly settings: DelegationSettings;
  readonly routing: RoutingSettings;
  /** Toolsets that exist here and that a child may have. */
  readonly toolsets: readonly string[];
}

/** Checks a whole call before anything starts. Throws a refusal naming all issues; else the plans, in order. */
export function preflight(_call: SpawnCall, _context: PreflightContext): readonly PlannedTask[] {
  return [];
}
