import { sumResults } from '../core/budget/sum-results.ts';
import { lowestBudget, type PlannedTask } from '../core/call/preflight.ts';
import { endingOfStop, type StopCause } from '../core/ending.ts';
import { DelegateError, type Issue, refusal } from '../core/errors.ts';
import type { EventListener } from '../core/events.ts';
import type { DelegationResult, TaskResult } from '../core/result.ts';
import type { Route } from '../core/route.ts';
import type { Control, TaskPlan } from '../core/store.ts';
import type { Budget } from '../core/task.ts';
import { childToolsets } from '../core/toolsets.ts';
import { type Child, type NestedCall, type Run, tellOf } from './child.ts';
import type { EngineDeps } from './deps.ts';
import { createEquip } from './equip.ts';
import { finish } from './finish.ts';
import { createPlaces, runGated } from './limits/gate.ts';
import { createLedger } from './limits/ledger.ts';
import type { SharedLedger } from './limits/shared-ledger.ts';
import { createTally } from './limits/tally.ts';
import { closeTreeBudget, joinTreeBudgets, openTreeBudget, startProcesses } from './limits/tree-budget.ts';
import { runChild } from './run-child.ts';
import { hear, steersAtEnd } from './steering.ts';

export interface RunOptions {
  /** Absolute folder that the children's tools are confined to. */
  readonly workspace: string;
  /** Toolsets that exist here and that the parent may use itself; children get what the operator allows of them. */
  readonly toolsets: readonly string[];
  /** Which surface asked. */
  readonly origin: string;
  /** The text of the workspace's AGENTS.md or CLAUDE.md, if it has one. */
  readonly instructions?: string;
  /** What the children may spend together; lowered to the operator's. Turns are each child's own. */
  readonly budget?: Budget;
  /** Stops every child; what they have by then is kept. */
  readonly signal?: AbortSignal;
  readonly on?: EventListener;
  /** Nobody waits for the results: they are to be collected. */
  readonly background?: boolean;
  /** The delegating agent's route, where it is known: what the work would have cost there is told. */
  readonly parent_route?: Route;
  /** Set when a child delegates: the task it is, its root, and how deep its children are. */
  readonly parent?: {
    readonly task_id: string;
    readonly root_id: string;
    readonly depth: number;
    /** What the task may spend, where it runs in another process. */
    readonly budget?: Budget;
  };
}

/** A delegation that is stored, and whose children run or wait for a place. */
export interface Started {
  readonly delegation_id: string;
  readonly ids: readonly string[];
  /** Resolves when all have ended. */
  readonly done: Promise<DelegationResult>;
}

/** Runs planned tasks to their end and gives their results in the order asked. Rejects as `startDelegation` does. */
export async function delegate(
  planned: readonly PlannedTask[],
  deps: EngineDeps,
  options: RunOptions,
): Promise<DelegationResult> {
  const { done } = await startDelegation(planned, deps, options);
  return done;
}

/**
 * Starts planned tasks. Resolves when all are stored, in one transaction; none starts before. They run side
 * by side within `max_concurrent_children` of their root; one that fails or hangs neither holds back nor discards the
 * others, whose results are in the store and told as `task-end` as soon as they exist. Rejects only when nothing was
 * started: a limit, an adapter that is not installed, an unreadable image, an unknown toolset, a store that cannot write.
 */
export async function startDelegation(
  planned: readonly PlannedTask[],
  deps: EngineDeps,
  options: RunOptions,
  /** The child of this process that delegates. */
  within?: Child,
): Promise<Started> {
  const { clock, store, leases } = deps;
  const created_at = clock.now();
  const { parent, signal } = options;
  const joined = parent && within === undefined ? await joinTreeBudgets(parent.task_id, deps) : [];
  const { run, opened } = createRun(deps, options, { within, joined });
  const tasks = planned.map((task): TaskPlan => ({ ...task, id: deps.newId('t') }));
  // A call that is stopped before it is stored is stored as stopped: nobody waits for what hangs in the check.
  await unlessStopped(check(run, tasks), signal);

  const { delegation_id, ...place } = run.of;
  const ids = tasks.map(({ id }) => id);
  const { origin, background } = options;
  const record = { ...place, root_id: run.root_id, origin, ...(background && { background }), created_at };
  const stored = store
    .create({ id: delegation_id, ...record, tasks }, leases, deps.settings.limits)
    .then(() => tellQueued(run, tasks));
  const children = createChildren(run, tasks, { stored, queued_at: created_at });
  const shared = [deps.daily, opened, ...joined];
  for (const ledger of shared) ledger?.prepare();
  const rest = (): Promise<unknown> => Promise.all([deps.governor.rest(), ...shared.map((ledger) => ledger?.rest())]);
  // Before they are stored: from then on anybody may ask something of them.
  const unwatch = deps.controls.watch({ delegation_id, task_ids: ids, on: children.on });
  const release = leases.keep();
  if (signal?.aborted) children.stopAll();
  else signal?.addEventListener('abort', children.stopAll);
  const results = new Array<TaskResult>(tasks.length);
  const runOne = async (index: number): Promise<void> => {
    const result = await children.run(index);
    if (result !== undefined) results[index] = result;
  };
  // In the same turn, so that the first are claimed in the transaction that stores them all.
  const running = runGated(tasks.length, run.places, runOne, stored).finally(() => {
    signal?.removeEventListener('abort', children.stopAll);
    unwatch();
    release();
  });
  try {
    await stored;
  } catch (error) {
    await running;
    await rest();
    throw error;
  }

  const end = async (): Promise<DelegationResult> => {
    try {
      await running;
    } finally {
      await rest();
      if (opened !== undefined) await closeTreeBudget({ id: delegation_id }, deps);
    }
    const duration_ms = Math.max(0, clock.now() - created_at);
    run.emit?.({ type: 'delegation-end', ...run.of, duration_ms });
    return sumResults(results, { delegation_id, duration_ms });
  };
  return { delegation_id, ids, done: end() };
}

