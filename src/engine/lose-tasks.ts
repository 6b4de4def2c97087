import { ended } from '../core/ending.ts';
import type { TaskResult } from '../core/result.ts';
import type { Store, TaskRecord } from '../core/store.ts';
import type { EngineDeps } from './deps.ts';
import { resultOf } from './finish.ts';
import { countAnswer, createTally } from './limits/tally.ts';

type Deps = Pick<EngineDeps, 'redact' | 'filter' | 'settings' | 'transcripts'>;

/**
 * Ends tasks whose lease ran out (`Store.expired`) as `lost`, each with a result of what its journal has, so that
 * none is absent. Gives the ids of those that nobody took or renewed meanwhile.
 *
 * To resume them instead: `claim`, `historyOf` the journal, and go on as a hop does.
 */
export async function loseTasks(
  gone: readonly TaskRecord[],
  deps: Deps & Pick<EngineDeps, 'store'>,
): Promise<readonly string[]> {
  const lost: string[] = [];
  for (const task of gone) {
    const result = await lostResult(task, await deps.store.journal(task.id), deps);
    if (await deps.store.lose(task.id, task.attempt, result)) lost.push(task.id);
  }
  return lost;
}

/**
 * What the journal of a task tells of it. Its cost is never complete, since the request that was under way when its
 * process died may have been billed.
 */
function lostResult(task: TaskRecord, journal: Awaited<ReturnType<Store['journal']>>, deps: Deps): Promise<TaskResult> {
  const tally = createTally();
  let route = task.route;
  for (const entry of journal) {
    if (entry.kind === 'answer') countAnswer(tally, route, entry.answer);
    if (entry.kind !== 'hop') continue;
    route = task.route.fallback[tally.hops.length] ?? route;
    tally.hops.push(entry.hop);
  }
  const spent = tally.by_route.get(route);
  if (spent !== undefined) spent.complete = false;
  const { created_at, started_at = created_at } = task;
  return resultOf(deps, task, {
    ending: ended('lost', 'error', {
      code: 'LOST',
      message: 'The process that ran this task died before it ended.',
      hint: 'What it did until then is in its log. Start the task again if it is still wanted.',
    }),
    tally,
    transcript: undefined,
    queued_ms: started_at - created_at,
    total_ms: (journal.at(-1)?.at ?? started_at) - started_at,
  });
}
