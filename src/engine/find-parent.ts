import { hasEnded } from '../core/answer.ts';
import { DelegateError } from '../core/errors.ts';
import type { Store, TaskRecord } from '../core/store.ts';

/** The task that a process says it runs in. Whatever else holds for it is read from the store, not said. */
export async function findParent(id: string, store: Store): Promise<TaskRecord> {
  const task = await store.task(id);
  if (task !== undefined && !hasEnded(task)) return task;
  throw new DelegateError('NOT_FOUND', `YARDMASTER_TASK names the task "${id.slice(0, 100)}", which is not running.`, {
    hint: 'Unset the variable where no child runs the command.',
  });
}
