import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
  type StandardSchemaV1,
} from '@modelcontextprotocol/server';
import { DelegateError } from '../core/errors.ts';
import type { Yardmaster } from '../yardmaster.ts';
import { type Standing, standingOf } from './await-delegation.ts';
import { handleAnswer, resultsAnswer } from './delegation-answers.ts';
import type { Desk } from './desk.ts';
import { TASKS_EXTENSION } from './identity.ts';
import type { Keepers } from './keepers.ts';

/** How often a host may ask how a task stands. */
const POLL_MS = 2_000;

/** Whether a request says that its sender takes a task in place of a result. Each request of the later revisions does. */
export function takesTasks(envelope: object | undefined): boolean {
  const declared = (envelope as Readonly<Record<string, unknown>> | undefined)?.[CLIENT_CAPABILITIES_META_KEY];
  const { extensions } = (declared ?? {}) as { readonly extensions?: object };
  return extensions !== undefined && TASKS_EXTENSION in extensions;
}

/** A delegation as the protocol's task, in place of its results. Text goes with it for who reads nothing else. */
export async function taskAnswer(id: string, ids: readonly string[], yard: Yardmaster): Promise<CallToolResult> {
  const { content } = handleAnswer(id, ids);
  return { resultType: 'task', ...taskOf(await standingOf(id, yard)), content };
}

/**
 * `tasks/get`, `tasks/update` and `tasks/cancel` of the extension io.modelcontextprotocol/tasks: a task is a
 * delegation, of whichever session and process. The protocol library carries the messages and knows nothing of them.
 */
export function serveTasks(
  server: Server,
  { keepers, desk }: { readonly keepers: Keepers; readonly desk: Desk },
): void {
  const serve = (method: string, answer: (id: string, yard: Yardmaster, context: ServerContext) => Promise<object>) => {
    server.setRequestHandler(method, { params: TASK_ID }, async ({ taskId }, context) => {
      if (!takesTasks(context.mcpReq.envelope)) {
        const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } };
        throw new MissingRequiredClientCapabilityError({ requiredCapabilities });
      }
      try {
        if (!/^d_\w{1,200}$/.test(taskId)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, NO_TASK);
        return (await answer(taskId, await keepers.in().yard(), context)) as Record<string, unknown>;
      } catch (error) {
        if (!(error instanceof DelegateError) || error.code !== 'NOT_FOUND') throw error;
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
      }
    });
  };

  serve('tasks/get', async (id, yard, { mcpReq: { signal }, http }) => {
    const standing = await standingOf(id, yard);
    const task = taskOf(standing, desk.running.get(id)?.text());
    if (task.status !== 'completed') return task;
    desk.deliveries.note(id, yard, { signal, ...(http?.req && { connection: http.req.signal }) });
    const goals = standing.tasks.map(({ goal }) => goal);
    return { ...task, result: resultsAnswer(standing.result, goals) };
  });
  // Children ask nobody anything, so whatever comes answers no question.
  serve('tasks/update', async (id, yard) => {
    await standingOf(id, yard);
    return {};
  });
  serve('tasks/cancel', async (id, yard) => {
    await standingOf(id, yard);
    await yard.call({ action: 'stop', id });
    return {};
  });
}

interface Task {
  readonly taskId: string;
  readonly status: 'working' | 'completed' | 'cancelled';
  readonly statusMessage: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttlMs: null;
  readonly pollIntervalMs: number;
}

/** Stopped as a whole it is cancelled, and what children had by then waits for `delegation_status`. */
function taskOf({ delegation_id, tasks, pending }: Standing, doing?: string): Task {
  const status =
    pending.length > 0 ? 'working' : tasks.every((task) => task.status === 'cancelled') ? 'cancelled' : 'completed';
  const created_at = Math.min(...tasks.map((task) => task.created_at));
  const changes = tasks.flatMap(({ started_at, ended_at }) => [started_at ?? 0, ended_at ?? 0]);
  return {
    taskId: delegation_id,
    status,
    statusMessage: doing ?? `${tasks.length - pending.length} of ${tasks.length} ended`,
    createdAt: new Date(created_at).toISOString(),
    lastUpdatedAt: new Date(Math.max(created_at, ...changes)).toISOString(),
    ttlMs: null,
    pollIntervalMs: POLL_MS,
  };
}

/** Only delegations: one child of it is no task of the protocol. */
const NO_TASK = '"taskId" is the id of no task here.';

const TASK_ID: StandardSchemaV1<unknown, { readonly taskId: string }> = {
  '~standard': {
    version: 1,
    vendor: 'yardmaster',
    validate(params) {
      const { taskId } = (params ?? {}) as { readonly taskId?: unknown };
      return typeof taskId === 'string' ? { value: { taskId } } : { issues: [{ message: NO_TASK }] };
    },
  },
};
