import { sumCosts } from '../core/cost.ts';
import { endingOfStop, type StopCause } from '../core/ending.ts';
import { DelegateError, type Issue, refusal } from '../core/errors.ts';
import type { EventListener } from '../core/events.ts';
import { lowestBudget, type PlannedTask } from '../core/preflight.ts';
import type { DelegationResult, TaskResult } from '../core/result.ts';
import type { TaskPlan } from '../core/store.ts';
import type { Budget } from '../core/task.ts';
import { createLedger } from './budget.ts';
import { type Run, tellOf } from './child.ts';
import type { EngineDeps } from './deps.ts';
import { createEquip } from './equip.ts';
import { finish } from './finish.ts';
import { runGated } from './gate.ts';
import { runChild } from './run-child.ts';
import { addUsage, createTally, NO_USAGE } from './tally.ts';

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
  /** Set when a child delegates: the task it is, its root, and how deep its children are. */
  readonly parent?: { readonly task_id: string; readonly root_id: string; readonly depth: number };
}

/**
 * Runs planned tasks to their end and gives their results in the order asked.
 *
 * All tasks are stored, in one transaction, before the first starts. They then run side by side within
 * `max_concurrent_children`; one that fails or hangs neither holds back nor discards the others, whose results
 * are in the store and told as `task-end` as soon as they exist. Rejects only when nothing was started:
 * a limit, an unreadable image, an unknown toolset, a store that cannot write.
 */
export async function delegate(
  planned: readonly PlannedTask[],
  deps: EngineDeps,
  options: RunOptions,
): Promise<DelegationResult> {
  const { settings, clock, store, leases } = deps;
  const created_at = clock.now();
  const run = createRun(deps, options);
  const tasks = planned.map((task): TaskPlan => ({ ...task, id: deps.newId('t') }));
  await check(run, tasks);

  const { delegation_id: id, ...place } = run.of;
  const root_id = options.parent?.root_id ?? id;
  await store.create({ id, root_id, ...place, origin: options.origin, created_at, tasks }, leases);
  const release = leases.keep();
  tellQueued(run, tasks);

  const { signal } = options;
  const running = new Set<AbortController>();
  const stop = (): void => {
    for (const controller of running) controller.abort('cancelled' satisfies StopCause);
  };
  signal?.addEventListener('abort', stop);
  const results = new Array<TaskResult>(tasks.length);
  try {
    await runGated(tasks.length, settings.limits.max_concurrent_children, async (index) => {
      const plan = tasks[index]!;
      if (signal?.aborted) {
        results[index] = await drop(run, plan, created_at);
        return;
      }
      const controller = new AbortController();
      running.add(controller);
      results[index] = await runChild(run, plan, { controller, queued_at: created_at });
      running.delete(controller);
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    release();
  }
  const duration_ms = Math.max(0, clock.now() - created_at);
  run.emit?.({ type: 'delegation-end', ...run.of, duration_ms });
  return {
    delegation_id: id,
    results,
    usage: results.map((result) => result.usage).reduce(addUsage, NO_USAGE),
    cost: sumCosts(results.map((result) => result.cost)),
    duration_ms,
  };
}

function createRun(deps: EngineDeps, { workspace, toolsets, instructions, budget, on, parent }: RunOptions): Run {
  const delegation_id = deps.newId('d');
  return {
    deps,
    of: { delegation_id, ...(parent && { parent_id: parent.task_id }), depth: parent?.depth ?? 1 },
    workspace,
    ledger: createLedger(lowestBudget([budget, deps.settings.budget])),
    equip: createEquip({ deps, workspace, toolsets, instructions, cache_key: delegation_id }),
    ...(on && { emit: quiet(on) }),
  };
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
  for (const { index, input } of tasks) {
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

/** Ends a task that never started. */
async function drop(run: Run, plan: TaskPlan, queued_at: number): Promise<TaskResult> {
  const result = await finish(run, plan, {
    attempt: undefined,
    ending: endingOfStop('cancelled', 0),
    tally: createTally(),
    transcript: undefined,
    entries: [],
    queued_ms: run.deps.clock.now() - queued_at,
    total_ms: 0,
  });
  if (run.emit !== undefined) tellOf(run, plan, () => plan.route, run.emit)({ type: 'task-end', result });
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
