import { type Issue, refusal } from '../core/errors.ts';
import { suggestNames } from '../core/suggest.ts';
import type { ConfigFile, RouteConfig } from './config-file.ts';
import { byPosition, type ConfigSource, type KeyPath, writeKeyPath } from './config-source.ts';

/** Names that must not stand twice although they are written differently. */
export function sameNames(source: ConfigSource): Issue[] {
  const issues: Issue[] = [];
  for (const key of ['aliases', 'providers', 'routes'] as const) {
    const first = new Map<string, string>();
    for (const name of Object.keys(source.config[key] ?? {})) {
      const folded = key === 'routes' ? name : name.toLowerCase().replace(/^custom:/, '');
      const other = first.get(folded);
      if (other === undefined) first.set(folded, name);
      else {
        issues.push({
          code: 'CONFIG_INVALID',
          path: `${source.where([key, name])} ${writeKeyPath([key, name])}`,
          message: `"${name}" and "${other}" are the same name.`,
          hint: 'Keep one.',
          suggestions: [],
        });
      }
    }
  }
  return issues;
}

/** Throws `CONFIG_INVALID`: a route that is named must exist: found when the file is loaded, not when a child is to run on it. */
export function checkRoutes(config: ConfigFile, where: (path: KeyPath) => string): void {
  const named: (readonly [KeyPath, string | undefined])[] = [
    [['model', 'route'], routeIn(config.model)],
    [['delegation', 'route'], config.delegation?.route],
    ...fallbackRoutes(['delegation', 'fallback'], config.delegation?.fallback),
    ...Object.entries(config.profiles ?? {}).map(([name, { route }]) => [['profiles', name, 'route'], route] as const),
    ...Object.entries(config.routes ?? {}).flatMap(([name, { fallback }]) =>
      fallbackRoutes(['routes', name, 'fallback'], fallback),
    ),
  ];
  const routes = Object.keys(config.routes ?? {});
  const issues = named.flatMap(([path, route]): Issue[] => {
    if (route === undefined || routes.includes(route)) return [];
    const suggestions = suggestNames(route, routes);
    return [
      {
        code: 'CONFIG_INVALID',
        path: `${where(path)} ${writeKeyPath(path)}`,
        message: `"${route}" is not a route of this configuration.`,
        hint:
          suggestions.length > 0
            ? `Did you mean ${suggestions.map((name) => `"${name}"`).join(' or ')}?`
            : `Define it under routes${routes.length === 0 ? '' : `; it has ${routes.join(', ')}`}.`,
        suggestions,
      },
    ];
  });
  if (issues.length > 0) throw refusal(issues.sort(byPosition));
}

function routeIn(config: RouteConfig | undefined): string | undefined {
  return typeof config === 'object' ? config.route : undefined;
}

function fallbackRoutes(
  path: KeyPath,
  entries: readonly RouteConfig[] = [],
): (readonly [KeyPath, string | undefined])[] {
  return entries.map((entry, index) => [[...path, index, 'route'], routeIn(entry)] as const);
}

/** The issue of variables that are not set, at the place that needs them. */
export function missingVariable(path: string, missing: readonly string[]): Issue {
  const names = missing.map((name) => `"${name}"`).join(', ');
  return {
    code: 'CONFIG_INVALID',
    path,
    message: `${names} ${missing.length === 1 ? 'is' : 'are'} not set in the environment.`,
    hint: 'Set it, or write the value itself.',
    suggestions: [],
  };
}
