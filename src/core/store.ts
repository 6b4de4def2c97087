import type { Answer, Message, ToolResult } from './provider.ts';
import type { Steer, TaskResult, TaskStatus } from './result.ts';
import type { Hop, Layer, Route, RouteRequest, RouteSource } from './route.ts';
import type { Limits } from './settings.ts';
import type { Budget, TaskInput } from './task.ts';

/** What a task was asked and what was decided for it, before it ran. Written once. */
export interface TaskPlan {
  readonly id: string;
  readonly index: number;
  readonly input: TaskInput;
  readonly requested: Partial<Readonly<Record<Layer, RouteRequest>>>;
  readonly route: Route;
  readonly source: RouteSource;
  readonly notes: readonly string[];
  readonly budget?: Budget;
}

/** One call that started tasks. */
export interface DelegationRecord {
  readonly id: string;
  /** The task that delegated; absent for a parent agent's own call. */
  readonly parent_id?: string;
  /** The outermost delegation: limits and spend are counted there. */
  readonly root_id: string;
  readonly depth: number;
  /** Which surface asked: `cli`, `chat`, `mcp`, `http`, `library`. */
  readonly origin: string;
  /** Nobody waits for its results: they are to be collected and acknowledged. */
  readonly background?: true;
  readonly created_at: number;
  readonly tasks: readonly TaskPlan[];
}

/**
 * One step of a child, in the order it happened: the journal is the transcript.
 * `answer` is written before its tool calls are acted on, `tool-start` before the tool runs.
 */
export type JournalEntry =
  | { readonly kind: 'message'; readonly message: Exclude<Message, { role: 'assistant' }> }
  | { readonly kind: 'answer'; readonly turn: number; readonly answer: Answer }
  | { readonly kind: 'tool-start'; readonly call_id: string; readonly tool: string; readonly idempotent: boolean }
  | { readonly kind: 'tool-end'; readonly result: ToolResult; readonly ms: number }
  | { readonly kind: 'hop'; readonly hop: Hop }
  /** From here on, what the tools gave in the first `turns` answers is told in at most `chars` characters each. */
  | { readonly kind: 'compaction'; readonly turns: number; readonly chars: number }
  /** What a child was told while it ran, as the user, before the request of this turn. */
  | { readonly kind: 'steer'; readonly id: number; readonly message: string; readonly turn: number }
  | { readonly kind: 'note'; readonly note: string };

/** A task as the store has it: what was asked and decided, how it stands, and its result once it has ended. Times are milliseconds since 1970, absent until they come. */
export interface TaskRecord extends TaskPlan {
  readonly delegation_id: string;
  readonly parent_id?: string;
  readonly root_id: string;
  readonly depth: number;
  readonly origin: string;
  readonly background?: true;
  readonly status: TaskStatus;
  /** 0 before the first claim; each claim adds one. The fence: an older attempt can write nothing. */
  readonly attempt: number;
  readonly created_at: number;
  readonly started_at?: number;
  readonly ended_at?: number;
  /** What it was told while it ran, oldest first; absent = nothing. */
  readonly steers?: readonly Steer[];
  /** Absent before the end. */
  readonly result?: TaskResult;
}

/** What somebody asks of an open task, from any process: the one that runs the task does it. */
export type Ask = { readonly kind: 'stop' } | { readonly kind: 'steer'; readonly message: string };
/** What was asked of a task, as the process that runs it finds it. */
export type Control = Ask & {
  /** Ascends in the order they were asked. */
  readonly id: number;
  readonly task_id: string;
};

/** Which tasks are listed: those that fit every field that is given. Newest delegation first. */
export interface TaskFilter {
  readonly delegation_id?: string;
  /** Of this outermost delegation and all below it. */
  readonly root_id?: string;
  /** Of the delegations that this task made. */
  readonly parent_id?: string;
  readonly status?: readonly TaskStatus[];
  /** Default 50. */
  readonly limit?: number;
  /** Created then or later. Milliseconds since the epoch. */
  readonly since?: number;
}

/**
 * What becomes of a shared value (JSON; undefined = there is none), and an answer for who asked. `now` is the store's
 * clock in milliseconds. Called when the store comes to it, and again where it could not be written the first time: what
 * it tells is as of then.
 */
export type Update<Value, Answer> = (
  value: Value | undefined,
  now: number,
) => readonly [value: Value | undefined, answer: Answer];

/**
 * When a write resolves. `disk`: it survives a power failure. `process`: it survives the end of the process; the disk
 * has it within 50 milliseconds, and before any write that is asked for later and waits for the disk. `passing`: as
 * `process`, and nobody waits for it: it goes with what others write, and keeps nobody from gathering for the disk.
 */
