import type { ModelEntry, ProviderEntry } from './catalog.ts';
import type { Effort } from './effort.ts';
import type { Route } from './route.ts';

export interface RouteExtras {
  readonly reasoning_effort?: Effort;
  /** The named route it comes from, and that route's own tags. */
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly fallback: readonly Route[];
}

/**
 * The only place a `Route` is made: everything about the endpoint and the model comes from this one provider
 * entry and this one model entry (the model's own endpoint, where it has one, replaces wire and URL together
 * with the authority, never the credential).
 */
export function buildRoute(provider: ProviderEntry, model: ModelEntry, extras: RouteExtras): Route {
  const base_url = model.base_url ?? provider.base_url;
  const effort = extras.reasoning_effort;
  const word = effort === undefined ? undefined : model.effort_words?.[effort];
  const tags = [...new Set([...(provider.tags ?? []), ...(model.tags ?? []), ...(extras.tags ?? [])])];
  return {
    provider: provider.id,
    model: model.id,
    wire: model.wire ?? provider.wire,
    base_url,
    authority: authorityOf(base_url),
    credential: provider.credential,
    ...(provider.headers === undefined ? {} : { headers: provider.headers }),
    ...(provider.package === undefined ? {} : { package: provider.package }),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(model.effort_dialect === undefined ? {} : { effort_dialect: model.effort_dialect }),
    ...(word === undefined ? {} : { effort_word: word }),
    ...(model.reasoning === undefined ? {} : { reasons: model.reasoning.length > 0 }),
    ...(model.context === undefined ? {} : { context: model.context }),
    ...(model.max_output === undefined ? {} : { max_output: model.max_output }),
    ...(model.price === undefined ? {} : { price: model.price }),
    ...(model.tools === undefined ? {} : { tools: model.tools }),
    ...(model.vision === undefined ? {} : { vision: model.vision }),
    ...(model.served_as === undefined ? {} : { served_as: model.served_as }),
    ...(model.router === undefined ? {} : { router: model.router }),
    ...(provider.simulated === undefined ? {} : { simulated: provider.simulated }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(extras.name === undefined ? {} : { name: extras.name }),
    fallback: extras.fallback,
  };
}

/** `scheme://host:port` of a URL (a default port is not written); empty for what is no URL. */
export function authorityOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return '';
  }
}

/** Whether a route's credential belongs to the only place the route may send it to. */
export function credentialFits(route: Pick<Route, 'authority' | 'credential'>): boolean {
  return route.authority !== '' && authorityOf(route.credential.authority) === route.authority;
}
