import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WorktreeReport } from '../../core/result.ts';

/** Before the task id; a user sees at once whose branch it is. */
export const BRANCH = 'yardmaster/';

/** The worktree of a task that nobody runs any more; undefined = there is none. */
export function worktreeOf(folder: string, task_id: string): Pick<WorktreeReport, 'path' | 'branch'> | undefined {
  const path = join(folder, task_id);
  return existsSync(path) ? { path, branch: BRANCH + task_id } : undefined;
}
