import { type PlannedCall, planCall } from '../../core/call/plan-call.ts';
import type { PreflightContext } from '../../core/call/preflight.ts';
import { DelegateError } from '../../core/errors.ts';
import { ruleOfRoute } from '../../core/permissions.ts';
import { createResolver } from '../../core/resolve-route.ts';
import { routeLabel } from '../../core/route.ts';
import { indexOf } from '../../core/routing/catalog-index.ts';
import { createRoutePolicy } from '../../core/routing/route-policy.ts';
import type { Ask } from './permit.ts';

/** A call that may run, and what it was decided by: `explain` of it says the same. */
export interface Decided {
  readonly planned: PlannedCall;
  readonly context: PreflightContext;
}

const GOAL_SHOWN = 120;

/**
 * Plans a call of the parent. Where nothing but the operator's policy about routes refuses it, the person is asked about
 * the whole batch before anything starts; a yes lifts that policy from this call, and every other check is made again.
 * Throws the refusal otherwise.
 */
export async function planOrAsk(
  args: unknown,
  context: PreflightContext,
  {
    ask,
    attended,
    call_id,
    signal,
  }: { readonly ask: Ask; readonly attended: boolean; readonly call_id: string; readonly signal: AbortSignal },
): Promise<Decided> {
  try {
    return { planned: planCall(args, context), context };
  } catch (refused) {
    if (!(refused instanceof DelegateError) || !refused.issues.some(({ code }) => code === 'ROUTE_DENIED'))
      throw refused;
    const lenient = withoutPolicy(context);
    const planned = planAll(args, lenient);
    if (planned === undefined || !('tasks' in planned)) throw refused;
    const policy = createRoutePolicy(
      context.routing.policy,
      indexOf(context.resolver.catalog),
      () => context.resolver.parent,
    );
    const labels = new Set<string>();
    const tasks = planned.tasks.map(({ index, input, route }) => ({
      index,
      goal: input.goal.slice(0, GOAL_SHOWN),
      route,
      refused: [route, ...route.fallback].flatMap((each) => {
        const denial = policy(each);
        if (denial === undefined) return [];
        labels.add(routeLabel(each));
        return [`"${routeLabel(each)}" is refused: ${denial.rule}.`];
      }),
    }));
    const question = {
      kind: 'routes',
      call_id,
      tasks,
      always: `let subagents run on ${[...labels].join(', ')}`,
    } as const;
    if (await ask(question, { rules: [...labels].map(ruleOfRoute), signal })) return { planned, context: lenient };
    if (!attended) throw refused;
    throw new DelegateError(
      'ROUTE_DENIED',
      `The person refused ${[...labels].map((label) => `"${label}"`).join(', ')}; nothing was started.`,
      {
        hint: 'Ask for other models, or do the work yourself.',
      },
    );
  }
}

/** Undefined: it is refused for other reasons, too. */
function planAll(args: unknown, context: PreflightContext): PlannedCall | undefined {
  try {
    return planCall(args, context);
  } catch (error) {
    if (error instanceof DelegateError) return undefined;
    throw error;
  }
}

/** Callers still choose no more than `selection` lets them. */
function withoutPolicy(context: PreflightContext): PreflightContext {
  const { selection, effort_policy } = context.routing.policy;
  const policy = { selection, effort_policy, allow: ['*'], deny: [], above_parent_price: 'allow' } as const;
  const routing = { ...context.routing, policy };
  const { parent, catalog } = context.resolver;
  return { ...context, routing, resolver: createResolver(catalog, routing, parent && { parent }) };
}
