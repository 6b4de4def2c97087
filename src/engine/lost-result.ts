import { ended } from '../core/ending.ts';
import type { TaskResult } from '../core/result.ts';
import type { JournalEntry, TaskRecord } from '../core/store.ts';
import type { EngineDeps } from './deps.ts';
import { resultOf } from './finish.ts';
import { countAnswer, createTally } from './tally.ts';

/**
 * The result that nobody was left to write: what the journal of a task that was lost tells of it. Its cost is
 * never complete, since the request that was under way when its process died may have been billed.
 */
export function lostResult(
  task: TaskRecord,
  journal: readonly JournalEntry[],
  deps: Pick<EngineDeps, 'redact' | 'filter' | 'settings' | 'transcripts'>,
): Promise<TaskResult> {
  const tally = createTally();
  let route = task.route;
  for (const entry of journal) {
    if (entry.kind === 'answer') countAnswer(tally, route, entry.answer);
    if (entry.kind !== 'hop') continue;
    route = task.route.fallback[tally.hops.length] ?? route;
    tally.hops.push(entry.hop);
  }
  const { created_at, started_at = task.ended_at ?? created_at, ended_at = started_at } = task;
  return resultOf(deps, task, {
    ending: ended('lost', 'error', {
      code: 'LOST',
      message: 'The process that ran this task died before it ended.',
      hint: 'What it did until then is in its log. Start the task again if it is still wanted.',
    }),
    tally,
    transcript: undefined,
    queued_ms: started_at - created_at,
    total_ms: ended_at - started_at,
  });
}
