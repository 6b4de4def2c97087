import { dirname, resolve } from 'node:path';
import { DelegateError, type Issue, refusal } from '../core/errors.ts';
import type { RouteRequest } from '../core/route.ts';
import type { DelegationSettings, FallbackRequest, Limits, NamedRoute, RoutingSettings } from '../core/settings.ts';
import { DEFAULT_LIMITS } from '../core/settings.ts';
import { suggestNames } from '../core/suggest.ts';
import type { ConfigFile, NamedRouteConfig, ProviderConfig, RouteConfig, RouteFields } from './config-file.ts';
import { type Env, type Paths, type Place, projectFiles, resolvePaths } from './config-paths.ts';
import { type ConfigSource, type KeyPath, writeKeyPath } from './config-source.ts';
import { type FullConfig, withDefaults } from './defaults.ts';
import { expandVariables } from './expand-variables.ts';
import { readText } from './read-text.ts';
import { isTrusted } from './trust.ts';

export interface LoadOptions extends Place {
  readonly cwd: string;
  /** `--config`; the only file read then. `YARDMASTER_CONFIG` is its stand-in. */
  readonly file?: string;
}

/** The configuration in force. `${VAR}` in providers, aliases and routes stands as written until it is used. */
export interface LoadedConfig {
  readonly paths: Paths;
  /** Files that were read, weakest first. */
  readonly files: readonly LoadedFile[];
  /** Every key with its value, defaults included. */
  readonly config: FullConfig;
  readonly routing: RoutingSettings;
  readonly delegation: DelegationSettings;
  readonly providers: Readonly<Record<string, ProviderConfig>>;
  /** The parent agent's own. */
  readonly toolsets: readonly string[];
  /** Where a key's value stands (`file:line:column`), or `default`. */
  readonly where: (path: KeyPath) => string;
  /** What a project's file asked for and did not get, and the like; for `doctor` and `explain`. */
  readonly notes: readonly string[];
}

export interface LoadedFile {
  readonly file: string;
  readonly kind: ConfigSource['kind'];
  /** For a project's file: whether the user has trusted its folder. */
  readonly trusted?: boolean;
}

/**
 * Reads the configuration: defaults, then the user's file, then the nearest project file, which may only narrow;
 * or one named file alone. Throws `CONFIG_INVALID` with every problem of a file and its positions.
 */
export async function loadConfig({ cwd, file, ...place }: LoadOptions): Promise<LoadedConfig> {
  const { env } = place;
  const paths = resolvePaths(place);
  const named = file ?? (env.YARDMASTER_CONFIG || undefined);
  if (named !== undefined) {
    const path = resolve(cwd, named);
    const source = await readSource(path, 'explicit');
    if (source === undefined) {
      throw new DelegateError('CONFIG_INVALID', `"${path}" does not exist.`, {
        hint: file === undefined ? 'YARDMASTER_CONFIG names it.' : 'Check the path given with --config.',
      });
    }
    return settle({ config: withDefaults(source.config), sources: [source], taken: [], notes: [] }, { paths, env });
  }

  const user = await readSource(paths.config_file, 'user');
  const base = withDefaults(user?.config ?? {});
  const project = await firstSource(projectFiles(cwd).filter((path) => path !== paths.config_file));
  if (project === undefined) {
    return settle({ config: base, sources: user === undefined ? [] : [user], taken: [], notes: [] }, { paths, env });
  }
  const { narrowConfig } = await import('./narrow-config.ts');
  const trusted = isTrusted(dirname(project.file), paths);
  const narrowed = narrowConfig(base, project, trusted);
  const sources = user === undefined ? [project] : [user, project];
  return settle({ ...narrowed, sources, trusted }, { paths, env });
}

/** A file checked; undefined when there is none. What checks it is loaded only now. */
async function readSource(file: string, kind: ConfigSource['kind']): Promise<ConfigSource | undefined> {
  const text = readText(file);
  if (text === undefined) return undefined;
  const { parseConfig } = await import('./parse-config.ts');
  const source = parseConfig(text, { file, kind });
  const issues = checkReferences(source);
  if (issues.length > 0) throw refusal(issues);
  return source;
}

async function firstSource(files: readonly string[]): Promise<ConfigSource | undefined> {
  for (const file of files) {
    const source = await readSource(file, 'project');
    if (source !== undefined) return source;
  }
  return undefined;
}

interface Merged {
  readonly config: FullConfig;
  readonly sources: readonly ConfigSource[];
  readonly taken: readonly KeyPath[];
  readonly notes: readonly string[];
  readonly trusted?: boolean;
}

function settle(
  { config, sources, taken, notes, trusted }: Merged,
  { paths, env }: { paths: Paths; env: Env },
): LoadedConfig {
  const fromProject = new Set(taken.map(writeKeyPath));
  const where = (path: KeyPath): string => {
    const theirs = path.some((_, end) => fromProject.has(writeKeyPath(path.slice(0, end + 1))));
    const source = sources.find(({ kind }) => (kind === 'project') === theirs);
    return source !== undefined && has(source.config, path) ? source.where(path) : 'default';
  };
  checkRoutes(config, where);
  const expand = (path: KeyPath, text: string): string => {
    const { text: expanded, missing } = expandVariables(text, env);
    if (missing.length > 0) throw refusal([missingVariable(`${where(path)} ${writeKeyPath(path)}`, missing)]);
    return expanded;
  };
  return {
    paths,
    files: sources.map(({ file, kind }) => ({
      file,
      kind,
      ...(kind === 'project' && trusted !== undefined ? { trusted } : {}),
    })),
    config,
    routing: routingOf(config, env, expand),
    delegation: delegationOf(config),
    providers: config.providers ?? {},
    toolsets: config.toolsets,
    where,
    notes,
  };
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

type Expand = (path: KeyPath, text: string) => string;

function routingOf(config: FullConfig, env: Env, expand: Expand): RoutingSettings {
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

function delegationOf({ delegation }: FullConfig): DelegationSettings {
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
  };
}

/** Names that must not stand twice although they are written differently. */
function checkReferences(source: ConfigSource): Issue[] {
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

/** A route that is named must exist: found when the file is loaded, not when a child is to run on it. */
function checkRoutes(config: ConfigFile, where: (path: KeyPath) => string): void {
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
  if (issues.length > 0) throw refusal(issues);
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

function has(config: unknown, path: KeyPath): boolean {
  let value: unknown = config;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string | number, unknown>)[step];
  }
  return true;
}
