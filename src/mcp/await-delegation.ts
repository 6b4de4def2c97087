import { hasEnded, type TaskState } from '../core/answer.ts';
import { sumResults } from '../core/budget/sum-results.ts';
import { DelegateError } from '../core/errors.ts';
import type { DelegationResult, TaskResult } from '../core/result.ts';
import type { Yardmaster } from '../yardmaster.ts';
import type { Caller } from './caller.ts';

/** Hosts that take silence for death do so after 20 s at the earliest. */
const TELL_MS = 10_000;

/** How a delegation, or one task of it, stands. */
export interface Standing {
  readonly delegation_id: string;
  readonly tasks: readonly (TaskState & { readonly result?: TaskResult })[];
  readonly pending: readonly TaskState[];
  /** Of the tasks that have ended. */
  readonly result: DelegationResult;
}

/** Waits for children as long as `seconds` and the caller allow, and tells the caller what they do meanwhile. */
export async function awaitDelegation(
  id: string,
  yard: Yardmaster,
  { seconds, caller, text }: { readonly seconds: number; readonly caller: Caller; readonly text: () => string },
): Promise<Standing> {
  const { tell, signal } = caller;
  tell?.(text());
  const ticking = tell === undefined ? undefined : setInterval(() => tell(text()), TELL_MS);
  try {
    await yard.call({ action: 'wait', id, wait_seconds: seconds }, { signal });
  } finally {
    clearInterval(ticking);
  }
  return standingOf(id, yard);
}

export async function standingOf(id: string, yard: Yardmaster): Promise<Standing> {
  const answer = await yard.call({ action: 'status', id });
  if (answer.kind !== 'status') throw new DelegateError('INTERNAL', `A status was answered with "${answer.kind}".`);
  const { tasks } = answer;
  const [first] = tasks;
  const delegation_id = first?.delegation_id ?? id;
  const ends = tasks.map(({ ended_at = 0 }) => ended_at);
  const duration_ms = first === undefined ? 0 : Math.max(0, Math.max(...ends) - first.created_at);
  const results = tasks.flatMap(({ result }) => result ?? []);
  return {
    delegation_id,
    tasks,
    pending: tasks.filter((task) => !hasEnded(task)),
    result: sumResults(results, { delegation_id, duration_ms }),
  };
}
