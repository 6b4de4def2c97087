import { DelegateError, type Issue, refusal } from '../errors.ts';
import { createResolver } from '../resolve-route.ts';
import { type Route, type RouteRequest, type RouteSource, routeLabel } from '../route.ts';
import type { SessionRoute } from '../session.ts';
import type { RoutingSettings } from '../settings.ts';
import { readRouteRequest } from './parse-delegate-call.ts';
import { type PreflightContext, unpricedIssues } from './preflight.ts';

/**
 * The parent's own route, read and resolved as a task's fields are: `request` is the nearest layer, and the route in
 * force (without one: `model` of the configuration) the parent's. What configuration says for children, and the
 * operator's policy about them, does not bind the parent. Throws a refusal naming all issues.
 */
export function resolveParent(
  request: unknown,
  { settings, routing, resolver }: PreflightContext,
  current?: SessionRoute,
): SessionRoute {
  const read = readRouteRequest(request);
  if (read.issues.length > 0) throw refusal(read.issues);
  const own = createResolver(resolver.catalog, ownRouting(routing), current && { parent: current.route });
  const resolution = own.resolve({ task: read.request, call: {} });
  if (!resolution.ok) throw refusal(resolution.issues.map((issue) => ({ ...issue, path: ownPath(issue.path) })));
  const { route, requested, notes } = resolution;
  const issues = [route, ...route.fallback].flatMap((each) => [
    ...unableIssues(each),
    ...unpricedIssues(each, undefined, { path: '', daily_usd: settings.daily_usd }),
  ]);
  if (issues.length > 0) throw refusal(issues);
  return { route, requested, notes, source: sourceOf(resolution.source, current?.source) };
}

/** A request that asks for the same route again, in another process. */
export function requestOfRoute({ name, provider, model, reasoning_effort }: Route): RouteRequest {
  if (name !== undefined) return { route: name, ...(reasoning_effort && { reasoning_effort }) };
  return { provider, model, ...(reasoning_effort && { reasoning_effort }) };
}

function ownRouting(routing: RoutingSettings): RoutingSettings {
  const { effort_policy } = routing.policy;
  return {
    ...routing,
    delegation: {},
    fallback: [],
    policy: { selection: 'open', allow: ['*'], deny: [], above_parent_price: 'allow', effort_policy },
  };
}

/** The parent delegates with a tool. */
function unableIssues(route: Route): Issue[] {
  if (route.tools !== false) return [];
  return [
    {
      code: 'ABILITY_MISSING',
      path: '',
      message: `"${routeLabel(route)}" cannot call tools, and the parent agent works with tools.`,
      hint: 'Ask for another model; a child without toolsets can run on this one.',
      suggestions: [],
    },
  ];
}

/** What stays as it was has the source it had. */
function sourceOf(now: RouteSource, before: RouteSource | undefined): RouteSource {
  if (before === undefined) return now;
  const fields = (Object.keys(now) as (keyof RouteSource)[]).filter((field) => now[field] === 'parent');
  return { ...now, ...Object.fromEntries(fields.map((field) => [field, before[field] ?? 'parent'])) };
}

/** `task.model` is `model` to who asked for it. */
function ownPath(path: string): string {
  return path.replace(/^task\.?/, '');
}

/** Toolsets of a session: those the parent may use here, narrowed to what was asked for. Throws `TOOLSET_DENIED`. */
export function parentToolsets(asked: readonly string[] | undefined, available: readonly string[]): readonly string[] {
  const wrong = asked?.find((name) => !available.includes(name));
  if (wrong === undefined) return available.filter((name) => asked?.includes(name) ?? true);
  throw new DelegateError('TOOLSET_DENIED', `The toolset "${wrong.slice(0, 100)}" is refused to the parent agent.`, {
    hint: `\`toolsets\` of the configuration allows, and there are here: ${available.join(', ') || 'none'}.`,
  });
}
