import type { ErrorCode } from './errors.ts';
import type { ErrorClass, Usage } from './provider.ts';
import type { Receipt, ReceiptRoute } from './route.ts';
import type { Json } from './task.ts';

/** What a task can end as. Decided by evidence; `completed` needs a whole, non-empty answer from the route asked for. */
export const TERMINAL_STATUSES = [
  'completed',
  'partial',
  'failed',
  'invalid_output',
  'timeout',
  'cancelled',
  'denied',
  'lost',
] as const;
/** How a child ended. What each asks for in evidence stands in docs/delegation.md, "How a child ends". */
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];
/** How a child stands. `queued`: it waits for a place, and none of its clocks runs. */
export type TaskStatus = 'queued' | 'running' | TerminalStatus;

/** `complete: false`: some part has no known price or usage, so the true cost is at least `usd`. */
export interface Cost {
  readonly usd: number;
  readonly complete: boolean;
}

/** A budget as a request found it that could have passed it. */
export interface BudgetState {
  /** One task's with all below it, one call's, or the day's. */
  readonly of: 'task' | 'call' | 'day';
  readonly id?: string;
  readonly kind: 'usd' | 'tokens' | 'turns';
  readonly limit: number;
  readonly used: number;
  /** For requests that were under way. */
  readonly set_aside: number;
  /** What the request needed at least. */
  readonly needs: number;
}

/** Why a child is not `completed`. `code` says what, `class` how its provider failed; absent = it was not the provider. */
export interface TaskError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly class?: ErrorClass;
  /** The provider's own body, redacted. */
  readonly upstream?: string;
  /** The budget that ended it. */
  readonly budget?: BudgetState;
}

/** What made a child end, whatever its status: `answered` by itself, the others because of a limit, a stop or a failure. */
export type ExitReason =
  | 'answered'
  | 'error'
  | 'max_turns'
  | 'loop'
  | 'budget'
  | 'timeout'
  | 'cancelled'
  | 'length'
  | 'refusal'
  | 'mismatch';

/** A file a child changed, as it was on disk when the child ended. Relative to its workspace, with forward slashes. */
export interface Artifact {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Something a child was told while it ran. */
export interface Steer {
  readonly id: number;
  readonly message: string;
  /** `missed`: the child ended before its next turn. */
  readonly state: 'queued' | 'delivered' | 'missed';
  /** The turn whose request had it first. */
  readonly turn?: number;
}

/** A worktree that was kept because something in it would be lost. */
export interface WorktreeReport {
  /** Absolute. */
  readonly path: string;
  readonly branch: string;
  /** Commits that the branch it started from does not have. */
  readonly commits: number;
  /** It has changes that are not committed. */
  readonly dirty: boolean;
  /** Why it was kept without being looked at: then the other figures are not known to be true. */
  readonly problem?: string;
}

/** What one child used itself over one route. */
export interface RouteSpend {
  readonly route: ReceiptRoute;
  readonly usage: Usage;
  readonly cost: Cost;
  readonly turns: number;
}

/** One child's end. Field names are the tool result's. `Output`: what `output_schema` says, where it is known to the compiler. */
export interface TaskResult<Output = Json> {
  /** Its place in the call, from 0. */
  readonly index: number;
  /** `t_…` */
  readonly id: string;
  readonly status: TerminalStatus;
  /** The child's last text, cut by head and tail at `max_summary_chars`; empty when there was none. */
  readonly summary: string;
  /** How to get the whole text, when `summary` was cut. */
  readonly full_ref?: string;
  /** The answer as JSON, once it fulfils the task's `output_schema`; absent when it does not, or there is none. */
  readonly output?: Output;
  /** Absent when it is `completed`. */
  readonly error?: TaskError;
  /** What was asked for, what was sent, what served it. */
  readonly route: Receipt;
  /** With everything below it. */
  readonly usage: Usage;
  readonly cost: Cost;
  /** Its own part of `usage` and `cost`; absent when it did not delegate: all of it. */
  readonly own?: { readonly usage: Usage; readonly cost: Cost };
  /** Its own part by route, in the order they ran; absent when all of it went over `route.resolved`. */
  readonly by_route?: readonly RouteSpend[];
  /** What the same tokens would have cost on the parent's model; absent when its price is not known. */
  readonly cost_on_parent_route?: Cost;
  /** Answers of the model. */
  readonly turns: number;
  readonly tool_calls: number;
  readonly timing: {
    readonly queued_ms: number;
    /** Absent when no token came. */
    readonly first_token_ms?: number;
    readonly total_ms: number;
  };
  readonly exit_reason: ExitReason;
  /** What it was told while it ran; absent = nothing. */
  readonly steers?: readonly Steer[];
  /** Files it changed, verified on disk, whatever its end; empty when there are none. */
  readonly artifacts: readonly Artifact[];
  /** Changed files are missing from the list: too many, too large, or kept from children. Absent: it is whole. */
  readonly artifacts_incomplete?: true;
  /** Its worktree, when there is something in it; absent = it had none, or it was clean and is gone. */
  readonly worktree?: WorktreeReport;
  /** Path of the delegation's readable transcript; absent when transcripts are off. */
  readonly transcript?: string;
}

/** A finished delegation, results in the order asked. */
export interface DelegationResult<Results extends readonly TaskResult<unknown>[] = readonly TaskResult[]> {
  /** `d_…` */
  readonly delegation_id: string;
  readonly results: Results;
  /** Of all children, with everything below them. */
  readonly usage: Usage;
  readonly cost: Cost;
  /** What the same tokens would have cost on the parent's model; absent when that is not known for all of them. */
  readonly cost_on_parent_route?: Cost;
  readonly duration_ms: number;
}

/** What a background call, or one that outlived the surface's wait, returns. */
export interface DelegationHandle {
  readonly delegation_id: string;
  /** Of the children, in the order asked. */
  readonly ids: readonly string[];
  /** How to go on, for a model to read. */
  readonly hint: string;
}
