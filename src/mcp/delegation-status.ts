import type { CallToolResult } from '@modelcontextprotocol/server';
import { hasEnded, stateOf, type TaskState } from '../core/answer.ts';
import { parseDelegateCall } from '../core/call/parse-delegate-call.ts';
import { DelegateError } from '../core/errors.ts';
import type { ControlCall } from '../core/task.ts';
import { suggestNames } from '../core/text/suggest.ts';
import type { Yardmaster } from '../yardmaster.ts';
import { answer } from './answers.ts';
import { awaitDelegation, standingOf } from './await-delegation.ts';
import type { Caller } from './caller.ts';
import { ORIGIN } from './delegate-task.ts';
import { resultsAnswer, runningAnswer, statesAnswer } from './delegation-answers.ts';
import type { Desk } from './desk.ts';
import { readResult } from './resources.ts';
import { STATUS_ACTIONS, type StatusAction } from './tool-list.ts';

/** Delegations that a list shows. */
const LISTED = 50;

/** `delegation_status`: looks after children of any session, whichever process runs them. */
export async function delegationStatus(
  args: unknown,
  yard: Yardmaster,
  { caller, desk }: { readonly caller: Caller; readonly desk: Desk },
): Promise<CallToolResult> {
  const given = isObject(args) ? args : {};
  const { action: asked, ...rest } = given;
  const action = readAction(asked, rest.id !== undefined && rest.id !== null);
  switch (action) {
    case 'list':
      await desk.deliveries.settled();
      return list(yard);
    case 'status': {
      const call = await yard.call({ ...rest, action });
      if (call.kind !== 'status') return answer(JSON.stringify(call), call);
      const tasks = call.tasks.map(({ result: _, ...state }): TaskState => state);
      const open = tasks.filter((task) => !hasEnded(task)).length;
      return statesAnswer(`${tasks.length - open} of ${tasks.length} ended.`, tasks, Date.now());
    }
    case 'wait':
    case 'result': {
      // `result` is ours; its id is judged as that of a status, by the one parser.
      const call = parseDelegateCall({ ...rest, action: action === 'result' ? 'status' : action }) as ControlCall;
      const { id = '', wait_seconds = caller.wait_seconds } = call;
      // Never longer than the host bears: a wait that was too short is only asked for again.
      const seconds = action === 'result' ? 0 : Math.min(wait_seconds, caller.wait_seconds);
      const progress = desk.running.get(id);
      const standing =
        seconds === 0
          ? await standingOf(id, yard)
          : await awaitDelegation(id, yard, { seconds, caller, text: progress?.text ?? (() => `${id}: waiting`) });
      const whole = standing.delegation_id === id;
      if (!whole && action === 'result' && standing.pending.length === 0) return oneResult(id, yard);
      if (standing.pending.length > 0 && (action === 'wait' || standing.result.results.length === 0))
        return runningAnswer(standing, Date.now());
      if (whole && standing.pending.length === 0) desk.deliveries.note(id, yard, caller);
      const goals: string[] = [];
      for (const { index, goal } of standing.tasks) goals[index] = goal;
      return resultsAnswer(standing.result, goals);
    }
    case 'steer': {
      const call = await yard.call({ ...rest, action });
      if (call.kind !== 'steer') return answer(JSON.stringify(call), call);
      const lines = call.steers.map(({ task_id, state }) =>
        state === 'queued'
          ? `${task_id}: queued; its next turn reads it, and its result says whether one did`
          : `${task_id}: missed, it has ended`,
      );
      return answer(lines.join('\n'), { steers: call.steers });
    }
    case 'stop': {
      const call = await yard.call({ ...rest, action });
      if (call.kind !== 'stop') return answer(JSON.stringify(call), call);
      const open = call.tasks.filter((task) => !hasEnded(task)).length;
      const head = open === 0 ? 'Stopped; action "result" gives what there is.' : `Told to stop; ${open} still end.`;
      return statesAnswer(head, call.tasks, Date.now());
    }
  }
}

/** Everything of this surface that runs or waits to be collected, newest first. */
async function list(yard: Yardmaster): Promise<CallToolResult> {
  await yard.recover();
  const store = await yard.store();
  const [open, undelivered] = await Promise.all([
    store.tasks({ status: ['queued', 'running'], limit: 1_000 }),
    store.undelivered(ORIGIN),
  ]);
  const ids = new Set([
    ...open
      .filter(({ origin, parent_id }) => origin === ORIGIN && parent_id === undefined)
      .map((task) => task.delegation_id),
    ...undelivered.toReversed(),
  ]);
  const shown = [...ids].slice(0, LISTED);
  const groups = await Promise.all(shown.map((delegation_id) => store.tasks({ delegation_id, limit: 1_000 })));
  const delegations = groups.map((tasks, index) => {
    const pending = tasks.filter((task) => !hasEnded(task)).length;
    return {
      delegation_id: shown[index] ?? '',
      state: pending === 0 ? 'uncollected' : 'running',
      ended: tasks.length - pending,
      tasks: tasks.map(stateOf),
    };
  });
  if (delegations.length === 0) return answer('Nothing runs and nothing waits to be collected.', { delegations });
  const lines = delegations.map(({ delegation_id, state, ended, tasks }) => {
    const goal = tasks[0]?.goal.replace(/\s+/g, ' ') ?? '';
    return `${delegation_id} · ${state} · ${ended} of ${tasks.length} ended · ${goal}`;
  });
  const more = ids.size - shown.length;
  return answer([...lines, ...(more === 0 ? [] : [`${more} more.`])].join('\n'), { delegations, left_out: more });
}

async function oneResult(task_id: string, yard: Yardmaster): Promise<CallToolResult> {
  const { result, text } = await readResult(task_id, yard);
  return answer(text, result);
}

function readAction(asked: unknown, has_id: boolean): StatusAction {
  if (asked === undefined || asked === null) return has_id ? 'status' : 'list';
  const action = STATUS_ACTIONS.find((name) => name === asked);
  if (action !== undefined) return action;
  const near = suggestNames(String(asked).slice(0, 80), STATUS_ACTIONS);
  throw new DelegateError('REQUEST_INVALID', `"${String(asked).slice(0, 80)}" is no action of delegation_status.`, {
    hint: near.length > 0 ? `Did you mean "${near[0]}"?` : `It is one of ${STATUS_ACTIONS.join(', ')}.`,
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
