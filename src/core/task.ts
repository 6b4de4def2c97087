import type { RouteRequest } from './route.ts';

/** Anything JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What may be spent; all kinds hold together. An absent kind is unlimited. */
export interface Budget {
  /** Refused where some price of the route is unknown: unknown is not zero. */
  readonly usd?: number;
  /** Input and output together. */
  readonly tokens?: number;
  /** Answers of the model. */
  readonly turns?: number;
}

/**
 * One child's work, as every surface hands it on. Fields keep the names they have in the tool's
 * arguments, so that the object is passed along and never copied field by field.
 */
export interface TaskInput extends RouteRequest {
  /** The objective, complete in itself: the child sees nothing of the conversation it comes from. */
  readonly goal: string;
  /** Facts for this child. */
  readonly context?: string;
  /** JSON Schema that the final answer has to fulfil; then it is the result's `output`. */
  readonly output_schema?: { readonly [key: string]: Json };
  /** Up to 8 paths in the workspace, http(s) or data URLs, for a model with vision. */
  readonly images?: readonly string[];
  /** Narrows what the child may use, never widens it; `[]` = no tools. Absent = all that the operator allows. */
  readonly toolsets?: readonly string[];
  /** Work in a git worktree and on a branch of its own, from the workspace's last commit. */
  readonly worktree?: boolean;
  /** Of this child and all below it; the lower of this, the call's and the operator's holds. */
  readonly budget?: Budget;
  /** Seconds for the whole child, from its start (not from when it was queued). */
  readonly timeout_seconds?: number;
}

/** A call of `delegate_task` that starts children. */
export interface SpawnCall {
  readonly action: 'spawn';
  readonly tasks: readonly TaskInput[];
  /** The call's own layer: defaults for tasks that say nothing. */
  readonly route: RouteRequest;
  readonly budget?: Budget;
  readonly background: boolean;
  readonly dry_run: boolean;
}

/** A call of `delegate_task` about children that exist. */
export interface ControlCall {
  readonly action: 'list' | 'status' | 'wait' | 'steer' | 'stop';
  /** A delegation or task id; absent only for `list`. */
  readonly id?: string;
  readonly message?: string;
  readonly wait_seconds?: number;
}

export type DelegateCall = SpawnCall | ControlCall;
