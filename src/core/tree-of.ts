import type { TaskRecord } from './store.ts';

/** These tasks, each followed by what is below it; `all` holds the tasks of their root, newest delegation first. */
export function treeOf(tasks: readonly TaskRecord[], all: readonly TaskRecord[]): readonly TaskRecord[] {
  const below = new Map<string, TaskRecord[]>();
  for (const task of all) {
    if (task.parent_id === undefined) continue;
    const siblings = below.get(task.parent_id);
    if (siblings === undefined) below.set(task.parent_id, [task]);
    else siblings.push(task);
  }
  const walk = (task: TaskRecord): TaskRecord[] => [task, ...(below.get(task.id) ?? []).flatMap(walk)];
  return tasks.flatMap(walk);
}
