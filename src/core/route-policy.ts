import type { CatalogIndex } from './catalog-index.ts';
import { highestOutputPrice } from './cost.ts';
import type { Issue } from './errors.ts';
import type { Ask, RoutingContext } from './read-layer.ts';
import { type Route, type RouteRequest, routeLabel } from './route.ts';
import { issueOf } from './routing-issues.ts';
import type { RoutingPolicy } from './settings.ts';

/** What `selection` says about the fields a caller set at one level, field by field. */
export function selectionIssues({ said, path }: Ask, policy: RoutingPolicy): Issue[] {
  if (said === undefined || policy.selection === 'open') return [];
  const onlyRoutes = policy.selection === 'routes';
  return (Object.keys(said) as (keyof RouteRequest)[])
    .filter((field) => !(onlyRoutes && field === 'route'))
    .map((field) =>
      issueOf(
        'ROUTE_DENIED',
        `${path}.${field}`,
        `"${field}" may not be chosen here: delegation.selection is "${policy.selection}".`,
        onlyRoutes ? 'Leave it out, or ask for a named "route".' : 'Leave it out; the configured route is used.',
      ),
    );
}

/** Which rule refuses this route; undefined = none. Fallbacks are held to the same rules, each by itself. */
export function deniedBy(
  route: Route,
  { settings: { policy }, parent, index }: RoutingContext & { readonly parent: Route | undefined },
): { readonly rule: string; readonly hint: string } | undefined {
  const hit = policy.deny.find((pattern) => covers(pattern, route, index));
  if (hit !== undefined)
    return { rule: `delegation.deny has "${hit}"`, hint: 'Ask for another model, or change that rule.' };
  if (!policy.allow.some((pattern) => covers(pattern, route, index))) {
    return {
      rule: `delegation.allow has only ${policy.allow.map((pattern) => `"${pattern}"`).join(', ') || 'nothing'}`,
      hint: 'Ask for a model that it covers, or add a pattern.',
    };
  }
  const price = highestOutputPrice(route.price);
  if (policy.max_price !== undefined && !(price !== undefined && price <= policy.max_price)) {
    return {
      rule: `delegation.max_price is ${policy.max_price} USD per million output tokens, and its price is ${price ?? 'unknown'}`,
      hint:
        price === undefined
          ? 'State its price under "providers", or ask for another model.'
          : 'Ask for a cheaper model.',
    };
  }
  return aboveParent(route, parent, policy);
}

function aboveParent(
  route: Route,
  parent: Route | undefined,
  { above_parent_price: rule }: RoutingPolicy,
): { readonly rule: string; readonly hint: string } | undefined {
  if (rule === 'allow' || parent === undefined) return undefined;
  if (routeLabel(route) === routeLabel(parent)) return undefined;
  const price = highestOutputPrice(route.price);
  const limit = highestOutputPrice(parent.price);
  if (price !== undefined && limit !== undefined && price <= limit) return undefined;
  return {
    rule: `delegation.above_parent_price is "${rule}", and its output price (${price ?? 'unknown'}) is not known to be at most the parent's (${limit ?? 'unknown'}) USD per million tokens`,
    hint:
      rule === 'ask'
        ? 'Nobody can be asked here: choose a cheaper model, or set it to "allow".'
        : 'Ask for a cheaper model.',
  };
}

/**
 * `provider/model` with `*` for anything, `provider` for all of one provider, `tag:<name>`. Letter case does not
 * matter, and a provider may go by any of its names: a rule that is spelled differently still binds.
 */
function covers(pattern: string, route: Route, index: CatalogIndex): boolean {
  const text = pattern.trim().toLowerCase();
  if (text === '*') return true;
  if (text.startsWith('tag:')) return route.tags?.some((tag) => tag.toLowerCase() === text.slice(4)) ?? false;
  const slash = text.indexOf('/');
  const provider = slash < 0 ? text : text.slice(0, slash);
  const canonical = index.provider(provider)?.id ?? provider;
  if (!glob(canonical).test(route.provider)) return false;
  return slash < 0 || glob(text.slice(slash + 1)).test(route.model.toLowerCase());
}

const globs = new Map<string, RegExp>();

function glob(pattern: string): RegExp {
  const known = globs.get(pattern);
  if (known !== undefined) return known;
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const compiled = new RegExp(`^${source.join('.*')}$`);
  globs.set(pattern, compiled);
  return compiled;
}
