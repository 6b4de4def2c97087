import { count, money } from '../../core/budget/amounts.ts';
import type { RouteSpend } from '../../core/result.ts';
import type { SessionSpend } from '../../core/session.ts';
import type { Paint } from '../output.ts';
import { markSimulated, routeName } from '../render/route-name.ts';
import { table } from '../render/table.ts';
import { addCosts, addUsage } from '../sums.ts';

/** What a session spent, by model and by provider, and what its children would have cost on the parent's model. */
export function costText({ by_route, cost, children }: SessionSpend, width: number, paint: Paint): string {
  if (by_route.length === 0) return paint.dim('Nothing was spent yet.');
  const lines = [
    ...groups('model', by_route, { name: ({ route }) => routeName(route, paint), width, paint }),
    '',
    ...groups('provider', by_route, { name: ({ route }) => markSimulated(route.provider, route, paint), width, paint }),
    '',
    `${paint.bold('total')} ${money(cost)}`,
  ];
  const { cost_on_parent_route: other } = children;
  if (children.usage.input + children.usage.output > 0) {
    const compared =
      other === undefined
        ? 'what they would have cost on the parent’s model is not known'
        : `on the parent’s model the same tokens would have cost ${money(other)}`;
    lines.push(`${paint.bold('children')} ${money(children.cost)}; ${compared}`);
  }
  if (!cost.complete)
    lines.push(paint.dim('≥ : some model has no known price, or a provider reported no usage; it is at least this.'));
  return lines.join('\n');
}

function groups(
  title: string,
  spent: readonly RouteSpend[],
  {
    name,
    width,
    paint,
  }: { readonly name: (spent: RouteSpend) => string; readonly width: number; readonly paint: Paint },
): string[] {
  const by = new Map<string, RouteSpend[]>();
  for (const one of spent) by.set(name(one), [...(by.get(name(one)) ?? []), one]);
  const right = 'right' as const;
  const columns = [
    { title: paint.dim(title), min: 12 },
    { title: paint.dim('requests'), align: right, spare: true },
    { title: paint.dim('tokens in'), align: right, spare: true },
    { title: paint.dim('cached'), align: right, spare: true },
    { title: paint.dim('out'), align: right, spare: true },
    { title: paint.dim('cost'), align: right },
  ];
  const rows = [...by].map(([label, parts]) => {
    const usage = addUsage(parts.map((part) => part.usage));
    return {
      cost: addCosts(parts.map((part) => part.cost)),
      cells: [
        label,
        String(parts.reduce((sum, { turns }) => sum + turns, 0)),
        count(usage.input),
        count(usage.cache_read),
        count(usage.output),
      ],
    };
  });
  rows.sort((one, other) => other.cost.usd - one.cost.usd);
  return table(
    columns,
    rows.map(({ cells, cost }) => [...cells, money(cost)]),
    width,
  );
}
