import { sumResults } from '../core/budget/sum-results.ts';
import type { TaskResult } from '../core/result.ts';
import type { TaskRecord } from '../core/store.ts';
import type { Yardmaster } from '../yardmaster.ts';
import { exitCodeOfStatuses } from './exit-code.ts';
import type { Output } from './output.ts';
import { renderResults } from './render/results.ts';
import { addCosts, costSoFar } from './sums.ts';

/**
 * Prints the results of tasks of one delegation; those that have not ended are named on stderr and left out. Once all
 * of a delegation in the background are printed they have arrived. Resolves to the exit code.
 */
export async function printResults(tasks: readonly TaskRecord[], yard: Yardmaster, output: Output): Promise<number> {
  const ended = tasks.filter((task): task is TaskRecord & { result: TaskResult } => task.result !== undefined);
  const [first] = tasks as [TaskRecord];
  for (const task of tasks) if (task.result === undefined) output.note(`${task.id} is still ${task.status}.`);
  const last = Math.max(first.created_at, ...ended.map((task) => task.ended_at ?? task.created_at));
  const whole = {
    ...sumResults(
      ended.map(({ result }) => result),
      { delegation_id: first.delegation_id, duration_ms: last - first.created_at },
    ),
    // What runs has cost something too, nobody knows how much.
    cost: addCosts(tasks.map(costSoFar)),
  };
  if (output.json) output.document(whole);
  else {
    const goals: string[] = [];
    for (const task of ended) goals[task.index] = task.input.goal;
    output.data(renderResults(whole, goals, output));
  }
  if (first.background && ended.length === tasks.length) {
    const store = await yard.store();
    const all = await store.tasks({ delegation_id: first.delegation_id, limit: tasks.length + 1 });
    if (all.length === tasks.length) await yard.acknowledge(first.delegation_id);
  }
  return exitCodeOfStatuses(tasks.map(({ status }) => status));
}
