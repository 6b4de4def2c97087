import type { ToolSpec } from './provider.ts';
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
  /**
   * Runs one call. `args` fits `spec.parameters` (checked before, see `checkArguments`).
   * Contract: it stops soon after `signal` aborts; whoever called does not wait for that.
   */
  run(args: { readonly [key: string]: Json }, signal: AbortSignal): Promise<ToolOutcome>;
  /** What the call is about, in a few words for progress rows (a path, a pattern). */
  about(args: { readonly [key: string]: Json }): string;
}

/** Tools by name, in the order the model sees them. */
export type Toolset = ReadonlyMap<string, Tool>;

/** The tools of these toolsets, bound to a workspace (an absolute folder). Unknown names throw `TOOLSET_DENIED`. */
export type ToolsFor = (toolsets: readonly string[], workspace: string) => Promise<Toolset>;