export type Until = 'disk' | 'process' | 'passing';

/**
 * The Store port. Writes are made in the order they are asked for, and resolve once they are durable; those asked for
 * in one tick of the event loop may be committed together. A store that cannot write rejects with `STORE_FAILED` and has changed nothing.
 */
export interface Store extends AsyncDisposable {
  /**
   * All or nothing. Tasks start as `queued`. With `hold` they are leased to the process that queued them: only
   * it may claim them while the lease lasts, and `expired` names them when it died. Without, anybody may, for ever.
   *
   * With `limits`, a delegation that a task makes is counted at its root, in the same transaction: rejects with
   * `LIMIT_EXCEEDED` when the root would have more than `max_descendants` tasks or it stands too deep. Where it
   * stands is read from the parent's record: one that says otherwise, or whose parent is not open, is refused.
   */
  create(
    delegation: DelegationRecord,
    hold?: { readonly owner: string; readonly lease_ms: number },
    limits?: Pick<Limits, 'max_descendants' | 'max_spawn_depth'>,
  ): Promise<void>;
  /**
   * Takes a queued task that nobody else holds, or a running one whose lease ran out, for `owner` (one
   * compare-and-swap). Resolves to the attempt number, or undefined when somebody else has it or it has ended. It
   * need not survive a power failure, which no process does that could hold it.
   */
  claim(task_id: string, owner: string, lease_ms: number): Promise<number | undefined>;
  /** Renews every lease this owner holds; with 0 it hands all of them back at once. */
  heartbeat(owner: string, lease_ms: number): Promise<void>;
  /**
   * Appends in order, all or none; `until` is `disk` if nothing else is said. Resolves false, having written nothing,
   * when the attempt is stale.
   */
  append(task_id: string, attempt: number, entries: readonly JournalEntry[], until?: Until): Promise<boolean>;
  /** Ends a task once, writing `entries` with it. Resolves false, having written nothing, when the attempt is stale. */
  finish(task_id: string, attempt: number, result: TaskResult, entries?: readonly JournalEntry[]): Promise<boolean>;
  /** Ends tasks that never started (cancelled while queued). Same promise as `finish`. */
  drop(task_id: string, result: TaskResult): Promise<boolean>;
  /** Reads see every write made before them through the same store. */
  task(id: string): Promise<TaskRecord | undefined>;
  /** Newest delegation first, the tasks of one in the order asked. */
  tasks(filter?: TaskFilter): Promise<readonly TaskRecord[]>;
  /** Entries of all attempts, oldest first, after position `after`: the `seq` of an entry (0 = from the start). */
  journal(
    task_id: string,
    after?: number,
  ): Promise<readonly (JournalEntry & { readonly seq: number; readonly at: number; readonly attempt: number })[]>;
  /** Open tasks, running or held, whose lease ran out: their process has died or sleeps. */
  expired(): Promise<readonly TaskRecord[]>;
  /** Ends a task whose lease ran out. Resolves false, having written nothing, when it was renewed, claimed or ended. */
  lose(task_id: string, attempt: number, result: TaskResult): Promise<boolean>;
  /**
   * Asks something of the open tasks that an id stands for: a task, or every task of a delegation; a stop also of
   * everything below them. Resolves to what was asked, one entry a task; empty when none of them is open.
   */
  control(id: string, ask: Ask): Promise<readonly Control[]>;
  /** What was asked after `after` (an id; 0 = ever) of open tasks that `owner` holds, and was not delivered. */
  controls(owner: string, after: number): Promise<readonly Control[]>;
  /** Background delegations whose every task has ended and that nobody acknowledged, oldest first; of one surface or all. */
  undelivered(origin?: string): Promise<readonly string[]>;
  /** Notes that a delegation's results have arrived. Resolves true the first time only. */
  acknowledge(delegation_id: string): Promise<boolean>;
  /**
   * Changes a small value that all processes share, as one step, and resolves to the answer of `update`; `until` as for
   * `append`.
   */
  change<Value, Answer>(name: string, update: Update<Value, Answer>, until?: Until): Promise<Answer>;
  /** Such a value as it is now; undefined = there is none. */
  shared<Value>(name: string): Promise<Value | undefined>;
  /** Removes delegations whose last task ended before `before` (ms), with their journals; tells which tasks went. */
  prune(before: number): Promise<readonly { readonly id: string; readonly delegation_id: string }[]>;
}
