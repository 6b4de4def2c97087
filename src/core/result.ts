import type { ErrorCode } from './errors.ts';
import type { ErrorClass, Usage } from './provider.ts';
import type { Receipt } from './route.ts';
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
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];
export type TaskStatus = 'queued' | 'running' | TerminalStatus;

/** `complete: false`: some part has no known price or usage, so the true cost is at least `usd`. */
export interface Cost {
  readonly usd: number;
  readonly complete: boolean;
}

export interface TaskError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly class?: ErrorClass;
  /** The provider's own body, redacted. */
  readonly upstream?: string;
}

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

/** A file a child wrote, verified on disk when the child ended. */
export interface Artifact {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One child's end. Field names are the tool result's. */
export interface TaskResult {
  readonly index: number;
  readonly id: string;
  readonly status: TerminalStatus;
  /** The child's last text, cut by head and tail at `max_summary_chars`; empty when there was none. */
  readonly summary: string;
  /** How to get the whole text, when `summary` was cut. */
  readonly full_ref?: string;
  readonly output?: Json;
  readonly error?: TaskError;
  readonly route: Receipt;
  readonly usage: Usage;
  readonly cost: Cost;
  readonly turns: number;
  readonly tool_calls: number;
  readonly timing: {
    readonly queued_ms: number;
    /** Absent when no token came. */
    readonly first_token_ms?: number;
    readonly total_ms: number;
  };
  readonly exit_reason: ExitReason;
  readonly artifacts: readonly Artifact[];
  /** Path of the delegation's readable transcript; absent when transcripts are off. */
  readonly transcript?: string;
}

/** A finished delegation, results in the order asked. */
export interface DelegationResult {
  readonly delegation_id: string;
  readonly results: readonly TaskResult[];
  readonly usage: Usage;
  readonly cost: Cost;
  readonly duration_ms: number;
}

/** What a background call, or one that outlived the surface's wait, returns. */
export interface DelegationHandle {
  readonly delegation_id: string;
  readonly ids: readonly string[];
  readonly hint: string;
}
