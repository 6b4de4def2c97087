import { DelegateError } from '../../core/errors.ts';
import type { Action } from '../action.ts';
import { findTasks } from '../find-tasks.ts';
import { open } from '../open.ts';
import { printResults } from '../print-results.ts';

/** What has ended; when nothing has that is the error. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  await yard.recover();
  const id = String(context.operands[0]);
  const tasks = await findTasks(await yard.store(), id);
  if (tasks.every((task) => task.result === undefined)) {
    throw new DelegateError('NOT_FOUND', `"${id}" has no result yet: ${tasks.length} still ${tasks[0]!.status}.`, {
      hint: `\`yardmaster wait ${id}\` waits for it, \`status ${id}\` shows how it stands.`,
      retryable: true,
    });
  }
  return await printResults(tasks, yard, context.output);
};
