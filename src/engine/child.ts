import type { PlannedTask } from '../core/call/preflight.ts';
import { DelegateError } from '../core/errors.ts';
import type { DelegationEvent, EventListener, TaskEvent } from '../core/events.ts';
import type { DelegationResult } from '../core/result.ts';
import type { Price, Route } from '../core/route.ts';
import type { TaskPlan } from '../core/store.ts';
import type { Budget } from '../core/task.ts';
import type { Agent, Steering } from './agent.ts';
import type { EngineDeps } from './deps.ts';
import type { Equip } from './equip.ts';
import type { Places } from './limits/gate.ts';
import type { Ledger } from './limits/ledger.ts';
import { countBelow, type Used } from './limits/tally.ts';

/** A call that a child made. */
export interface NestedCall {
  readonly child: Child;
  readonly tasks: readonly PlannedTask[];
  readonly toolsets: readonly string[];
  readonly budget?: Budget;
  readonly signal: AbortSignal;
}

/** One delegation while it runs: what its children share. */
export interface Run {
  readonly deps: EngineDeps;
  /** What every event of it carries. */
  readonly of: { readonly delegation_id: string; readonly parent_id?: string; readonly depth: number };
  readonly root_id: string;
  /** The child that delegated, when it runs in this process. */
  readonly within?: Child;
  readonly parent_price?: Price;
  readonly workspace: string;
  readonly instructions?: string;
  /** Of the whole tree. */
  readonly places: Places;
  /** What each task was told, by id. */
  readonly steering: Map<string, Steering>;
  /** The budgets that every request of its children counts in: its own, those above it, the day's. */
  readonly ledgers: readonly Ledger[];
  readonly equip: Equip;
  /** Runs a call of one of its children to its end. */
  readonly nest: (call: NestedCall) => Promise<DelegationResult>;
  /** Absent when nobody listens: then no event is built. */
  readonly emit?: EventListener;
}

/** One child while it runs. */
export interface Child extends Agent {
  readonly run: Run;
  readonly toolsets: readonly string[];
  /** Delegations of its own that have not ended. Its result waits for them, also when it was stopped. */
  readonly below: Set<Promise<unknown>>;
  /** Ids of the delegations that it made in this process: they count as they go. */
  readonly delegations: Set<string>;
}

/** Tells listeners about one task. Events are not the record, so a listener that throws changes nothing. */
export function tellOf(
  run: Run,
  plan: Pick<TaskPlan, 'id' | 'index'>,
  route: () => Route,
  emit: EventListener,
): (event: TaskEvent) => void {
  const of = { ...run.of, task_id: plan.id, index: plan.index };
  return (event) => emit({ ...of, route: route(), ...event } as DelegationEvent);
}

/** Counts what a request of this child used at every task above it. */
export function countAbove({ run }: Pick<Child, 'run'>, used: Used, summed = false): void {
  for (let above = run.within; above !== undefined; above = above.run.within) countBelow(above.tally, used, summed);
}

export function takenOver(): DelegateError {
  return new DelegateError('LOST', 'Another process took this task over; this one stopped without writing.', {
    hint: 'Its result comes from that process: ask for it by id.',
  });
}
