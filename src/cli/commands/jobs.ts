import { ago, money } from '../../core/budget/amounts.ts';
import type { TaskStatus } from '../../core/result.ts';
import type { TaskRecord } from '../../core/store.ts';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { oneLine } from '../output.ts';
import { routeName } from '../render/route-name.ts';
import { table } from '../render/table.ts';
import { addCosts, costSoFar } from '../sums.ts';

interface Job {
  readonly delegation_id: string;
  readonly origin: string;
  readonly created_at: number;
  readonly tasks: number;
  readonly statuses: Partial<Record<TaskStatus, number>>;
  readonly models: readonly string[];
  readonly cost: { readonly usd: number; readonly complete: boolean };
  readonly goal: string;
}

/** Calls of children are part of the delegation they belong to; `status` shows them. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const store = await yard.store();
  await yard.recover();
  const limit = context.flags.limit as number;
  const jobs = group((await store.tasks({ limit: 10_000 })).filter((task) => task.parent_id === undefined)).slice(
    0,
    limit,
  );
  if (context.output.json) {
    context.output.document(jobs);
    return EXIT_OK;
  }
  if (jobs.length === 0) {
    context.output.note('No delegation yet. `yardmaster delegate --help` shows how to start one.');
    return EXIT_OK;
  }
  const now = Date.now();
  const rows = jobs.map((job) => [
    job.delegation_id,
    ago(job.created_at, now),
    job.origin,
    Object.entries(job.statuses)
      .map(([status, n]) => `${n} ${status}`)
      .join(', '),
    job.models.join(', '),
    money(job.cost),
    oneLine(job.goal),
  ]);
  const columns = [
    { title: 'delegation' },
    { title: 'started' },
    { title: 'by', spare: true },
    { title: 'tasks', min: 10 },
    { title: 'models', min: 12 },
    { title: 'cost', align: 'right' as const },
    { title: 'first goal', min: 10, spare: true },
  ];
  context.output.data(table(columns, rows, context.output.columns).join('\n'));
  return EXIT_OK;
};

/** Newest first, as the store gives them. */
function group(tasks: readonly TaskRecord[]): Job[] {
  const groups = new Map<string, TaskRecord[]>();
  for (const task of tasks) {
    const group = groups.get(task.delegation_id);
    if (group === undefined) groups.set(task.delegation_id, [task]);
    else group.push(task);
  }
  return [...groups.values()].map((members) => {
    const ordered = [...members].sort((a, b) => a.index - b.index);
    const [first] = ordered as [TaskRecord];
    const statuses: Partial<Record<TaskStatus, number>> = {};
    for (const { status } of ordered) statuses[status] = (statuses[status] ?? 0) + 1;
    return {
      delegation_id: first.delegation_id,
      origin: first.origin,
      created_at: first.created_at,
      tasks: ordered.length,
      statuses,
      models: [...new Set(ordered.map(({ route }) => routeName(route)))],
      cost: addCosts(ordered.map(costSoFar)),
      goal: first.input.goal,
    };
  });
}
