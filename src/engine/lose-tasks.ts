import { ended } from '../core/ending.ts';
import type { TaskResult } from '../core/result.ts';
import type { TaskRecord } from '../core/store.ts';
import type { EngineDeps } from './deps.ts';
import { resultOf } from './finish.ts';
import { countBelow } from './limits/tally.ts';
import { closeTreeBudget } from './limits/tree-budget.ts';
import { tallyOf, usedBelow } from './used-below.ts';

type Deps = Pick<EngineDeps, 'store' | 'redact' | 'filter' | 'settings' | 'transcripts' | 'worktreeOf'>;

/**
 * Ends tasks whose lease ran out (`Store.expired`) as `lost`, each with a result of what its journal has, so that
 * none is absent. Gives the ids of those that nobody took or renewed meanwhile.
 *
 * To resume them instead: `claim`, `historyOf` the journal, and go on as a hop does.
 */
export async function loseTasks(gone: readonly TaskRecord[], deps: Deps): Promise<readonly string[]> {
  const lost: string[] = [];
  for (const task of gone) {
    const result = await lostResult(task, deps);
    if (!(await deps.store.lose(task.id, task.attempt, result))) continue;
    lost.push(task.id);
    await closeTreeBudget(task, deps);
  }
  for (const id of new Set(gone.map(({ delegation_id }) => delegation_id))) {
    const open = await deps.store.tasks({ delegation_id: id, status: ['queued', 'running'], limit: 1 });
    if (open.length === 0) await closeTreeBudget({ id }, deps);
  }
  return lost;
}

/**
 * What the journal of a task tells of it, and what those below it used. Its cost is never complete, since the request
 * that was under way when its process died may have been billed.
 */
async function lostResult(task: TaskRecord, deps: Deps): Promise<TaskResult> {
  const journal = await deps.store.journal(task.id);
  const tally = tallyOf(task, journal);
  for (const used of await usedBelow(task.id, deps.store)) countBelow(tally, used);
  const worktree = task.input.worktree ? await deps.worktreeOf?.(task.id) : undefined;
  const problem = 'the process of its task died, and nobody has looked what is in it';
  const { created_at, started_at = created_at } = task;
  return resultOf(deps, task, {
    ending: ended('lost', 'error', {
      code: 'LOST',
      message: 'The process that ran this task died before it ended.',
      hint: 'What it did until then is in its log. Start the task again if it is still wanted.',
    }),
    tally,
    ...(worktree && { remains: { artifacts: [], worktree: { ...worktree, commits: 0, dirty: false, problem } } }),
    transcript: undefined,
    queued_ms: started_at - created_at,
    total_ms: (journal.at(-1)?.at ?? started_at) - started_at,
  });
}
