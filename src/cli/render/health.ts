import wrap from 'wrap-ansi';
import { duration, money, tokens } from '../../core/budget/amounts.ts';
import { sumCosts } from '../../core/budget/cost.ts';
import { addUsage, NO_USAGE } from '../../core/budget/sum-results.ts';
import type { RouteHealth } from '../../core/route-health.ts';
import type { Yardmaster } from '../../yardmaster.ts';
import { foreignName, type Output, oneLine, type Paint } from '../output.ts';
import { routeName } from './route-name.ts';
import { table } from './table.ts';

/** Wider lines of prose are hard to read. */
const MAX_PROSE = 105;

/** A table of what every route answered, then what is wrong and what to do, then what it cost. */
export function renderHealth(
  { routes, undecided, skipped }: Awaited<ReturnType<Yardmaster['probe']>>,
  { paint, columns }: Output,
): string {
  const titles = [
    { title: '' },
    { title: 'route', min: 16 },
    { title: 'answer', min: 8 },
    { title: 'key' },
    { title: 'tools' },
    { title: 'effort' },
    { title: 'time', align: 'right' as const, spare: true },
    { title: 'cost', align: 'right' as const, spare: true },
    { title: 'used by', min: 8, spare: true },
  ];
  const rows = routes.map((health) => [
    health.healthy ? paint.green('✔') : paint.red('✘'),
    routeName(health.route, paint),
    answerCell(health, paint),
    keyCell(health, paint),
    stateCell(health.tools, paint),
    effortCell(health, paint),
    duration(health.total_ms),
    money(health.cost),
    oneLine(health.used_by.join(', ')),
  ]);
  const wrong = [
    ...routes.flatMap(({ route, error, used_by }) =>
      error === undefined ? [] : [{ name: `${routeName(route)} (${used_by.join(', ')})`, ...error }],
    ),
    ...undecided.flatMap(({ used_by, issues }) => issues.map((issue) => ({ name: used_by, ...issue }))),
  ];
  const prose = (text: string, indent: string): string =>
    wrap(oneLine(text), Math.max(20, Math.min(columns, MAX_PROSE) - indent.length), { hard: true })
      .split('\n')
      .map((line) => indent + line)
      .join('\n');
  const told = wrong.flatMap(({ name, code, message, hint }) => [
    wrap(`${paint.red('✘')} ${paint.bold(oneLine(name))} ${code}`, columns, { hard: true }),
    prose(message, '  '),
    ...(hint === '' ? [] : [prose(`→ ${hint}`, '  ')]),
  ]);
  const notAsked = skipped.map(({ used_by, issues }) =>
    paint.dim(prose(`• ${used_by} was not asked: ${issues[0]?.message ?? ''} ${issues[0]?.hint ?? ''}`, '')),
  );
  const healthy = routes.filter((health) => health.healthy).length;
  const usage = routes.reduce((sum, health) => addUsage(sum, health.usage), NO_USAGE);
  const requests = routes.reduce((sum, health) => sum + health.requests, 0);
  const cost = sumCosts(routes.map((health) => health.cost));
  const sum = `${healthy} of ${routes.length} ${routes.length === 1 ? 'route' : 'routes'} healthy · ${requests} ${requests === 1 ? 'request' : 'requests'} · ${tokens(usage)} · ${money(cost)}`;
  return [
    ...(routes.length === 0 ? [] : table(titles, rows, columns)),
    ...(told.length === 0 ? [] : ['', ...told]),
    ...(notAsked.length === 0 ? [] : ['', ...notAsked]),
    ...(routes.length + told.length + notAsked.length === 0 ? [] : ['']),
    wrap(paint.dim(routes.length === 0 ? 'No route is configured: nothing was asked.' : sum), columns),
  ].join('\n');
}

function answerCell({ served, error }: RouteHealth, paint: Paint): string {
  if (served.verified === 'mismatch') return paint.red(`served ${foreignName(served.model ?? '')}`);
  if (error !== undefined && served.model === undefined) return paint.red(error.class ?? error.code.toLowerCase());
  return served.verified === 'match' ? paint.green('as asked') : paint.yellow('unreported');
}

function keyCell({ key }: RouteHealth, paint: Paint): string {
  return { accepted: paint.green('✔'), refused: paint.red('✘'), not_needed: '–', unknown: '?' }[key];
}

function stateCell(state: RouteHealth['tools'], paint: Paint): string {
  return { accepted: paint.green('✔'), refused: paint.red('✘'), not_offered: '–', unknown: '?' }[state];
}

function effortCell({ effort, route }: RouteHealth, paint: Paint): string {
  if (effort === 'not_asked') return '–';
  const mark = { accepted: paint.green('✔'), refused: paint.red('✘'), unknown: '?' }[effort];
  return `${mark} ${route.reasoning_effort ?? ''}`.trimEnd();
}
