import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Yardmaster } from '../yardmaster.ts';
import { answer } from './answers.ts';
import { awaitDelegation } from './await-delegation.ts';
import type { Caller } from './caller.ts';
import { handleAnswer, resultsAnswer, runningAnswer, statesAnswer } from './delegation-answers.ts';
import type { Desk } from './desk.ts';
import { explainText } from './explain-text.ts';
import { createProgress } from './progress.ts';
import { taskAnswer } from './task-extension.ts';

/** Which surface asked; what its sessions left uncollected is found by it. */
export const ORIGIN = 'mcp';

/**
 * `delegate_task`. Children always run in the background, so that neither a host's patience nor its end loses them;
 * the call waits for them as long as the host bears, and gives their id when that was too short. Results that were
 * given are noted as delivered.
 */
export async function delegateTask(
  args: unknown,
  yard: Yardmaster,
  { caller, desk }: { readonly caller: Caller; readonly desk: Desk },
): Promise<CallToolResult> {
  const progress = createProgress();
  let over = false;
  const started = await yard.call(inBackground(args), {
    origin: ORIGIN,
    ...(caller.parent === undefined ? {} : { parent: caller.parent }),
    on: (event) => {
      progress.on(event);
      if (event.type !== 'delegation-end') return;
      over = true;
      desk.running.delete(event.delegation_id);
    },
  });
  switch (started.kind) {
    case 'handle':
      break;
    case 'explanation':
      return answer(explainText(started), started);
    case 'list':
    case 'stop':
      return statesAnswer(started.kind, started.tasks, Date.now());
    default:
      // A control action that came through this tool; hosts are shown delegation_status for these.
      return answer(JSON.stringify(started), started);
  }
  const { delegation_id, ids } = started;
  if (asksForHandle(args)) return handleAnswer(delegation_id, ids);
  if (!over) desk.running.set(delegation_id, progress);
  if (caller.takes_tasks) return taskAnswer(delegation_id, ids, yard);
  const standing = await awaitDelegation(delegation_id, yard, {
    seconds: caller.wait_seconds,
    caller,
    text: progress.text,
  });
  if (caller.wasStopped()) {
    await yard.call({ action: 'stop', id: delegation_id });
    return answer(`${delegation_id} was stopped.`, { delegation_id, state: 'stopped' });
  }
  if (standing.pending.length > 0) return runningAnswer(standing, Date.now());
  desk.deliveries.note(delegation_id, yard, caller);
  return resultsAnswer(
    standing.result,
    standing.tasks.map(({ goal }) => goal),
  );
}

/** What was said about `background` stands when it is wrong, so that it is refused. */
function inBackground(args: unknown): unknown {
  if (!isObject(args) || (args.action !== undefined && args.action !== null && args.action !== 'spawn')) return args;
  const { background } = args;
  const says = background !== undefined && background !== null && background !== false;
  return says ? args : { ...args, background: true };
}

function asksForHandle(args: unknown): boolean {
  return isObject(args) && args.background === true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
