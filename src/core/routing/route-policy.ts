import { highestOutputPrice } from '../budget/cost.ts';
import type { Issue } from '../errors.ts';
import { type Route, type RouteRequest, routeLabel } from '../route.ts';
import type { RoutingPolicy } from '../settings.ts';
import type { CatalogIndex } from './catalog-index.ts';
import { fitsPattern } from './fits-pattern.ts';
import { quote } from './parse-name.ts';
import type { Ask } from './read-layer.ts';
import { issueOf } from './routing-issues.ts';

/** What `selection` says about the fields a caller set at one level, field by field. */
export function selectionIssues({ said, path }: Ask, policy: RoutingPolicy): Issue[] {
  if (said === undefined || policy.selection === 'open') return [];
  const onlyRoutes = policy.selection === 'routes';
  return (Object.entries(said) as [keyof RouteRequest, string][])
    .filter(([field]) => !(onlyRoutes && field === 'route'))
    .map(([field, asked]) =>
      issueOf(
        'ROUTE_DENIED',
        `${path}.${field}`,
        `The ${field} ${quote(asked)} may not be chosen here: delegation.selection is "${policy.selection}".`,
        onlyRoutes ? 'Leave it out, or ask for a named "route".' : 'Leave it out; the configured route is used.',
      ),
    );
}

/** A rule of the operator that refuses a route, and what the caller can do. */
export interface Denial {
  readonly rule: string;
  readonly hint: string;
}

/** Says which rule refuses a route; undefined = none. */
export type RoutePolicy = (route: Route) => Denial | undefined;

/**
 * The operator's rules on which routes children may have, read once. Fallbacks are held to them each by itself.
 * Contract: `parent` is asked for only when a rule compares with it.
 */
export function createRoutePolicy(
  policy: RoutingPolicy,
  index: CatalogIndex,
  parent: () => Route | undefined,
): RoutePolicy {
  const deny = policy.deny.map((pattern) => ({ pattern, covers: compile(pattern, index) }));
  const allow = policy.allow.map((pattern) => compile(pattern, index));
  const { max_price, above_parent_price } = policy;
  return (route) => {
    const hit = deny.find(({ covers }) => covers(route));
    if (hit !== undefined) {
      return { rule: `delegation.deny has "${hit.pattern}"`, hint: 'Ask for another model, or change that rule.' };
    }
    if (!allow.some((covers) => covers(route))) {
      const patterns = policy.allow.map((pattern) => `"${pattern}"`).join(', ') || 'nothing';
      return {
        rule: `delegation.allow has only ${patterns}`,
        hint: 'Ask for a model that it covers, or add a pattern.',
      };
    }
    return (
      (max_price === undefined ? undefined : tooDear(route, max_price)) ??
      (above_parent_price === 'allow' ? undefined : aboveParent(route, parent(), above_parent_price))
    );
  };
}

/** An unknown price is not a low one. */
function tooDear({ price }: Route, limit: number): Denial | undefined {
  const out = highestOutputPrice(price);
  if (out !== undefined && out <= limit) return undefined;
  return {
    rule: `delegation.max_price is ${limit} USD per million output tokens, and its price is ${out ?? 'unknown'}`,
    hint: out === undefined ? 'State its price under "providers".' : 'Ask for a cheaper model.',
  };
}

function aboveParent(route: Route, parent: Route | undefined, rule: 'ask' | 'deny'): Denial | undefined {
  // Without a parent to compare with, nothing is known to be cheap enough.
  if (parent === undefined) {
    return {
      rule: `delegation.above_parent_price is "${rule}", and the parent's model is not known here`,
      hint: 'Set "model" in the configuration to what the parent runs on, or "delegation.max_price" instead of this rule.',
    };
  }
  if (routeLabel(route) === routeLabel(parent)) return undefined;
  const out = highestOutputPrice(route.price);
  const limit = highestOutputPrice(parent.price);
  if (out !== undefined && limit !== undefined && out <= limit) return undefined;
  const prices = `its output price (${out ?? 'unknown'}) is not known to be at most the parent's (${limit ?? 'unknown'})`;
  const cheaper = 'Ask for a cheaper model.';
  return {
    rule: `delegation.above_parent_price is "${rule}", and ${prices} in USD per million tokens`,
    hint: rule === 'ask' ? `Nobody can be asked here. ${cheaper}` : cheaper,
  };
}

/**
 * `provider/model` with `*` for anything, `provider` for all of one provider, `tag:<name>`. Letter case does not
 * matter, and a provider may go by any of its names: a rule that is spelled differently still binds.
 */
function compile(pattern: string, index: CatalogIndex): (route: Route) => boolean {
  const text = pattern.trim().toLowerCase();
  if (text === '*' || text === '*/*') return () => true;
  if (text.startsWith('tag:')) {
    const tag = text.slice('tag:'.length);
    return ({ tags }) => tags?.some((own) => own.toLowerCase() === tag) ?? false;
  }
  const slash = text.indexOf('/');
  const name = slash < 0 ? text : text.slice(0, slash);
  const provider = index.provider(name)?.id ?? name;
  const model = slash < 0 ? '*' : text.slice(slash + 1);
  return (route) => fitsPattern(provider, route.provider) && fitsPattern(model, route.model.toLowerCase());
}
