import type { Action } from '../action.ts';
import { EXIT_INTERRUPTED } from '../exit-code.ts';
import { findTasks } from '../find-tasks.ts';
import { open } from '../open.ts';
import { printResults } from '../print-results.ts';

/** Waits in whatever process the tasks run, then prints as `result` does. Leaving stops nothing but the wait. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const id = String(context.operands[0]);
  const wait_seconds = context.flags.timeout;
  const { signal } = context;
  await yard.call({ action: 'wait', id, ...(wait_seconds === undefined ? {} : { wait_seconds }) }, { signal });
  const code = await printResults(await findTasks(await yard.store(), id), yard, context.output);
  return signal.aborted ? EXIT_INTERRUPTED : code;
};
