import { type Ending, ended } from '../../core/ending.ts';
import { routeLabel } from '../../core/route.ts';
import type { Agent } from '../agent.ts';
import type { Shortage } from './budget.ts';

/** The ending of a child whose next request could pass a budget. What it has by then is kept. */
export function endingOfBudget({ tally, route }: Pick<Agent, 'tally' | 'route'>, short: Shortage): Ending {
  const { because, kind, scope, limit, used, set_aside, needs } = short;
  const whose = { task: "the task's budget", call: `the budget of call "${scope.id}"`, day: 'the daily budget' }[
    scope.of
  ];
  const message =
    because === 'unpriced'
      ? `${capital(whose)} of ${limit} usd cannot be kept on "${routeLabel(route)}": its price is not known.`
      : `The next request could pass ${whose}: of ${plain(limit)} ${kind}, ${plain(used)} are used and ${plain(set_aside)} set aside, and it needs at least ${plain(needs)}.`;
  const hint =
    because === 'unpriced'
      ? "Declare its price under the provider's `models`, or limit `tokens` or `turns` instead of `usd`."
      : scope.of === 'day'
        ? 'Raise `budgets.daily_usd`, or go on when the next day begins (UTC).'
        : 'Raise the budget or split the task.';
  return ended(tally.sent === undefined && tally.turns === 0 ? 'denied' : 'partial', 'budget', {
    code: 'BUDGET_EXCEEDED',
    message,
    hint,
    budget: { ...scope, kind, limit, used: Math.max(0, used), set_aside: Math.max(0, set_aside), needs },
  });
}

/** Without the noise of sums of fractions. */
function plain(amount: number): string {
  return String(Number(Math.max(0, amount).toPrecision(6)));
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
