import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { DelegateError, type DelegateErrorOptions, type ErrorCode } from '../core/errors.ts';
import type { DelegationHandle } from '../core/result.ts';
import type { ActionContext } from './action.ts';
import type { Assigned, Assignment } from './background.ts';

/**
 * Starts a process of its own that runs a call's children, and resolves once they are stored and this one may end.
 * Rejects as the call would. Nothing ties the two together but the store.
 */
export function startInBackground(args: object, { cwd, env, flags }: ActionContext): Promise<DelegationHandle> {
  const program = join(import.meta.dirname, `background${extname(import.meta.filename)}`);
  const child = fork(program, [], { cwd, env: env as NodeJS.ProcessEnv, detached: true, stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      child.removeAllListeners();
      if (child.connected) child.disconnect();
      child.unref();
    };
    child.once('error', (error) => reject(new DelegateError('INTERNAL', error.message, { cause: error })));
    child.once('exit', (code, signal) =>
      reject(new DelegateError('INTERNAL', `The process for the children ended at once (${signal ?? code}).`)),
    );
    child.once('message', (assigned: Assigned) => {
      leave();
      if ('started' in assigned) resolve(assigned.started as DelegationHandle);
      else reject(errorOf(assigned.refused));
    });
    const config = flags.config === undefined ? {} : { config_file: flags.config };
    child.send({ args, cwd, ...config } satisfies Assignment);
  });
}

/** A `DelegateError` from what `toJSON` made of it. */
function errorOf(told: object): DelegateError {
  const { code, message, ...options } = told as DelegateErrorOptions & { code: ErrorCode; message: string };
  return new DelegateError(code, message, options);
}
