import { sumCosts } from '../../core/budget/cost.ts';
import { addUsage, NO_USAGE } from '../../core/budget/sum-results.ts';
import type { RouteSpend, TaskResult } from '../../core/result.ts';
import type { SessionSpend } from '../../core/session.ts';

/** Adds up what a session uses. */
export interface Spending {
  readonly total: SessionSpend;
  /** A reply of the parent: its own part. */
  addReply(reply: Pick<TaskResult, 'usage' | 'cost' | 'by_route' | 'route' | 'turns'>): void;
  /** The end of a child, or of one below it; each counts once. `depth` 1: the parent's own child. */
  addChild(result: TaskResult, depth: number): void;
}

const NOTHING: SessionSpend = {
  usage: NO_USAGE,
  cost: { usd: 0, complete: true },
  by_route: [],
  children: { usage: NO_USAGE, cost: { usd: 0, complete: true } },
};

/** `before`: of earlier processes. `whole`: what they used is known to the end. */
export function createSpending(before: SessionSpend = NOTHING, whole = true): Spending {
  let total: SessionSpend = whole ? before : { ...before, cost: { ...before.cost, complete: false } };
  const counted = new Set<string>();

  const addRoutes = (
    own: Pick<TaskResult, 'usage' | 'cost' | 'by_route' | 'route' | 'turns'>,
    routes: readonly RouteSpend[],
  ): readonly RouteSpend[] => {
    const { usage, cost, turns } = own;
    const added =
      own.by_route ?? (turns === 0 && cost.usd === 0 ? [] : [{ route: own.route.resolved, usage, cost, turns }]);
    const sums = new Map(routes.map((spend) => [JSON.stringify(spend.route), spend]));
    for (const spend of added) {
      const key = JSON.stringify(spend.route);
      const sum = sums.get(key);
      sums.set(key, sum === undefined ? spend : plus(sum, spend));
    }
    return [...sums.values()];
  };

  return {
    get total() {
      return total;
    },
    addReply(reply) {
      total = {
        ...total,
        usage: addUsage(total.usage, reply.usage),
        cost: sumCosts([total.cost, reply.cost]),
        by_route: addRoutes(reply, total.by_route),
      };
    },
    addChild(result, depth) {
      if (counted.has(result.id)) return;
      counted.add(result.id);
      const own = { ...result, ...result.own };
      const by_route = addRoutes(own, total.by_route);
      total = { ...total, by_route };
      // What is below it stands in its own figures.
      if (depth > 1) return;
      const { usage, cost, cost_on_parent_route: there } = result;
      const { children } = total;
      const before_there = children.usage === NO_USAGE ? { usd: 0, complete: true } : children.cost_on_parent_route;
      total = {
        ...total,
        usage: addUsage(total.usage, usage),
        cost: sumCosts([total.cost, cost]),
        children: {
          usage: addUsage(children.usage, usage),
          cost: sumCosts([children.cost, cost]),
          ...(there && before_there && { cost_on_parent_route: sumCosts([before_there, there]) }),
        },
      };
    },
  };
}

function plus(a: RouteSpend, b: RouteSpend): RouteSpend {
  return { ...a, usage: addUsage(a.usage, b.usage), cost: sumCosts([a.cost, b.cost]), turns: a.turns + b.turns };
}
