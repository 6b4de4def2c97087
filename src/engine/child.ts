import { DelegateError } from '../core/errors.ts';
import type { DelegationEvent, EventListener } from '../core/events.ts';
import type { Conversation, ConversationSetup, Message, SendOptions } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import type { JournalEntry, TaskPlan } from '../core/store.ts';
import type { ChildTools } from '../core/tool.ts';
import type { Transcript } from '../core/transcript.ts';
import type { Ledger } from './budget.ts';
import type { EngineDeps } from './deps.ts';
import type { Equip } from './equip.ts';
import type { Tally } from './tally.ts';

/** One delegation while it runs: what its children share. */
export interface Run {
  readonly deps: EngineDeps;
  /** What every event of it carries. */
  readonly of: { readonly delegation_id: string; readonly parent_id?: string; readonly depth: number };
  readonly workspace: string;
  /** What the children may spend together. */
  readonly ledger: Ledger;
  readonly equip: Equip;
  /** Absent when nobody listens: then no event is built. */
  readonly emit?: EventListener;
}

/** One child while it runs. */
export interface Child {
  readonly run: Run;
  readonly plan: TaskPlan;
  readonly attempt: number;
  readonly own: ChildTools;
  readonly setup: ConversationSetup;
  readonly ledger: Ledger;
  /** Limits and listeners of every request. The signal aborts with a `StopCause`. */
  readonly sending: SendOptions;
  /** Whole limit and the moment it ends, by the clock; absent = none. */
  readonly timeout?: { readonly seconds: number; readonly at: number };
  readonly first: Message;
  readonly transcript?: Transcript;
  readonly tally: Tally;
  /** Absent when nobody listens. Written `child.tell?.(…)`, so that its argument is not even built then. */
  readonly tell?: (event: TaskEvent) => void;
  /** The route in force: the plan's, or the entry of its chain that was hopped to. */
  route: Route;
  conversation: Conversation;
  /** Tokens the next request sends, at most; kept for budgets. */
  context: number;
  /** Steps not yet written; they go with the next append or with the result. */
  unwritten: JournalEntry[];
}

/** An event without what every event of a task carries. */
export type TaskEvent = BodyOf<DelegationEvent>;
type BodyOf<Event> = Event extends { task_id: string }
  ? Omit<Event, 'delegation_id' | 'task_id' | 'parent_id' | 'depth' | 'index' | 'route'>
  : never;

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

/** Writes the unwritten steps. Throws `LOST` when another process has taken the task over: then nothing was written. */
export async function journal(child: Child): Promise<void> {
  const entries = child.unwritten;
  child.unwritten = [];
  if (!(await child.run.deps.store.append(child.plan.id, child.attempt, entries))) throw takenOver();
}

export function takenOver(): DelegateError {
  return new DelegateError('LOST', 'Another process took this task over; this one stopped without writing.', {
    hint: 'Its result comes from that process: ask for it by id.',
  });
}
