import type { ToolSpec } from './provider.ts';
import type { TaskResult } from './result.ts';
import type { Json } from './task.ts';

/** What a tool gave. An error is an outcome the model reads, never an exception. */
export interface ToolOutcome {
  readonly content: string;
  readonly is_error: boolean;
}

export interface Tool {
  readonly spec: ToolSpec;
  /** Running it twice changes nothing: it may run beside its like, and again after a crash. */
  readonly idempotent: boolean;
  /** It checks its arguments and bounds its time itself: neither `checkArguments` nor `tool_timeout_seconds` holds for it. */
  readonly self_governed?: true;
  /**
   * Runs one call. `args` fits `spec.parameters` (checked before, see `checkArguments`).
   * Contract: it stops soon after `signal` aborts; whoever called does not wait for that.
   */
  run(args: { readonly [key: string]: Json }, signal: AbortSignal, call_id?: string): Promise<ToolOutcome>;
  /**
   * The same in place, when that takes no longer than handing it on; undefined: `run` does it. Absent = it never does.
   * Nothing has happened when it gives undefined.
   */
  runNow?(args: { readonly [key: string]: Json }): ToolOutcome | undefined;
  /** What the call is about, in a few words for progress rows (a path, a pattern). */
  about(args: { readonly [key: string]: Json }): string;
}

/** Tools by name, in the order the model sees them. */
export type Toolset = ReadonlyMap<string, Tool>;

/** Whom tools are opened for. */
export interface ToolUser {
  readonly task_id: string;
  /** How siblings hear of it. */
  readonly index: number;
  /** It is the parent agent: what its commands delegate stands below no task. */
  readonly parent?: true;
}

/** One child's tools, from its start to its end. */
export interface ChildTools {
  readonly tools: Toolset;
  /** The absolute folder they work in: the delegation's, or the child's own worktree. */
  readonly workspace: string;
  /**
   * What the child is to hear with its next tool result, each once: a file it read was changed by a sibling.
   * Undefined: nothing. Absent: never anything.
   */
  news?(): string | undefined;
  /**
   * Stops what still runs and tells what the child leaves behind. Never rejects; takes 6 seconds at most when
   * every program ignores its end. `lost`: another process goes on with the task, so its worktree stays as it is.
   * Absent: there is nothing to stop and nothing is left.
   */
  close?(options: { readonly lost: boolean }): Promise<Remains>;
}

/** What a child leaves behind, as it is on disk. */
export type Remains = Pick<TaskResult, 'artifacts' | 'artifacts_incomplete' | 'worktree'>;

/** What children with the same toolsets share, and what gives each its own. */
export interface ToolKit {
  readonly specs: readonly ToolSpec[];
  open(user: ToolUser): ChildTools | Promise<ChildTools>;
}

/** The tools of one delegation, whose children hear of each other's changes. */
export interface DelegationTools {
  /**
   * Asked for every task before anything starts, and refuses what cannot be had: an unknown toolset
   * (`TOOLSET_DENIED`), a sandbox that is not there (`ABILITY_MISSING`, `CONFIG_INVALID`), a worktree outside of a
   * repository (`REQUEST_INVALID`).
   */
  kit(toolsets: readonly string[], options: { readonly worktree: boolean }): Promise<ToolKit>;
}

/** Tools for the children of one delegation, which work in `workspace` (an absolute folder). */
export type ToolsFor = (workspace: string) => DelegationTools;
