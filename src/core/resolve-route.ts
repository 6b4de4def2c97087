import type { Catalog } from './catalog.ts';
import type { Issue } from './errors.ts';
import type { Layer, Route, RouteRequest, RouteSource } from './route.ts';
import type { RoutingSettings } from './settings.ts';

/** The two layers a call brings; config and parent are the resolver's own. */
export interface CallLayers {
  readonly task: RouteRequest;
  readonly call: RouteRequest;
}

export type Resolution =
  | {
      readonly ok: true;
      readonly route: Route;
      /** Verbatim, one entry a layer that spoke. */
      readonly requested: Partial<Readonly<Record<Layer, RouteRequest>>>;
      readonly source: RouteSource;
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly issues: readonly Issue[] };

export interface Resolver {
  readonly catalog: Catalog;
  readonly settings: RoutingSettings;
  /** The parent's route, as given or as configured; undefined when there is none or it does not resolve. */
  readonly parent: Route | undefined;
  /** Pure and memoized: the same layers give the same resolution. */
  resolve(layers: CallLayers): Resolution;
  /** The same catalog and settings under another parent (a child that delegates). */
  under(parent: Route): Resolver;
}

export function createResolver(
  catalog: Catalog,
  settings: RoutingSettings,
  options: { readonly parent?: Route } = {},
): Resolver {
  return {
    catalog,
    settings,
    parent: options.parent,
    resolve: () => ({ ok: false, issues: [] }),
    under: (parent) => createResolver(catalog, settings, { parent }),
  };
}
