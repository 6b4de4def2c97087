import { dirname, resolve } from 'node:path';
import { DelegateError, refusal } from '../core/errors.ts';
import type { DelegationSettings, HostSettings, RoutingSettings, SandboxSettings } from '../core/settings.ts';
import { checkHosts } from './check-hosts.ts';
import { checkNames, missingVariable, sameNames } from './check-names.ts';
import { type ConfigSource, type KeyPath, writeKeyPath } from './config-source.ts';
import { type FullConfig, withDefaults } from './defaults.ts';
import { expandVariables, isReference } from './expand-variables.ts';
import type { ProviderConfig } from './files/config-file.ts';
import { type Env, type Paths, type Place, projectFiles, resolvePaths } from './files/config-paths.ts';
import { readText } from './files/read-text.ts';
import { isTrusted } from './files/trust.ts';
import { checkMcpServers } from './mcp-servers.ts';
import { sandboxOf } from './sandbox-of.ts';
import { delegationOf, hostsOf, routingOf } from './settings-of.ts';

export interface LoadOptions extends Place {
  readonly cwd: string;
  /** `--config`; the only file read then. `YARDMASTER_CONFIG` is its stand-in. */
  readonly file?: string;
  /** A configuration as an object, instead of any file. */
  readonly given?: object;
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
  /** How commands of children are kept apart. */
  readonly sandbox: SandboxSettings;
  readonly providers: Readonly<Record<string, ProviderConfig>>;
  /** By the name of an agent that uses Yardmaster as an MCP server, lower case. */
  readonly hosts: ReadonlyMap<string, HostSettings>;
  /** The parent agent's own. */
  readonly toolsets: readonly string[];
  /** Where a key's value stands (`file:line:column`), or `default`. */
  readonly where: (path: KeyPath) => string;
  /** Every file whose change, or appearance, would change what is in force. Absolute. */
  readonly considered: readonly string[];
  /** What a project's file asked for and did not get, and the like; for `doctor` and `explain`. */
  readonly notes: readonly string[];
}

export interface LoadedFile {
  readonly file: string;
  readonly kind: Exclude<ConfigSource['kind'], 'given'>;
  /** For a project's file: whether the user has trusted its folder. */
  readonly trusted?: boolean;
}

/**
 * Reads the configuration: defaults, then the user's file, then the nearest project file, which may only narrow;
 * or one named file, or an object, alone. Throws `CONFIG_INVALID` with every problem of a file and its positions.
 */
export async function loadConfig({ cwd, file, given, ...place }: LoadOptions): Promise<LoadedConfig> {
  const { env } = place;
  const paths = resolvePaths(place);
  if (given !== undefined) {
    const { checkConfig } = await import('./check-config.ts');
    const where = (path: KeyPath): string => writeKeyPath(['config', ...path]);
    const source: ConfigSource = { file: 'config', kind: 'given', config: checkConfig(given, where), where };
    return settle(
      { config: withDefaults(checked(source).config), sources: [source], taken: [], notes: [] },
      { paths, env, files: [] },
    );
  }
  const named = file ?? (env.YARDMASTER_CONFIG || undefined);
  if (named !== undefined) {
    const path = resolve(cwd, named);
    const source = await readSource(path, 'explicit');
    if (source === undefined) {
      throw new DelegateError('CONFIG_INVALID', `"${path}" does not exist.`, {
        hint: file === undefined ? 'YARDMASTER_CONFIG names it.' : 'Check the path given with --config.',
      });
    }
    return settle(
      { config: withDefaults(source.config), sources: [source], taken: [], notes: [] },
      { paths, env, files: [path] },
    );
  }

  const candidates = projectFiles(cwd).filter((path) => path !== paths.config_file);
  const files = [paths.config_file, ...candidates, paths.trust_file];
  const user = await readSource(paths.config_file, 'user');
  const base = withDefaults(user?.config ?? {});
  const project = await firstSource(candidates);
  if (project === undefined) {
    const sources = user === undefined ? [] : [user];
    return settle({ config: base, sources, taken: [], notes: [] }, { paths, env, files });
  }
  const { narrowConfig } = await import('./narrow-config.ts');
  const trusted = isTrusted(dirname(project.file), paths);
  const narrowed = narrowConfig(base, project, trusted);
  const sources = user === undefined ? [project] : [user, project];
  return settle({ ...narrowed, sources, trusted }, { paths, env, files });
}

