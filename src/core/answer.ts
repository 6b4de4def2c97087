import type { Explanation } from './explain.ts';
import type { DelegationHandle, DelegationResult, Steer, TaskResult, TaskStatus } from './result.ts';
import type { ReceiptRoute } from './route.ts';
import type { JournalEntry, TaskRecord } from './store.ts';

/** How a task stands, without its texts. */
export interface TaskState {
  readonly id: string;
  readonly delegation_id: string;
  readonly index: number;
  readonly parent_id?: string;
  readonly depth: number;
  /** The first 120 characters. */
  readonly goal: string;
  readonly status: TaskStatus;
  readonly route: ReceiptRoute;
  /** As on its receipt: after a hop, once it has ended. */
  readonly ran_on?: ReceiptRoute;
  /** Milliseconds since 1970, as the other times; those are absent until they come. */
  readonly created_at: number;
  readonly started_at?: number;
  readonly ended_at?: number;
  readonly steers?: readonly Steer[];
  /** In `status`: answers so far, of one that runs. */
  readonly turns?: number;
}

/** What a call of `delegate_task` gives, by what it asked for. */
export type CallAnswer =
  /** A spawn that was waited for. */
  | ({ readonly kind: 'results' } & DelegationResult)
  /** `background: true`. */
  | ({ readonly kind: 'handle' } & DelegationHandle)
  /** `dry_run: true`. */
  | ({ readonly kind: 'explanation' } & Explanation)
  /** Newest delegation first. `more`: there are more than are listed. */
  | { readonly kind: 'list'; readonly tasks: readonly TaskState[]; readonly more: boolean }
  /** In the order asked; those that have ended with their results. */
  | { readonly kind: 'status'; readonly tasks: readonly (TaskState & { readonly result?: TaskResult })[] }
  /** `done`: all have ended. Else the time was up, and `pending` are still at it. */
  | {
      readonly kind: 'wait';
      readonly done: boolean;
      readonly results: readonly TaskResult[];
      readonly pending: readonly TaskState[];
    }
  /** `missed`: it had ended before. Whether a queued one is delivered stands in `status` and in the result. */
  | {
      readonly kind: 'steer';
      readonly steers: readonly {
        readonly task_id: string;
        readonly state: 'queued' | 'missed';
        readonly id?: number;
      }[];
    }
  /** Everything that was told to stop, and how it stands; the task asked for and all below it. */
  | { readonly kind: 'stop'; readonly tasks: readonly TaskState[] };

const GOAL_SHOWN = 120;

export function stateOf(task: TaskRecord): TaskState {
  const { id, delegation_id, index, parent_id, depth, status, created_at, started_at, ended_at, steers } = task;
  const ran_on = task.result?.route.ran_on;
  const { provider, model, wire, authority, reasoning_effort, name, simulated } = task.route;
  return {
    id,
    delegation_id,
    index,
    ...(parent_id !== undefined && { parent_id }),
    depth,
    goal: task.input.goal.slice(0, GOAL_SHOWN),
    status,
    route: {
      provider,
      model,
      wire,
      authority,
      ...(reasoning_effort !== undefined && { reasoning_effort }),
      ...(name !== undefined && { name }),
      ...(simulated && { simulated }),
    },
    ...(ran_on && { ran_on }),
    created_at,
    ...(started_at !== undefined && { started_at }),
    ...(ended_at !== undefined && { ended_at }),
    ...(steers && { steers }),
  };
}

/** Whether a task has its end, so that nothing about it changes any more. */
export function hasEnded({ status }: Pick<TaskRecord, 'status'>): boolean {
  return status !== 'queued' && status !== 'running';
}

/** Answers that a journal holds. */
export function turnsIn(journal: readonly JournalEntry[]): number {
  return journal.findLast((entry) => entry.kind === 'answer')?.turn ?? 0;
}
