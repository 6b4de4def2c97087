import { count, money } from '../../core/amounts.ts';
import type { TaskResult } from '../../core/result.ts';
import type { TaskRecord } from '../../core/store.ts';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { markSimulated, routeName } from '../render/route-name.ts';
import { table } from '../render/table.ts';
import { addCosts, addUsage } from '../sums.ts';

const DAY_MS = 86_400_000;

const GROUPS: Record<string, (task: TaskRecord) => string> = {
  model: ({ route }) => routeName(route),
  provider: ({ route }) => markSimulated(route.provider, route),
  day: ({ created_at, route }) => markSimulated(new Date(created_at).toISOString().slice(0, 10), route),
};

/** What a task spent itself: what is below it is counted there. */
function ownOf({ result }: TaskRecord): Pick<TaskResult, 'usage' | 'cost'> {
  return result!.own ?? result!;
}

/** What ended tasks spent, simulated ones apart. A task on a fallback route is counted under the route it was planned for. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const store = await yard.store();
  const since = Date.now() - (context.flags.days as number) * DAY_MS;
  await yard.recover();
  const all = await store.tasks({ since, limit: 1_000_000 });
  const ended = all.filter((task) => task.result !== undefined);
  const key = GROUPS[String(context.flags.by)]!;
  const groups = new Map<string, TaskRecord[]>();
  for (const task of ended) groups.set(key(task), [...(groups.get(key(task)) ?? []), task]);
  const sums = [...groups].map(([name, tasks]) => ({
    name,
    tasks: tasks.length,
    usage: addUsage(tasks.map((task) => ownOf(task).usage)),
    cost: addCosts(tasks.map((task) => ownOf(task).cost)),
  }));
  sums.sort((a, b) =>
    context.flags.by === 'day' ? b.name.localeCompare(a.name) : b.cost.usd - a.cost.usd || a.name.localeCompare(b.name),
  );
  const total = addCosts(sums.map(({ cost }) => cost));
  if (context.output.json) {
    context.output.document({ by: context.flags.by, days: context.flags.days, groups: sums, total });
    return EXIT_OK;
  }
  const columns = [
    { title: String(context.flags.by), min: 14 },
    { title: 'tasks', align: 'right' as const },
    { title: 'tokens in', align: 'right' as const },
    { title: 'cached', align: 'right' as const },
    { title: 'tokens out', align: 'right' as const },
    { title: 'cost', align: 'right' as const },
  ];
  const rows = sums.map(({ name, tasks, usage, cost }) => [
    name,
    String(tasks),
    count(usage.input),
    count(usage.cache_read),
    count(usage.output),
    money(cost),
  ]);
  rows.push(['total', String(ended.length), '', '', '', money(total)]);
  context.output.data(table(columns, rows, context.output.columns).join('\n'));
  if (!total.complete)
    context.output.note(
      '≥ : some model has no known price, or a provider reported no usage; the true cost is at least this.',
    );
  return EXIT_OK;
};
