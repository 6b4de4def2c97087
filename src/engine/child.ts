import type { PlannedTask } from '../core/call/preflight.ts';
import { DelegateError } from '../core/errors.ts';
import type { DelegationEvent, EventListener, TaskEvent } from '../core/events.ts';
import type { Conversation, ConversationSetup, Message, SendOptions } from '../core/provider.ts';
import type { DelegationResult, Steer } from '../core/result.ts';
import type { Price, Route } from '../core/route.ts';
import type { JournalEntry, TaskPlan } from '../core/store.ts';
import type { Budget } from '../core/task.ts';
import type { ChildTools, Toolset } from '../core/tool.ts';
import type { Transcript } from '../core/transcript.ts';
import type { EngineDeps } from './deps.ts';
import type { Equip } from './equip.ts';
import type { Places } from './limits/gate.ts';
import type { Ledger } from './limits/ledger.ts';
import type { SharedLedger } from './limits/shared-ledger.ts';
import { countBelow, type Tally, type Used } from './limits/tally.ts';

/** What one child is told while it runs, oldest first. */
export interface Steering {
  readonly steers: Steer[];
  /** So many are in the conversation … */
  shown: number;
  /** … and so many were read by a model: an answer came after them. */
  delivered: number;
}

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
  /** The one of the tree, where processes share it. */
  readonly shared?: SharedLedger;
  readonly equip: Equip;
  /** Runs a call of one of its children to its end. */
  readonly nest: (call: NestedCall) => Promise<DelegationResult>;
  /** Absent when nobody listens: then no event is built. */
  readonly emit?: EventListener;
}

/** One child while it runs. */
export interface Child {
  readonly run: Run;
  readonly plan: TaskPlan;
  readonly attempt: number;
  readonly own: ChildTools;
  /** Its own and, if it may delegate, `delegate_task`. */
  readonly tools: Toolset;
  readonly toolsets: readonly string[];
  /** Delegations of its own that have not ended. Its result waits for them, also when it was stopped. */
  readonly below: Set<Promise<unknown>>;
  readonly setup: ConversationSetup;
  /** Its own budget and those of its run: none where nothing is limited. */
  readonly ledgers: readonly Ledger[];
  /** Limits and listeners of every request. The signal aborts with a `StopCause`. */
  readonly sending: SendOptions;
  /** Whole limit and the moment it ends, by the clock; absent = none. */
  readonly timeout?: { readonly seconds: number; readonly at: number };
  readonly first: Message;
  readonly transcript?: Transcript;
  readonly tally: Tally;
  /** Absent when nobody listens. Written `child.tell?.(…)`, so that its argument is not even built then. */
  readonly tell?: (event: TaskEvent) => void;
  /** Tells what of a text is still held back. */
  readonly endDeltas?: () => void;
  /** The route in force: the plan's, or the entry of its chain that was hopped to. */
  route: Route;
  conversation: Conversation;
  /** Tokens the next request sends, at most. */
  context: number;
  /** … of which prompt, tools and first message. */
  readonly base: number;
  /** Its older tool results were shortened once. */
  compacted: boolean;
  /** Steps not yet written; they go with the next append or with the result. */
  unwritten: JournalEntry[];
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

/**
 * Writes the unwritten steps. Throws `LOST` when another process has taken the task over: then nothing was written.
 * What a store could not write stays unwritten: it goes with the result, if that can be written.
 */
export async function journal(child: Child): Promise<void> {
  const entries = child.unwritten;
  child.unwritten = [];
  try {
    if (!(await child.run.deps.store.append(child.plan.id, child.attempt, entries))) throw takenOver();
  } catch (error) {
    child.unwritten = [...entries, ...child.unwritten];
    throw error;
  }
}

/** Counts what a request of this child used at every task above it. */
export function countAbove({ run }: Child, used: Used): void {
  for (let above = run.within; above !== undefined; above = above.run.within) countBelow(above.tally, used);
}

export function takenOver(): DelegateError {
  return new DelegateError('LOST', 'Another process took this task over; this one stopped without writing.', {
    hint: 'Its result comes from that process: ask for it by id.',
  });
}
