import type { Yardmaster } from '../app.ts';
import type { TaskRecord } from '../core/store.ts';

/** The same tasks; those that were lost with what is known of them, so that their text and spend are not left out. */
export async function addLostResults(yard: Yardmaster, tasks: readonly TaskRecord[]): Promise<readonly TaskRecord[]> {
  if (tasks.every((task) => task.status !== 'lost')) return tasks;
  return Promise.all(
    tasks.map(async (task) => (task.status === 'lost' ? { ...task, result: await yard.lostResult(task) } : task)),
  );
}
