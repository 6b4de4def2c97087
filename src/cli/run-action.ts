import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DelegateError } from '../core/errors.ts';
import type { ActionContext, ActionModule, GlobalFlags } from './action.ts';
import { EXIT_INTERNAL, EXIT_INTERRUPTED, exitCodeOfError } from './exit-code.ts';
import { createOutput, type Output } from './output.ts';
import { renderError } from './render/refusal.ts';

/** Runs one command's action and turns whatever comes of it into output and an exit code. */
export async function runAction(
  { action, serves }: ActionModule,
  given: { readonly operands: readonly unknown[]; readonly flags: GlobalFlags; readonly program: Command },
): Promise<void> {
  const output = createOutput(
    { stdout: process.stdout, stderr: process.stderr, env: process.env },
    given.flags.json === true,
  );
  const interrupt = new AbortController();
  const onInterrupt = () => {
    if (interrupt.signal.aborted) process.exit(EXIT_INTERRUPTED);
    interrupt.abort();
    output.note('\nInterrupted. Press Ctrl-C again to leave at once.');
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  // A reader that went away (`| head`) is no fault of ours.
  if (serves !== true) {
    process.stdout.on('error', (error: NodeJS.ErrnoException) =>
      process.exit(error.code === 'EPIPE' ? 0 : EXIT_INTERNAL),
    );
  }
  const context: ActionContext = {
    ...given,
    output,
    cwd: resolve(given.flags.cwd ?? process.cwd()),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    signal: interrupt.signal,
  };
  try {
    process.exitCode = await action(context);
  } catch (thrown) {
    process.exitCode = report(thrown, output);
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

function report(thrown: unknown, output: Output): number {
  const error =
    thrown instanceof DelegateError
      ? thrown
      : new DelegateError('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown), {
          hint: 'This is a fault of Yardmaster. Please report it with the command that led to it.',
          cause: thrown,
        });
  if (output.json) output.document({ error });
  else output.note(renderError(error, output.paintErr));
  return exitCodeOfError(error);
}
