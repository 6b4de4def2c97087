import { type Issue, refusal } from '../core/errors.ts';
import { suggestNames } from '../core/text/suggest.ts';
import { TOOLSETS } from '../core/toolsets.ts';
import { byPosition, type ConfigSource, type KeyPath, writeKeyPath } from './config-source.ts';
import type { ConfigFile, RouteConfig } from './files/config-file.ts';

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

/** Throws `CONFIG_INVALID`: a route or a toolset that is named must exist, and not only when a child is to have it. */
export function checkNames(config: ConfigFile, where: (path: KeyPath) => string): void {
  const { routes = {}, mcp_servers = {}, profiles = {}, delegation } = config;
  const unknown = (
    path: KeyPath,
    name: string | undefined,
    section: 'routes' | 'mcp_servers',
    known: readonly string[],
  ): Issue[] => {
    if (name === undefined || known.includes(name)) return [];
    const suggestions = suggestNames(name, known);
    const hint =
      suggestions.length > 0
        ? `Did you mean ${suggestions.map((near) => `"${near}"`).join(' or ')}?`
        : `Define it under ${section}${known.length === 0 ? '' : `; it has ${known.join(', ')}`}.`;
    const message = `"${name}" is not a ${section === 'routes' ? 'route' : 'toolset'} of this configuration.`;
    return [{ code: 'CONFIG_INVALID', path: `${where(path)} ${writeKeyPath(path)}`, message, hint, suggestions }];
  };
  const namedRoutes: (readonly [KeyPath, string | undefined])[] = [
    [['model', 'route'], routeIn(config.model)],
    [['delegation', 'route'], delegation?.route],
    ...fallbackRoutes(['delegation', 'fallback'], delegation?.fallback),
    ...Object.entries(profiles).map(([name, { route }]) => [['profiles', name, 'route'], route] as const),
    ...Object.entries(routes).flatMap(([name, { fallback }]) => fallbackRoutes(['routes', name, 'fallback'], fallback)),
  ];
  const namedToolsets: (readonly [KeyPath, readonly string[] | undefined])[] = [
    [['toolsets'], config.toolsets],
    [['delegation', 'toolsets'], delegation?.toolsets],
    ...Object.entries(profiles).map(([name, { toolsets }]) => [['profiles', name, 'toolsets'], toolsets] as const),
  ];
  const toolsets = [...TOOLSETS, ...Object.keys(mcp_servers).map((name) => `mcp:${name}`)];
  const issues = [
    ...namedRoutes.flatMap(([path, name]) => unknown(path, name, 'routes', Object.keys(routes))),
    ...namedToolsets.flatMap(([path, names = []]) =>
      names.flatMap((name, index) => unknown([...path, index], name, 'mcp_servers', toolsets)),
    ),
  ];
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
