import { type CallAnswer, hasEnded, stateOf } from '../core/answer.ts';
import { endingOfStop } from '../core/ending.ts';
import { DelegateError } from '../core/errors.ts';
import type { DelegationResult, TaskResult } from '../core/result.ts';
import type { TaskRecord } from '../core/store.ts';
import { sumResults } from '../core/sum-results.ts';
import type { ControlCall } from '../core/task.ts';
import type { EngineDeps } from './deps.ts';
import { resultOf } from './finish.ts';
import { loseTasks } from './lose-tasks.ts';
import { createTally } from './tally.ts';

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
      return wait(id, deps, {
        ...(wait_seconds !== undefined && { seconds: wait_seconds }),
        ...(signal && { signal }),
      });
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

/** The task with this id, or those of the delegation with this id in the order asked; lost ones are told as such. */
async function find(id: string, deps: EngineDeps): Promise<readonly TaskRecord[]> {
  const { store } = deps;
  await loseTasks(await store.expired(), deps);
  const task = await store.task(id);
  const tasks = task === undefined ? await store.tasks({ delegation_id: id, limit: ALL }) : [task];
  if (tasks.length > 0) return tasks;
  throw new DelegateError('NOT_FOUND', `There is no delegation or task "${id.slice(0, 100)}".`, {
    hint: 'The action "list" (`yardmaster jobs`) shows what there is.',
  });
}

async function list(id: string, deps: EngineDeps): Promise<CallAnswer> {
  const found = id === '' ? await newest(deps) : await tree(await find(id, deps), deps);
  return { kind: 'list', tasks: found.slice(0, LISTED).map(stateOf), more: found.length > LISTED };
}

async function newest(deps: EngineDeps): Promise<readonly TaskRecord[]> {
  await loseTasks(await deps.store.expired(), deps);
  return deps.store.tasks({ limit: LISTED + 1 });
}

/** These tasks and all below them. */
async function tree(tasks: readonly TaskRecord[], { store }: EngineDeps): Promise<readonly TaskRecord[]> {
  const found = new Map(tasks.map((task) => [task.id, task]));
  // Newest first: below comes before above, so from the end every parent is met before its children.
  const all = await store.tasks({ root_id: tasks[0]?.root_id ?? '', limit: ALL });
  for (const task of all.toReversed()) if (found.has(task.parent_id ?? '')) found.set(task.id, task);
  return [...found.values()];
}

async function status(id: string, deps: EngineDeps): Promise<CallAnswer> {
  const tasks = await find(id, deps);
  return {
    kind: 'status',
    tasks: tasks.map((task) => ({ ...stateOf(task), ...(task.result && { result: task.result }) })),
  };
}

/** Waits until all have ended, `seconds` have passed or `signal` aborts; without any of these, until the end. */
async function wait(
  id: string,
  deps: EngineDeps,
  { seconds = Infinity, signal }: { readonly seconds?: number; readonly signal?: AbortSignal },
): Promise<CallAnswer> {
  const until = deps.clock.now() + seconds * 1000;
  for (;;) {
    const tasks = await find(id, deps);
    const pending = tasks.filter((task) => !hasEnded(task));
    const left = until - deps.clock.now();
    if (pending.length === 0 || left <= 0 || signal?.aborted) {
      return { kind: 'wait', done: pending.length === 0, results: resultsIn(tasks), pending: pending.map(stateOf) };
    }
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
  const tasks = await find(id, deps);
  await deps.store.control(id, { kind: 'stop' });
  await deps.controls.look();
  const all = await tree(tasks, deps);
  await Promise.all(all.filter((task) => task.status === 'queued').map((task) => drop(task, deps)));
  const until = deps.clock.now() + STOP_WAIT_SECONDS * 1000;
  for (;;) {
    const now = await tree(await find(id, deps), deps);
    const left = until - deps.clock.now();
    if (left <= 0 || now.every(hasEnded)) return { kind: 'stop', tasks: now.map(stateOf) };
    await deps.controls.nextEnd(Math.min(LOOK_MS, left));
  }
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