interface Children {
  /**
   * Claims a task at once and, when it is stored, runs it to its result; one that was stopped before it started has
   * its result already. Resolves to undefined when the tasks could not be stored.
   */
  run(index: number): Promise<TaskResult | undefined>;
  stopAll(): void;
  /** Does what was asked of one of them. */
  on(control: Control): void;
}

/** The tasks of a delegation, each of which is run, or dropped, once. */
function createChildren(
  run: Run,
  tasks: readonly TaskPlan[],
  { stored, queued_at }: { readonly stored: Promise<void>; readonly queued_at: number },
): Children {
  const ends: (Promise<TaskResult | undefined> | undefined)[] = [];
  const whenStored = (end: () => Promise<TaskResult>): Promise<TaskResult | undefined> =>
    stored.then(end, () => undefined);
  const controllers: (AbortController | undefined)[] = [];
  const stop = (index: number): void => {
    controllers[index]?.abort('cancelled' satisfies StopCause);
    ends[index] ??= whenStored(() => drop(run, tasks[index]!, queued_at));
  };
  return {
    run(index) {
      ends[index] ??= start(index);
      return ends[index];
    },
    stopAll() {
      for (let index = 0; index < tasks.length; index++) stop(index);
    },
    on(control) {
      const index = tasks.findIndex(({ id }) => id === control.task_id);
      if (control.kind === 'stop') return stop(index);
      const { id, index: position, route } = tasks[index]!;
      run.steering.set(id, hear(run.steering.get(id), control));
      if (run.emit === undefined) return;
      tellOf(run, { id, index: position }, () => route, run.emit)({ type: 'steer', id: control.id, state: 'queued' });
    },
  };
  function start(index: number): Promise<TaskResult | undefined> {
    const plan = tasks[index]!;
    const controller = new AbortController();
    controllers[index] = controller;
    const { store, leases } = run.deps;
    const claimed = store.claim(plan.id, leases.owner, leases.lease_ms);
    claimed.catch(() => {});
    return whenStored(() => runChild(run, plan, { claimed, controller, queued_at }));
  }
}

interface Above {
  readonly within: Child | undefined;
  /** The budgets above, when another process keeps them. */
  readonly joined: readonly SharedLedger[];
}

function createRun(
  deps: EngineDeps,
  options: RunOptions,
  { within, joined }: Above,
): {
  readonly run: Run;
  /** Its own budget, where processes that its children start can join it. */
  readonly opened: SharedLedger | undefined;
} {
  const { workspace, toolsets, instructions, budget, on, parent, parent_route, origin } = options;
  const delegation_id = deps.newId('d');
  const depth = parent?.depth ?? 1;
  // What holds above a child of this process is counted in its ledgers.
  const limit = lowestBudget(within ? [budget] : [budget, deps.settings.budget, parent?.budget]);
  const toolsetsBelow = childToolsets(undefined, { allowed: deps.settings.toolsets, available: toolsets });
  const scope = { of: 'call', id: delegation_id } as const;
  const opened = limit !== undefined && startProcesses(toolsetsBelow) ? openTreeBudget(scope, limit, deps) : undefined;
  const own = opened ?? createLedger(scope, limit);
  const run: Run = {
    deps,
    of: { delegation_id, ...(parent && { parent_id: parent.task_id }), depth },
    root_id: parent?.root_id ?? delegation_id,
    ...(within && { within }),
    ...(parent_route?.price && { parent_price: parent_route.price }),
    workspace,
    ...(instructions !== undefined && { instructions }),
    places: within?.run.places ?? createPlaces(deps.settings.limits.max_concurrent_children),
    steering: new Map(),
    ledgers: [own ?? [], joined, within?.ledgers ?? deps.daily ?? []].flat(),
    equip: createEquip({ deps, workspace, toolsets, instructions, cache_key: delegation_id, depth }),
    nest: (call) => nest(call, deps, origin),
    ...(on && { emit: quiet(on) }),
  };
  return { run, opened };
}

