import { DelegateError } from '../core/errors.ts';

/** What the process of `delegate --background` is told … */
export interface Assignment {
  readonly args: object;
  readonly cwd: string;
  readonly config_file?: string;
}
/** … and what it says, once: what was started, or why nothing was. */
export type Assigned = { readonly started: object } | { readonly refused: object };

/**
 * The process that runs the children of `yardmaster delegate --background`. It is told what to run over IPC, says
 * what it started, and lives until all have ended; SIGTERM and SIGINT stop them first.
 */
process.once('message', async (assignment: Assignment) => {
  const say = (assigned: Assigned): void => void process.send?.(assigned, undefined, undefined, () => {});
  const { createYardmaster } = await import('../app.ts');
  try {
    const { args, cwd, config_file } = assignment;
    await using yard = await createYardmaster({ cwd, ...(config_file === undefined ? {} : { config_file }) });
    const handle = await yard.call({ ...args, background: true }, { origin: 'cli' });
    if (handle.kind !== 'handle') throw new DelegateError('INTERNAL', `A start was answered with "${handle.kind}".`);
    const id = handle.delegation_id;
    const stop = (): void => void yard.call({ action: 'stop', id }).catch(() => {});
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
    say({ started: handle });
    await yard.call({ action: 'wait', id });
  } catch (error) {
    const told =
      error instanceof DelegateError
        ? error
        : new DelegateError('INTERNAL', error instanceof Error ? error.message : String(error));
    say({ refused: told.toJSON() });
    process.exitCode = 1;
  } finally {
    process.disconnect?.();
  }
});
// The terminal it was started from may close.
process.on('SIGHUP', () => {});
