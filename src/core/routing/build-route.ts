import type { ModelEntry, ProviderEntry } from '../catalog.ts';
import type { Effort } from '../effort.ts';
import type { Route } from '../route.ts';

export interface RouteExtras {
  readonly reasoning_effort?: Effort;
  /** The named route it comes from, and that route's own tags. */
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly fallback: readonly Route[];
}

/** Facts a route takes over from the model's and the provider's entry as they are. */
const MODEL_FACTS = [
  'context',
  'max_output',
  'price',
  'tools',
  'vision',
  'served_as',
  'router',
  'effort_dialect',
] as const satisfies readonly (keyof ModelEntry & keyof Route)[];
const PROVIDER_FACTS = [
  'headers',
  'package',
  'simulated',
  'max_in_flight',
  'rpm',
  'tpm',
] as const satisfies readonly (keyof ProviderEntry & keyof Route)[];

/**
 * The only place a `Route` is made: everything about the endpoint and the model comes from this one provider
 * entry and this one model entry (the model's own endpoint, where it has one, replaces wire and URL together
 * with the authority, never the credential).
 */
export function buildRoute(provider: ProviderEntry, model: ModelEntry, extras: RouteExtras): Route {
  const base_url = model.base_url ?? provider.base_url;
  const route: Mutable<Route> = {
    provider: provider.id,
    model: model.id,
    wire: model.wire ?? provider.wire,
    base_url,
    authority: authorityOf(base_url),
    credential: provider.credential,
    fallback: extras.fallback,
  };
  copy(PROVIDER_FACTS, provider, route);
  copy(MODEL_FACTS, model, route);
  if (model.reasoning !== undefined) route.reasons = model.reasoning.length > 0;
  const { reasoning_effort, name } = extras;
  if (reasoning_effort !== undefined) {
    route.reasoning_effort = reasoning_effort;
    const word = model.effort_words?.[reasoning_effort];
    if (word !== undefined) route.effort_word = word;
  }
  if (name !== undefined) route.name = name;
  if (provider.tags !== undefined || model.tags !== undefined || extras.tags !== undefined) {
    route.tags = [...new Set([...(provider.tags ?? []), ...(model.tags ?? []), ...(extras.tags ?? [])])];
  }
  return route;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

function copy<Key extends keyof Route>(
  keys: readonly Key[],
  from: { readonly [K in Key]?: Route[K] },
  to: Mutable<Route>,
): void {
  for (const key of keys) {
    const value = from[key];
    if (value !== undefined) to[key] = value;
  }
}

/** Parsing a URL costs more than all the rest of a decision; there are as many as endpoints in the catalog. */
const authorities = new Map<string, string>();

/** `scheme://host:port` of an endpoint's URL (a default port is not written); empty for what is no URL. */
export function authorityOf(url: string): string {
  let authority = authorities.get(url);
  if (authority === undefined) {
    authority = URL.canParse(url) ? new URL(url).origin : '';
    authorities.set(url, authority);
  }
  return authority;
}

/** Whether a route's credential belongs to the only place the route may send it to. */
export function credentialFits(route: Pick<Route, 'authority' | 'credential'>): boolean {
  return route.authority !== '' && authorityOf(route.credential.authority) === route.authority;
}
