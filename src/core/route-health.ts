import type { Issue } from './errors.ts';
import type { Usage } from './provider.ts';
import { createResolver, type Resolution, type Resolver } from './resolve-route.ts';
import type { Cost, TaskError } from './result.ts';
import type { ReceiptRoute, Route, Verdict } from './route.ts';

/** What one cheap request over a route has shown. */
export interface RouteHealth {
  /** What uses it: `parent`, `children`, `route reviewer`, `fallback 1 of route reviewer`, `provider lab`. */
  readonly used_by: readonly string[];
  readonly route: ReceiptRoute;
  /** It answered as itself, and took the tool and the effort it was to take. */
  readonly healthy: boolean;
  readonly key: 'accepted' | 'refused' | 'not_needed' | 'unknown';
  readonly served: { readonly model?: string; readonly verified: Verdict; readonly request_ids: readonly string[] };
  /** `not_offered`: the catalog or configuration says that the model takes none. */
  readonly tools: 'accepted' | 'refused' | 'not_offered' | 'unknown';
  readonly effort: 'accepted' | 'refused' | 'not_asked' | 'unknown';
  /** Requests that left: more than one only where it had to be found out what was refused. */
  readonly requests: number;
  readonly usage: Usage;
  readonly cost: Cost;
  readonly total_ms: number;
  readonly notes: readonly string[];
  /** Why it is not healthy; absent when it is. */
  readonly error?: TaskError;
}

/** A route that could not even be decided, and why. */
export interface Undecided {
  readonly used_by: string;
  readonly issues: readonly Issue[];
}

export interface ProbeTarget {
  readonly used_by: readonly string[];
  readonly route: Route;
}

export interface ProbeTargets {
  readonly targets: readonly ProbeTarget[];
  readonly undecided: readonly Undecided[];
  /** Providers that are not asked: nothing says which model. */
  readonly skipped: readonly Undecided[];
}

/**
 * Every route that the configuration or a key here makes: the parent's, that of children who choose nothing, the named
 * ones, all their fallbacks, and what each usable provider alone stands for. One that several use stands there once: the
 * same provider, model, key and effort.
 */
export function probeTargets(resolver: Resolver): ProbeTargets {
  const { catalog, settings, parent } = resolver;
  const found = new Map<string, { readonly used_by: string[]; readonly route: Route }>();
  const undecided: Undecided[] = [];
  const skipped: Undecided[] = [];
  const add = (used_by: string, route: Route): void => {
    const { provider, model, credential, reasoning_effort } = route;
    const key = JSON.stringify([provider, model, credential, reasoning_effort]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { used_by: [used_by], route });
    else if (!known.used_by.includes(used_by)) known.used_by.push(used_by);
  };
  const decide = (used_by: string, resolution: Resolution): void => {
    if (!resolution.ok) return void undecided.push({ used_by, issues: resolution.issues });
    add(used_by, resolution.route);
    for (const [index, route] of resolution.route.fallback.entries()) add(`fallback ${index + 1} of ${used_by}`, route);
  };

  // What is configured is asked of whether or not callers may choose it themselves.
  const open = createResolver(catalog, { ...settings, policy: { ...settings.policy, selection: 'open' } });
  if (parent !== undefined) add('parent', parent);
  else if (settings.parent !== undefined) decide('parent', open.resolve({ task: settings.parent, call: {} }));
  if (parent !== undefined || Object.keys(settings.delegation).length > 0) {
    decide('children', open.resolve({ task: {}, call: {} }));
  }
  for (const name of settings.routes.keys()) decide(`route ${name}`, open.resolve({ task: { route: name }, call: {} }));
  for (const { id, usable, configured, credential } of catalog.providers.values()) {
    if (!usable || (!configured && credential.kind === 'none')) continue;
    const resolution = open.resolve({ task: { provider: id }, call: {} });
    if (resolution.ok) add(`provider ${id}`, resolution.route);
    else skipped.push({ used_by: `provider ${id}`, issues: resolution.issues });
  }
  return { targets: [...found.values()], undecided, skipped };
}