/** A file checked; undefined when there is none. What checks it is loaded only now. */
async function readSource(file: string, kind: ConfigSource['kind']): Promise<ConfigSource | undefined> {
  const text = readText(file);
  if (text === undefined) return undefined;
  const { parseConfig } = await import('./parse-config.ts');
  return checked(parseConfig(text, { file, kind }));
}

function checked(source: ConfigSource): ConfigSource {
  const issues = sameNames(source);
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
  { paths, env, files }: { readonly paths: Paths; readonly env: Env; readonly files: readonly string[] },
): LoadedConfig {
  const fromProject = new Set(taken.map(writeKeyPath));
  const where = (path: KeyPath): string => {
    const theirs = path.some((_, end) => fromProject.has(writeKeyPath(path.slice(0, end + 1))));
    const source = sources.find(({ kind }) => (kind === 'project') === theirs);
    return source !== undefined && has(source.config, path) ? source.where(path) : 'default';
  };
  checkNames(config, where);
  checkMcpServers(config, where);
  checkHosts(config, where);
  checkAbsent(config, where);
  const expand = (path: KeyPath, text: string): string => {
    const { text: expanded, missing } = expandVariables(text, env);
    if (missing.length > 0) throw refusal([missingVariable(`${where(path)} ${writeKeyPath(path)}`, missing)]);
    return expanded;
  };
  return {
    paths,
    files: sources.flatMap(({ file, kind }): LoadedFile[] => {
      if (kind === 'given') return [];
      return [{ file, kind, ...(kind === 'project' && trusted !== undefined ? { trusted } : {}) }];
    }),
    config,
    routing: routingOf(config, env, expand),
    delegation: delegationOf(config),
    sandbox: sandboxOf(config, expand),
    providers: config.providers ?? {},
    hosts: hostsOf(config, env),
    toolsets: config.toolsets,
    where,
    considered: [...files, paths.catalog_file],
    notes: [...notes, ...literalKeys(config, where), ...unused(config, where)],
  };
}

/** Where results go is not passed over: a store that is not there is not replaced by another one. */
function checkAbsent({ store }: FullConfig, where: (path: KeyPath) => string): void {
  if (store?.url === undefined) return;
  const path = ['store', 'url'];
  const message = 'A shared store is not part of this version.';
  const hint = 'Take it out: the embedded store in the data folder is used then.';
  throw refusal([
    { code: 'CONFIG_INVALID', path: `${where(path)} ${writeKeyPath(path)}`, message, hint, suggestions: [] },
  ]);
}

/** Keys that a file may have and this version does nothing with. */
function unused(config: FullConfig, where: (path: KeyPath) => string): string[] {
  return (['profiles'] as const)
    .filter((key) => Object.keys(config[key] ?? {}).length > 0)
    .map((key) => `${where([key])} ${key}: has no effect in this version`);
}

function literalKeys({ providers = {} }: FullConfig, where: (path: KeyPath) => string): string[] {
  return Object.entries(providers).flatMap(([id, { api_key }]) => {
    if (api_key === undefined || isReference(api_key)) return [];
    const path = ['providers', id, 'api_key'];
    return [`${where(path)} ${writeKeyPath(path)}: a key stands in this file; name an environment variable instead`];
  });
}

function has(config: unknown, path: KeyPath): boolean {
  let value: unknown = config;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string | number, unknown>)[step];
  }
  return true;
}
