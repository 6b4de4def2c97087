import type { ErrorClass, Usage } from './provider.ts';
import type { DelegationResult, TaskResult } from './result.ts';
import type { Route, RouteSource } from './route.ts';

/** What every event of a task carries. */
interface OfTask {
  readonly delegation_id: string;
  readonly task_id: string;
  /** The delegation's parent task, when a child delegated. */
  readonly parent_id?: string;
  /** 1 for children of the parent agent. */
  readonly depth: number;
  readonly index: number;
  readonly route: Route;
}

/**
 * Progress, one union for the CLI tree, the dashboard, MCP progress and hooks. Events tell; they are never
 * the record (that is the journal), so a listener that fails or is slow changes nothing.
 */
export type DelegationEvent =
  | {
      readonly type: 'delegation-start';
      readonly delegation_id: string;
      readonly parent_id?: string;
      readonly depth: number;
      readonly task_ids: readonly string[];
    }
  | (OfTask & {
      readonly type: 'task-queued';
      readonly goal: string;
      readonly source: RouteSource;
      readonly notes: readonly string[];
    })
  | (OfTask & { readonly type: 'task-start' })
  | (OfTask & { readonly type: 'turn-start'; readonly turn: number })
  | (OfTask & { readonly type: 'text-delta'; readonly text: string })
  | (OfTask & { readonly type: 'reasoning-delta'; readonly text: string })
  | (OfTask & { readonly type: 'tool-start'; readonly tool: string; readonly call_id: string; readonly about: string })
  | (OfTask & {
      readonly type: 'tool-end';
      readonly tool: string;
      readonly call_id: string;
      readonly is_error: boolean;
      readonly ms: number;
    })
  | (OfTask & {
      readonly type: 'retry';
      readonly class: ErrorClass;
      readonly wait_ms: number;
      readonly attempt: number;
    })
  | (OfTask & {
      readonly type: 'waiting';
      /** Its request has to wait: for the limits of the account, or for budget that others have set aside. */
      readonly reason: 'rate' | 'budget';
      readonly state: 'begun' | 'over';
    })
  | (OfTask & { readonly type: 'fallback'; readonly to: Route; readonly because: ErrorClass })
  | (OfTask & {
      readonly type: 'steer';
      readonly id: number;
      readonly state: 'queued' | 'delivered' | 'missed';
      readonly turn?: number;
    })
  | (OfTask & { readonly type: 'usage'; readonly usage: Usage; readonly usd: number; readonly complete: boolean })
  | (OfTask & { readonly type: 'task-end'; readonly result: TaskResult })
  | {
      readonly type: 'delegation-end';
      readonly delegation_id: string;
      readonly parent_id?: string;
      readonly depth: number;
      readonly duration_ms: number;
    };

/** An event of a task without what every event of a task carries. */
export type TaskEvent = BodyOf<DelegationEvent>;
type BodyOf<Event> = Event extends OfTask ? Omit<Event, keyof OfTask> : never;

/** Contract: synchronous, must not throw. */
export type EventListener = (event: DelegationEvent) => void;

/**
 * A call that runs, as it happens: `for await (const event of run)`, then `await run.result`. A refusal, which is
 * thrown before anything starts, is thrown by both. Leaving the loop stops nothing; a later loop goes on where it was left.
 *
 * Children never wait for whoever reads. Up to 1,000 events are kept for a slow reader, pieces of one child's text put
 * together; beyond that, what happens within a child is left out (text, turns, tools, usage), never that something
 * begins, falls back or ends. The record of it all is the result, not the events.
 */
export interface DelegationStream<Result extends DelegationResult = DelegationResult>
  extends AsyncIterable<DelegationEvent> {
  /** As `delegate` gives it. */
  readonly result: Promise<Result>;
  /** How many events a slow reader did not get. */
  readonly missed: number;
}