/** Runs a child's call: below it in the record, within its budget, in the places of its tree, stopped with it. */
async function nest(
  { child, tasks, ...call }: NestedCall,
  deps: EngineDeps,
  origin: string,
): Promise<DelegationResult> {
  const { run, plan, route, own } = child;
  const options: RunOptions = {
    ...call,
    origin,
    workspace: own.workspace,
    ...(run.instructions !== undefined && { instructions: run.instructions }),
    ...(run.emit && { on: run.emit }),
    parent_route: route,
    parent: { task_id: plan.id, root_id: run.root_id, depth: run.of.depth + 1 },
  };
  const { delegation_id, done } = await startDelegation(tasks, deps, options, child);
  child.delegations.add(delegation_id);
  return done;
}

function tellQueued(run: Run, tasks: readonly TaskPlan[]): void {
  const { emit, of } = run;
  if (emit === undefined) return;
  emit({ type: 'delegation-start', ...of, task_ids: tasks.map((task) => task.id) });
  for (const plan of tasks) {
    const { source, notes, input, route } = plan;
    tellOf(run, plan, () => route, emit)({ type: 'task-queued', goal: input.goal, source, notes });
  }
}

/** What can be refused is refused before anything is stored. */
async function check(run: Run, tasks: readonly TaskPlan[]): Promise<void> {
  const { max_children_per_call, max_spawn_depth } = run.deps.settings.limits;
  if (tasks.length > max_children_per_call) {
    throw new DelegateError(
      'LIMIT_EXCEEDED',
      `"${tasks.length}" tasks were asked for; max_children_per_call is ${max_children_per_call}.`,
      {
        hint: 'Split the call, or raise `delegation.max_children_per_call`.',
      },
    );
  }
  if (run.of.depth > max_spawn_depth) {
    throw new DelegateError(
      'LIMIT_EXCEEDED',
      `A child at depth "${run.of.depth}" was asked for; max_spawn_depth is ${max_spawn_depth}.`,
      {
        hint: 'Do the work in this task, or raise `delegation.max_spawn_depth`.',
      },
    );
  }
  const issues: Issue[] = [];
  const attempt = async (path: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DelegateError)) throw error;
      const { code, message, hint } = error;
      issues.push({ code, path, message, hint, suggestions: [] });
    }
  };
  const adapters = new Set<string>();
  for (const { index, input, route } of tasks) {
    await attempt(`tasks[${index}]`, async () => {
      for (const each of [route, ...route.fallback]) {
        const adapter = `${each.wire} ${each.package}`;
        if (adapters.has(adapter)) continue;
        await run.deps.providerFor(each);
        adapters.add(adapter);
      }
    });
    const { images = [], output_schema } = input;
    for (const [i, ref] of images.entries()) {
      await attempt(`tasks[${index}].images[${i}]`, () => run.deps.loadImage(ref, run.workspace));
    }
    if (output_schema !== undefined) {
      await attempt(`tasks[${index}].output_schema`, () => run.deps.validateOutput(output_schema, null));
    }
  }
  if (issues.length > 0) throw refusal(issues);
  for (const plan of tasks) await run.equip(plan);
}

/** Resolves or rejects as `work`, or resolves as soon as the signal aborts. */
function unlessStopped(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    signal.addEventListener('abort', stop);
    // What is refused at once is refused all the same.
    if (signal.aborted) queueMicrotask(stop);
  });
}

/** Ends a task that never started. */
async function drop(run: Run, plan: TaskPlan, queued_at: number): Promise<TaskResult> {
  const result = await finish(run, plan, {
    attempt: undefined,
    ending: endingOfStop('cancelled', 0),
    tally: createTally(run.parent_price),
    transcript: undefined,
    steers: steersAtEnd(run.steering.get(plan.id)),
    entries: [],
    queued_ms: run.deps.clock.now() - queued_at,
    total_ms: 0,
  });
  if (run.emit !== undefined) tellOf(run, plan, () => plan.route, run.emit)({ type: 'task-end', result });
  run.deps.controls.ended();
  return result;
}

/** A listener is a guest: what it throws changes nothing. */
function quiet(on: EventListener): EventListener {
  return (event) => {
    try {
      on(event);
    } catch {}
  };
}
