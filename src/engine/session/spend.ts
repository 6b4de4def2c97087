import { sumCosts } from '../../core/budget/cost.ts';
import { addUsage, NO_USAGE } from '../../core/budget/sum-results.ts';
import type { RouteSpend, TaskResult } from '../../core/result.ts';
import type { SessionSpend } from '../../core/session.ts';

/** What one agent used itself. */
type Own = Pick<TaskResult, 'usage' | 'cost' | 'by_route' | 'route' | 'turns'>;

/** Adds up what a session uses. */
export interface Spending {
  readonly total: SessionSpend;
  /** A reply of the parent: its own part. */
  addReply(reply: Own): void;
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

  const addRoutes = (own: Own): readonly RouteSpend[] => {
    const sums = new Map(total.by_route.map((spend) => [JSON.stringify(spend.route), spend]));
    for (const spend of spentIn(own)) {
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
        by_route: addRoutes(reply),
      };
    },
    addChild(result, depth) {
      if (counted.has(result.id)) return;
      counted.add(result.id);
      total = { ...total, by_route: addRoutes({ ...result, ...result.own }) };
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

/** Route by route; nothing when no request can have cost anything. */
export function spentIn({ usage, cost, turns, by_route, route }: Own): readonly RouteSpend[] {
  if (by_route !== undefined) return by_route;
  return turns === 0 && cost.complete ? [] : [{ route: route.resolved, usage, cost, turns }];
}

function plus(a: RouteSpend, b: RouteSpend): RouteSpend {
  return { ...a, usage: addUsage(a.usage, b.usage), cost: sumCosts([a.cost, b.cost]), turns: a.turns + b.turns };
}
