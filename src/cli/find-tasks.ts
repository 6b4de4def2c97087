import { DelegateError } from '../core/errors.ts';
import type { Store, TaskRecord } from '../core/store.ts';

/** The task with this id, or the tasks of the delegation with this id, in the order asked. */
export async function findTasks(store: Store, id: string): Promise<readonly TaskRecord[]> {
  const task = await store.task(id);
  if (task !== undefined) return [task];
  const tasks = await store.tasks({ delegation_id: id, limit: 100_000 });
  if (tasks.length > 0) return [...tasks].sort((a, b) => a.index - b.index);
  throw new DelegateError('NOT_FOUND', `There is no delegation or task "${id.slice(0, 100)}".`, {
    hint: '`yardmaster jobs` lists what there is.',
  });
}
