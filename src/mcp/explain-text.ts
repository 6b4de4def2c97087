import { priceRange } from '../core/budget/amounts.ts';
import type { Explanation } from '../core/explain.ts';
import { routeLabel } from '../core/route.ts';

/** What would run, where each field came from, and what it may cost: three lines a task. */
export function explainText({ tasks, concurrency, price }: Explanation): string {
  return [
    ...tasks.map(({ index, goal, route, source, notes, toolsets, price: band }) => {
      const effort = route.reasoning_effort;
      const from = [`provider from ${source.provider}`, `model from ${source.model}`];
      if (source.reasoning_effort !== undefined) from.push(`effort from ${source.reasoning_effort}`);
      return [
        `[${index + 1}] ${routeLabel(route)}${effort === undefined ? '' : ` effort ${effort}`}${route.simulated ? ' (simulated)' : ''}: ${goal}`,
        `    ${from.join(', ')}; toolsets ${toolsets.join(', ') || 'none'}; ${priceRange(band)}`,
        ...(route.fallback.length === 0 ? [] : [`    fallback ${route.fallback.map(routeLabel).join(' → ')}`]),
        ...notes.map((note) => `    note: ${note}`),
      ].join('\n');
    }),
    `${concurrency.at_once} of ${concurrency.tasks} at once; together ${priceRange(price)}. Nothing was sent.`,
  ].join('\n');
}
