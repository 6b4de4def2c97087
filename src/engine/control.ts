import { type CallAnswer, hasEnded, stateOf, type TaskState, turnsIn } from '../core/answer.ts';
import { sumResults } from '../core/budget/sum-results.ts';
import { endingOfStop } from '../core/ending.ts';
import { DelegateError } from '../core/errors.ts';
import type { DelegationResult, TaskResult } from '../core/result.ts';
import type { TaskRecord } from '../core/store.ts';
import type { ControlCall } from '../core/task.ts';
import { treeOf } from '../core/tree-of.ts';
import type { EngineDeps } from './deps.ts';
import { resultOf } from './finish.ts';
import { createTally } from './limits/tally.ts';
import { loseTasks } from './lose-tasks.ts';

/** Tasks that a list shows. */
const LISTED = 50;
/** More than any delegation has. */
const ALL = 1_000_000;
/** How often the store is asked for what other processes have ended. */
const LOOK_MS = 250;
/** How long a stop waits for the ends; children may take 6 seconds to end their programs. */
const STOP_WAIT_SECONDS = 8;

/** Answers a call about children that exist, whichever process runs them. Throws `NOT_FOUND` for an unknown id. */
export function control(call: ControlCall, deps: EngineDeps, signal?: AbortSignal): Promise<CallAnswer> {
  const { action, id = '', message = '', wait_seconds } = call;
  switch (action) {
    case 'list':
      return list(id, deps);
    case 'status':
      return status(id, deps);
    case 'wait':
      return wait(id, deps, { seconds: wait_seconds ?? Infinity, signal });
    case 'steer':
      return steer(id, message, deps);
    case 'stop':
      return stop(id, deps);
  }
}

/** The results of a delegation whose tasks have all ended; undefined while one has not. */
export async function resultsOf(delegation_id: string, { store }: EngineDeps): Promise<DelegationResult | undefined> {
  const tasks = await store.tasks({ delegation_id, limit: ALL });
  const results = resultsIn(tasks);
  const [first] = tasks;
  if (first === undefined || results.length < tasks.length) return undefined;
  const last = Math.max(...tasks.map(({ ended_at = 0 }) => ended_at));
  return sumResults(results, { delegation_id, duration_ms: Math.max(0, last - first.created_at) });
}

/** The task with this id, or those of the delegation with this id in the order asked. */
async function find(id: string, { store }: EngineDeps): Promise<readonly [TaskRecord, ...TaskRecord[]]> {
  const task = await store.task(id);
  const [first, ...others] = task === undefined ? await store.tasks({ delegation_id: id, limit: ALL }) : [task];
  if (first !== undefined) return [first, ...others];
  throw new DelegateError('NOT_FOUND', `There is no delegation or task "${id.slice(0, 100)}".`, {
    hint: 'The action "list" (`yardmaster jobs`) shows what there is.',
  });
}

/** Those and everything below them. */
async function findTree(id: string, deps: EngineDeps): Promise<readonly TaskRecord[]> {
  const tasks = await find(id, deps);
  return treeOf(tasks, await deps.store.tasks({ root_id: tasks[0].root_id, limit: ALL }));
}

/** Tasks of dead processes are told as lost, wherever tasks are looked at. */
async function recover(deps: EngineDeps): Promise<void> {
  await loseTasks(await deps.store.expired(), deps);
}

async function list(id: string, deps: EngineDeps): Promise<CallAnswer> {
  await recover(deps);
  const found = id === '' ? await deps.store.tasks({ limit: LISTED + 1 }) : await findTree(id, deps);
  return { kind: 'list', tasks: found.slice(0, LISTED).map(stateOf), more: found.length > LISTED };
}

async function status(id: string, deps: EngineDeps): Promise<CallAnswer> {
  await recover(deps);
  const tasks = await find(id, deps);
  return { kind: 'status', tasks: await Promise.all(tasks.map((task) => withProgress(task, deps))) };
}

/** Until all have ended, the time is up, or the signal aborts. */
interface Patience {
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
}

async function withProgress(task: TaskRecord, { store }: EngineDeps): Promise<TaskState & { result?: TaskResult }> {
  if (task.result !== undefined) return { ...stateOf(task), result: task.result };
  if (task.status !== 'running') return stateOf(task);
  return { ...stateOf(task), turns: turnsIn(await store.journal(task.id)) };
}

async function wait(id: string, deps: EngineDeps, patience: Patience): Promise<CallAnswer> {
  await untilEnded(await find(id, deps), deps, patience);
  const tasks = await find(id, deps);
  const pending = tasks.filter((task) => !hasEnded(task)).map(stateOf);
  return { kind: 'wait', done: pending.length === 0, results: resultsIn(tasks), pending };
}

/** Asks the store only for what is still open: what has ended may be large. */
async function untilEnded(
  tasks: readonly TaskRecord[],
  deps: EngineDeps,
  { seconds, signal }: Patience,
): Promise<void> {
  const until = deps.clock.now() + seconds * 1000;
  const ids = new Set(tasks.map((task) => task.id));
  const delegations = new Set(tasks.map((task) => task.delegation_id));
  for (;;) {
    await recover(deps);
    const open: TaskRecord[] = [];
    for (const delegation_id of delegations) {
      const found = await deps.store.tasks({ delegation_id, status: ['queued', 'running'], limit: ALL });
      open.push(...found.filter((task) => ids.has(task.id)));
    }
    const left = until - deps.clock.now();
    if (open.length === 0 || left <= 0 || signal?.aborted) return;
    await deps.controls.nextEnd(Math.min(LOOK_MS, left), signal);
  }
}

async function steer(id: string, message: string, deps: EngineDeps): Promise<CallAnswer> {
  const tasks = await find(id, deps);
  const asked = new Map(
    (await deps.store.control(id, { kind: 'steer', message })).map((told) => [told.task_id, told.id]),
  );
  await deps.controls.look();
  return {
    kind: 'steer',
    steers: tasks.map((task) => {
      const number = asked.get(task.id);
      return number === undefined
        ? { task_id: task.id, state: 'missed' }
        : { task_id: task.id, state: 'queued', id: number };
    }),
  };
}

/** What runs is told to its process; what is queued ends here, so that it starts nowhere. */
async function stop(id: string, deps: EngineDeps): Promise<CallAnswer> {
  // Those below are stopped by those above. The store may be slow, and every request costs.
  deps.controls.stopHere(id);
  const all = await findTree(id, deps);
  await deps.store.control(id, { kind: 'stop' });
  await deps.controls.look();
  await Promise.all(all.filter((task) => task.status === 'queued').map((task) => drop(task, deps)));
  await untilEnded(all, deps, { seconds: STOP_WAIT_SECONDS });
  return { kind: 'stop', tasks: (await findTree(id, deps)).map(stateOf) };
}

async function drop(task: TaskRecord, deps: EngineDeps): Promise<void> {
  const result = await resultOf(deps, task, {
    ending: endingOfStop('cancelled', 0),
    tally: createTally(),
    transcript: undefined,
    queued_ms: deps.clock.now() - task.created_at,
    total_ms: 0,
  });
  await deps.store.drop(task.id, result);
}

function resultsIn(tasks: readonly TaskRecord[]): TaskResult[] {
  return tasks.flatMap(({ result }) => result ?? []);
}
