import type { RouteRequest } from '../core/route.ts';
import {
  DEFAULT_LIMITS,
  type DelegationSettings,
  type FallbackRequest,
  type HostSettings,
  type Limits,
  type NamedRoute,
  type RoutingSettings,
} from '../core/settings.ts';
import type { KeyPath } from './config-source.ts';
import type { FullConfig } from './defaults.ts';
import { expandVariables } from './expand-variables.ts';
import type { NamedRouteConfig, RouteConfig, RouteFields } from './files/config-file.ts';
import type { Env } from './files/config-paths.ts';

/** Expands a text that is used at once; throws at its place when a variable is missing. */
export type Expand = (path: KeyPath, text: string) => string;

/** What routing needs of a configuration. */
export function routingOf(config: FullConfig, env: Env, expand: Expand): RoutingSettings {
  const { delegation } = config;
  const known = (text: string): string => expandVariables(text, env).text;
  const parent =
    config.model === undefined ? undefined : requestOf(config.model, (key, text) => expand(['model', ...key], text));
  return {
    ...(parent === undefined ? {} : { parent }),
    delegation: requestOf(delegation, (key, text) => expand(['delegation', ...key], text)),
    fallback: (delegation.fallback ?? []).map((entry) => requestOf(entry, (_, text) => known(text))),
    aliases: new Map(Object.entries(config.aliases ?? {}).map(([name, target]) => [name.toLowerCase(), known(target)])),
    routes: new Map(Object.entries(config.routes ?? {}).map(([name, route]) => [name, namedRouteOf(route, known)])),
    policy: {
      selection: delegation.selection,
      allow: delegation.allow,
      deny: delegation.deny,
      ...(delegation.max_price === undefined ? {} : { max_price: delegation.max_price }),
      above_parent_price: delegation.above_parent_price,
      effort_policy: delegation.effort_policy,
    },
  };
}

/** By the host's name, lower case. */
export function hostsOf({ hosts = {} }: FullConfig, env: Env): ReadonlyMap<string, HostSettings> {
  const known = (_: KeyPath, text: string): string => expandVariables(text, env).text;
  return new Map(
    Object.entries(hosts).map(([name, { wait_seconds, parent }]) => [
      name.toLowerCase(),
      {
        ...(wait_seconds === undefined ? {} : { wait_seconds }),
        ...(parent === undefined ? {} : { parent: requestOf(parent, known) }),
      },
    ]),
  );
}

function requestOf(config: RouteConfig, expand: (key: KeyPath, text: string) => string): RouteRequest {
  if (typeof config === 'string') return { model: expand([], config) };
  const request: Record<string, string> = {};
  for (const key of ['model', 'provider', 'route'] as const satisfies readonly (keyof RouteFields)[]) {
    const text = config[key];
    if (text !== undefined) request[key] = expand([key], text);
  }
  const { reasoning_effort: effort } = config;
  // YAML 1.1 habits: `off` and `no` arrive as false.
  if (effort !== undefined) request.reasoning_effort = effort === false ? 'none' : effort;
  return request;
}

function namedRouteOf(route: NamedRouteConfig, known: (text: string) => string): NamedRoute {
  const { fallback, description, tags } = route;
  const { provider, model, ...rest } = requestOf(route, (_, text) => known(text));
  return {
    provider: provider ?? '',
    model: model ?? '',
    ...rest,
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
    ...(fallback === undefined
      ? {}
      : { fallback: fallback.map((entry): FallbackRequest => requestOf(entry, (_, text) => known(text))) }),
  };
}

/** What running needs of a configuration. */
export function delegationOf({ delegation, budgets }: FullConfig): DelegationSettings {
  const limits = Object.fromEntries(
    [...Object.keys(DEFAULT_LIMITS), 'timeout_seconds']
      .map((key) => [key, delegation[key as keyof Limits]] as const)
      .filter(([, value]) => value !== undefined),
  ) as unknown as Limits;
  return {
    limits,
    on_mismatch: delegation.on_mismatch,
    toolsets: delegation.toolsets,
    budget: delegation.budget ?? {},
    fallback_on: delegation.fallback_on,
    ...(budgets?.daily_usd === undefined ? {} : { daily_usd: budgets.daily_usd }),
  };
}
