import type { RouteSpend } from './result.ts';
import type { RouteRequest, Wire } from './route.ts';
import type { ReplySpend, SessionSpend, SessionSummary } from './session.ts';
import type { JournalEntry } from './store.ts';

/** One step of a session, in the order it happened: the parent's, as a child's journal has them, and what only a session has. */
export type SessionEntry =
  | JournalEntry
  /** From here on the parent runs on this: what was decided, and a request that asks for the same again. */
  | {
      readonly kind: 'route';
      readonly request: RouteRequest;
      readonly author: { readonly provider: string; readonly model: string; readonly wire: Wire };
    }
  /** It started children, in a process with this owner of leases. Their results are to be told. */
  | { readonly kind: 'delegated'; readonly delegation_id: string; readonly owner: string }
  /** The results of these have been told: as the end of the call, or in a message. */
  | { readonly kind: 'delivered'; readonly delegation_id: string }
  /** A reply ended, whatever its end: what the parent used for it, and the session until then. */
  | { readonly kind: 'reply-end'; readonly own: readonly RouteSpend[]; readonly spend: SessionSpend };

/** One saved session. Held by one process at a time, until it is disposed. */
export interface SessionLog extends AsyncDisposable {
  readonly id: string;
  /** As saved when it was opened; empty for a new one. */
  readonly saved: readonly SessionEntry[];
  /** The process that had it open before has died with it. */
  readonly crashed: boolean;
  /**
   * All or none, in the order of the calls. Resolves when a process that dies cannot lose them. Throws `STORE_FAILED`.
   * A session nobody has said anything in leaves nothing behind.
   */
  append(entries: readonly SessionEntry[]): Promise<void>;
}

/** The SessionLogs port: where sessions are saved. */
export interface SessionLogs {
  create(options: { readonly cwd: string }): SessionLog;
  /**
   * `last`: the one that was used last in this folder. Throws `NOT_FOUND`, and `REQUEST_INVALID` for one that another
   * process has open.
   */
  open(id: string, options: { readonly cwd: string }): Promise<SessionLog>;
  /** The one used last first; of one folder, or all. */
  list(options?: { readonly cwd?: string }): Promise<readonly SessionSummary[]>;
  /** What parents used themselves, reply by reply, since a moment (ms since the epoch). */
  spent(since: number): Promise<readonly ReplySpend[]>;
}
