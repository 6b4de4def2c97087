import { DelegateError } from '../../core/errors.ts';
import type { DelegationResult, TaskResult } from '../../core/result.ts';
import type { TaskRecord } from '../../core/store.ts';
import type { Action } from '../action.ts';
import { exitCodeOfStatuses } from '../exit-code.ts';
import { findTasks } from '../find-tasks.ts';
import { open } from '../open.ts';
import { renderResults } from '../render/results.ts';
import { addCosts, addUsage, costSoFar } from '../sums.ts';

/** Tasks that have not ended are named on stderr and left out; when none has ended that is the error. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const store = await yard.store();
  await yard.recover();
  const id = String(context.operands[0]);
  const tasks = await findTasks(store, id);
  const ended = tasks.filter((task): task is TaskRecord & { result: TaskResult } => task.result !== undefined);
  const unfinished = tasks.filter((task) => task.result === undefined);
  if (ended.length === 0) {
    throw new DelegateError(
      'NOT_FOUND',
      `"${id}" has no result yet: ${unfinished.length} still ${unfinished[0]!.status}.`,
      {
        hint: `\`yardmaster status ${id}\` shows how it stands.`,
        retryable: true,
      },
    );
  }
  for (const task of unfinished) context.output.note(`${task.id} is still ${task.status}.`);
  const results = ended.map((task) => task.result);
  const whole: DelegationResult = {
    delegation_id: ended[0]!.delegation_id,
    results,
    usage: addUsage(results.map(({ usage }) => usage)),
    cost: addCosts(tasks.map(costSoFar)),
    duration_ms: Math.max(...ended.map((task) => task.ended_at ?? task.created_at)) - ended[0]!.created_at,
  };
  if (context.output.json) context.output.document(whole);
  else {
    const goals: string[] = [];
    for (const task of ended) goals[task.index] = task.input.goal;
    context.output.data(renderResults(whole, goals, context.output));
  }
  return exitCodeOfStatuses(tasks.map(({ status }) => status));
};
