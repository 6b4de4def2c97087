import type { Command } from 'commander';
import type { Output } from './output.ts';

/** The options that every command that prints data shares, as commander hands them over. */
export interface GlobalFlags {
  readonly json?: boolean;
  readonly config?: string;
  readonly cwd?: string;
  readonly [flag: string]: unknown;
}

/** What a command's action gets. Nothing below reads `process`. */
export interface ActionContext {
  readonly operands: readonly unknown[];
  readonly flags: GlobalFlags;
  readonly output: Output;
  /** The folder to work in, absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  /** Only for what is no data, document or note. */
  readonly stdout: NodeJS.WriteStream;
  /** Aborted by the first interrupt; the second one ends the process. */
  readonly signal: AbortSignal;
  readonly program: Command;
}

/** What a command's file exports. */
export interface ActionModule {
  readonly action: Action;
  /** It goes on when nobody reads its output any more. */
  readonly serves?: true;
}

/** Resolves to the exit code. A refusal or failure is thrown as a `DelegateError`. */
export type Action = (context: ActionContext) => Promise<number>;
