import type { RouteRequest } from './route.ts';

/** Anything JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An absent kind is unlimited. */
export interface Budget {
  readonly usd?: number;
  readonly tokens?: number;
  readonly turns?: number;
}

/**
 * One child's work, as every surface hands it on. Fields keep the names they have in the tool's
 * arguments, so that the object is passed along and never copied field by field.
 */
export interface TaskInput extends RouteRequest {
  readonly goal: string;
  readonly context?: string;
  readonly output_schema?: { readonly [key: string]: Json };
  readonly images?: readonly string[];
  readonly toolsets?: readonly string[];
  /** Work in a git worktree and on a branch of its own, from the workspace's last commit. */
  readonly worktree?: boolean;
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
