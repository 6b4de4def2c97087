import { count, money } from '../../core/budget/amounts.ts';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { markSimulated, routeName } from '../render/route-name.ts';
import { table } from '../render/table.ts';
import { addCosts, addUsage, type Spent, spentBy } from '../sums.ts';

const DAY_MS = 86_400_000;

const GROUPS: Record<string, (spent: Spent) => string> = {
  model: ({ route }) => routeName(route),
  provider: ({ route }) => markSimulated(route.provider, route),
  day: ({ at, route }) => markSimulated(new Date(at).toISOString().slice(0, 10), route),
};

/**
 * What ended tasks spent, and the parents of saved sessions, simulated ones apart. A task that hopped counts in every
 * group that it spent something in.
 */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const store = await yard.store();
  const since = Date.now() - (context.flags.days as number) * DAY_MS;
  await yard.recover();
  const all = await store.tasks({ since, limit: 1_000_000 });
  const ended = all.filter((task) => task.result !== undefined);
  const key = GROUPS[String(context.flags.by)]!;
  const groups = new Map<string, Spent[]>();
  for (const spent of [...ended.flatMap(spentBy), ...(await yard.spentInSessions(since))]) {
    const name = key(spent);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [spent]);
    else group.push(spent);
  }
  const sums = [...groups].map(([name, spent]) => ({
    name,
    tasks: new Set(spent.flatMap(({ task }) => task ?? [])).size,
    usage: addUsage(spent.map(({ usage }) => usage)),
    cost: addCosts(spent.map(({ cost }) => cost)),
  }));
  sums.sort((a, b) =>
    context.flags.by === 'day' ? b.name.localeCompare(a.name) : b.cost.usd - a.cost.usd || a.name.localeCompare(b.name),
  );
  const today = await yard.spentToday();
  const total = addCosts(sums.map(({ cost }) => cost));
  if (context.output.json) {
    context.output.document({
      by: context.flags.by,
      days: context.flags.days,
      groups: sums,
      total,
      ...(today && { today }),
    });
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
  if (today !== undefined) {
    const rest = today.held > 0 ? `, ${usd(today.held)} set aside by what is running` : '';
    context.output.data(`today (UTC): ${usd(today.used)} of the daily budget of ${usd(today.limit)}${rest}`);
  }
  if (!total.complete)
    context.output.note(
      '≥ : some model has no known price, or a provider reported no usage; the true cost is at least this.',
    );
  return EXIT_OK;
};

function usd(amount: number): string {
  return money({ usd: amount, complete: true });
}
