import { dirname } from 'node:path';
import { type Issue, refusal } from '../core/errors.ts';
import { byPosition, type ConfigSource, type KeyPath, writeKeyPath } from './config-source.ts';
import type { FullConfig } from './defaults.ts';
import { variablesIn } from './expand-variables.ts';
import type {
  ConfigFile,
  DelegationConfig,
  ProviderConfig,
  SandboxConfig,
  SandboxFields,
} from './files/config-file.ts';
import { intersectPatterns } from './intersect-patterns.ts';

export interface Narrowed {
  readonly config: FullConfig;
  /** Keys whose value came from the project's file. */
  readonly taken: readonly KeyPath[];
  /** What the project's file asked for and did not get, one sentence each. */
  readonly notes: readonly string[];
}

/** How a project's value and the user's become one; every rule gives at most what the user's file gives. */
type Rule = 'later' | 'lower' | 'stricter' | 'intersect' | 'patterns' | 'union' | 'budget' | 'sandbox';

/** Weakest first. */
const STRICTNESS: Readonly<Record<string, readonly string[]>> = {
  selection: ['open', 'routes', 'off'],
  above_parent_price: ['allow', 'ask', 'deny'],
  on_mismatch: ['warn', 'fail'],
  effort_policy: ['clamp', 'strict'],
};

const DELEGATION_RULES: Readonly<Record<keyof DelegationConfig, Rule>> = {
  model: 'later',
  provider: 'later',
  route: 'later',
  reasoning_effort: 'later',
  fallback: 'later',
  fallback_on: 'intersect',
  selection: 'stricter',
  above_parent_price: 'stricter',
  on_mismatch: 'stricter',
  effort_policy: 'stricter',
  allow: 'patterns',
  deny: 'union',
  toolsets: 'intersect',
  sandbox: 'sandbox',
  budget: 'budget',
  max_price: 'lower',
  max_concurrent_children: 'lower',
  max_children_per_call: 'lower',
  max_spawn_depth: 'lower',
  max_descendants: 'lower',
  max_turns: 'lower',
  first_token_timeout_seconds: 'lower',
  idle_timeout_seconds: 'lower',
  tool_timeout_seconds: 'lower',
  timeout_seconds: 'lower',
  max_summary_chars: 'lower',
};

/** Sections that reach outside: programs, addresses, text sent along, what is kept. */
const NEEDS_TRUST = ['mcp_servers', 'profiles', 'hosts', 'store', 'history'] as const;
/** All that a project may say of a provider without being trusted. */
const HARMLESS: ReadonlySet<string> = new Set(['default_model', 'max_in_flight', 'rpm', 'tpm']);
/** One bundle: a key is never sent to an address from another file. */
const CONNECTION = ['base_url', 'wire', 'key_env', 'api_key', 'auth', 'headers', 'package'] as const;
/** One bundle too: a model is never combined with a provider from another file. */
const UNIT = ['model', 'provider', 'route'] as const;

/**
 * Puts a project's file onto the user's configuration. A project may narrow what the user allows and choose within
 * it, never widen it; what would send data or keys somewhere needs the user's trust. Throws `CONFIG_INVALID`
 * naming every line that goes too far.
 */
export function narrowConfig(user: FullConfig, project: ConfigSource, trusted: boolean): Narrowed {
  const own = project.config;
  const issues = [...(trusted ? [] : untrusted(project)), ...fixedByUser(user, project)];
  const taken: KeyPath[] = [];
  const notes: string[] = [];
  const take = (path: KeyPath): void => void taken.push(path);
  const kept = (path: KeyPath, why: string): void =>
    void notes.push(`${project.where(path)} ${writeKeyPath(path)}: ${why}`);

  const delegation: Record<string, unknown> = { ...user.delegation };
  const said = own.delegation ?? {};
  if (UNIT.some((key) => said[key] !== undefined)) for (const key of UNIT) delete delegation[key];
  for (const [key, value] of Object.entries(said)) {
    const path = ['delegation', key];
    const rule = DELEGATION_RULES[key as keyof DelegationConfig];
    const merged = mergeValue(rule, { key, ours: delegation[key], theirs: value });
    if (merged.unclear !== undefined) issues.push(unclearPattern(project, path, merged.unclear));
    if (merged.note !== undefined) kept(path, merged.note);
    else take(path);
    if (merged.value !== undefined) delegation[key] = merged.value;
  }

  const toolsets = own.toolsets === undefined ? undefined : intersect(user.toolsets, own.toolsets);
  if (toolsets !== undefined) {
    if (toolsets.note === undefined) take(['toolsets']);
    else kept(['toolsets'], toolsets.note);
  }

  const asked = own.web?.allow_hosts;
  const hosts = asked === undefined ? undefined : intersect(user.web.allow_hosts, asked);
  if (hosts !== undefined) {
    if (hosts.note === undefined) take(['web', 'allow_hosts']);
    else kept(['web', 'allow_hosts'], hosts.note);
  }

  const providers: Record<string, ProviderConfig> = { ...user.providers };
  for (const [id, theirs] of Object.entries(own.providers ?? {})) {
    providers[id] = mergeProvider(providers[id] ?? {}, theirs);
    for (const key of Object.keys(theirs)) take(['providers', id, key]);
  }

  const daily = lowest(user.budgets?.daily_usd, own.budgets?.daily_usd);
  if (own.budgets?.daily_usd !== undefined) {
    if (daily === own.budgets.daily_usd) take(['budgets', 'daily_usd']);
    else kept(['budgets', 'daily_usd'], `stays ${daily}, the lower one`);
  }
  for (const key of ['model', 'aliases', 'routes', ...NEEDS_TRUST] as const) {
    const entry = own[key];
    if (entry === undefined) continue;
    if (isNamed(key)) {
      for (const name of Object.keys(entry)) {
        take([key, name]);
        if (user[key] !== undefined && Object.hasOwn(user[key], name))
          kept([key, name], 'replaces the one of your own file');
      }
    } else take([key]);
  }
  if (issues.length > 0) throw refusal(issues.sort(byPosition));

  const config: FullConfig = {
    ...user,
    ...(own.model === undefined ? {} : { model: own.model }),
    ...(own.store === undefined ? {} : { store: own.store }),
    ...(own.history === undefined ? {} : { history: own.history }),
    ...both('aliases', user, own),
    ...both('routes', user, own),
    ...both('mcp_servers', user, own),
    ...both('profiles', user, own),
    ...both('hosts', user, own),
    ...(own.providers === undefined ? {} : { providers }),
    ...(daily === undefined ? {} : { budgets: { daily_usd: daily } }),
    ...(toolsets === undefined ? {} : { toolsets: toolsets.value }),
    ...(hosts === undefined ? {} : { web: { allow_hosts: hosts.value } }),
    delegation: delegation as unknown as FullConfig['delegation'],
  };
  return { config, taken, notes };
}

/** Sections of entries under names: a project adds its own and replaces those of the same name. */
const NAMED = [
  'aliases',
  'routes',
  'mcp_servers',
  'profiles',
  'hosts',
] as const satisfies readonly (keyof ConfigFile)[];

function isNamed(key: keyof ConfigFile): key is (typeof NAMED)[number] {
  return (NAMED as readonly string[]).includes(key);
}

function both<K extends (typeof NAMED)[number]>(
  key: K,
  user: ConfigFile,
  own: ConfigFile,
): Pick<ConfigFile, K> | Record<string, never> {
  if (own[key] === undefined) return {};
  return { [key]: { ...user[key], ...own[key] } } as Pick<ConfigFile, K>;
}

function mergeProvider(ours: ProviderConfig, theirs: ProviderConfig): ProviderConfig {
  const merged: Record<string, unknown> = { ...ours };
  if (CONNECTION.some((key) => theirs[key] !== undefined)) for (const key of CONNECTION) delete merged[key];
  Object.assign(merged, theirs);
  for (const key of ['max_in_flight', 'rpm', 'tpm'] as const) {
    const limit = lowest(ours[key], theirs[key]);
    if (limit !== undefined) merged[key] = limit;
  }
  return merged;
}

interface Merged {
  readonly value: unknown;
  /** Why the project's value was not taken as it stands. */
  readonly note?: string;
  readonly unclear?: readonly (readonly [string, string])[];
}

function mergeValue(
  rule: Rule,
  { key, ours, theirs }: { readonly key: string; readonly ours: unknown; readonly theirs: unknown },
): Merged {
  switch (rule) {
    case 'later':
      return { value: theirs };
    case 'lower': {
      const value = lowest(ours as number | undefined, theirs as number);
      return value === theirs ? { value } : { value, note: `stays ${value}, the lower one` };
    }
    case 'stricter': {
      const order = STRICTNESS[key] ?? [];
      return order.indexOf(theirs as string) >= order.indexOf(ours as string)
        ? { value: theirs }
        : { value: ours, note: `stays "${ours}", the stricter one` };
    }
    case 'union':
      return { value: [...new Set([...(ours as readonly string[]), ...(theirs as readonly string[])])] };
    case 'intersect':
      return intersect(ours as readonly string[], theirs as readonly string[]);
    case 'patterns': {
      const { patterns, unclear } = intersectPatterns(ours as readonly string[], theirs as readonly string[]);
      return { value: patterns, ...(unclear.length === 0 ? {} : { unclear }) };
    }
    case 'sandbox':
      return narrowSandbox(ours as SandboxConfig, theirs as SandboxConfig);
    case 'budget': {
      const [mine, other] = [ours, theirs] as Readonly<Record<string, number>>[];
      const value: Record<string, number> = { ...mine, ...other };
      const higher = Object.keys(value).filter((kind) => lowest(mine?.[kind], other?.[kind]) !== other?.[kind]);
      for (const kind of Object.keys(value)) value[kind] = lowest(mine?.[kind], other?.[kind]) ?? 0;
      const raised = higher.filter((kind) => other?.[kind] !== undefined);
      return raised.length === 0 ? { value } : { value, note: `keeps the lower ${raised.join(', ')}` };
    }
  }
}

/** A project may put a sandbox where there is none, and take the network from one; no more. */
function narrowSandbox(ours: SandboxConfig, theirs: SandboxConfig): Merged {
  const [mine, other] = [ours, theirs].map((each) => (typeof each === 'string' ? { kind: each } : each)) as [
    SandboxFields,
    SandboxFields,
  ];
  if (mine.kind === 'none') return { value: theirs };
  const network = mine.network === true && other.network !== false;
  const value: SandboxFields = { ...mine, network };
  const more = other.kind !== mine.kind || other.image !== undefined || other.read_only !== undefined;
  return more || (other.network === true && !network)
    ? { value, note: `stays within your own "${mine.kind}"` }
    : { value };
}

function intersect(ours: readonly string[], theirs: readonly string[]): { value: readonly string[]; note?: string } {
  const value = theirs.filter((name) => ours.includes(name));
  const refused = theirs.filter((name) => !ours.includes(name));
  if (refused.length === 0) return { value };
  return { value, note: `${refused.map((name) => `"${name}"`).join(', ')} is not allowed by your own configuration` };
}

function lowest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

function untrusted(project: ConfigSource): Issue[] {
  const { config, file } = project;
  const paths: KeyPath[] = NEEDS_TRUST.filter((key) => config[key] !== undefined).map((key) => [key]);
  for (const [id, provider] of Object.entries(config.providers ?? {})) {
    for (const key of Object.keys(provider)) if (!HARMLESS.has(key)) paths.push(['providers', id, key]);
  }
  // A policy may let a tag through: a project could give itself one.
  for (const [name, route] of Object.entries(config.routes ?? {})) {
    if (route.tags !== undefined) paths.push(['routes', name, 'tags']);
  }
  // What runs in a container of a project's choice may say anything, and what it may read leaves with it.
  const { sandbox } = config.delegation ?? {};
  for (const key of ['image', 'read_only'] as const) {
    if (typeof sandbox === 'object' && sandbox[key] !== undefined) paths.push(['delegation', 'sandbox', key]);
  }
  const hint = `Read the file; if you want what it says, run: yardmaster trust ${dirname(file)}`;
  const covered = new Set(paths.map(writeKeyPath));
  return [
    ...paths.map((path) =>
      issue(`${project.where(path)} ${writeKeyPath(path)}`, {
        message: `"${path.at(-1)}" may not come from a project that you have not trusted.`,
        hint,
      }),
    ),
    ...references(config, [])
      .filter((path) => !path.some((_, end) => covered.has(writeKeyPath(path.slice(0, end + 1)))))
      .map((path) =>
        issue(`${project.where(path)} ${writeKeyPath(path)}`, {
          message: 'A project that you have not trusted may not read environment variables.',
          hint,
        }),
      ),
  ];
}

/** Texts that refer to variables. */
function references(value: unknown, path: KeyPath): KeyPath[] {
  if (typeof value === 'string') return variablesIn(value).length > 0 ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => references(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => references(entry, [...path, key]));
}

/**
 * Where the user leaves callers no free choice, a project has none either; and where the user's own model is the
 * most a child may cost, a project does not say which model that is.
 */
function fixedByUser(user: FullConfig, project: ConfigSource): Issue[] {
  const { selection, above_parent_price } = user.delegation;
  const isOpen = selection === 'open';
  if (isOpen && above_parent_price === 'allow') return [];
  const rule = isOpen ? `above_parent_price: ${above_parent_price}` : `selection: ${selection}`;
  const { config } = project;
  const chosen = isOpen ? [] : (['model', 'provider', 'route', 'reasoning_effort', 'fallback'] as const);
  const paths: KeyPath[] = [
    ...(config.model === undefined ? [] : [['model']]),
    ...(config.routes === undefined ? [] : [['routes']]),
    // What a fixed route is called, or what a fixed provider alone means, is a part of it.
    ...(config.aliases === undefined ? [] : [['aliases']]),
    ...Object.entries(config.providers ?? {})
      .filter(([, { default_model }]) => default_model !== undefined)
      .map(([id]) => ['providers', id, 'default_model']),
    ...chosen.filter((key) => config.delegation?.[key] !== undefined).map((key) => ['delegation', key]),
  ];
  return paths.map((path) =>
    issue(`${project.where(path)} ${writeKeyPath(path)}`, {
      message: `"${path.at(-1)}" would widen your own configuration, which says ${rule}.`,
      hint: 'Take it out of the project’s file, or set it in your own.',
    }),
  );
}

function unclearPattern(project: ConfigSource, path: KeyPath, [pair]: readonly (readonly [string, string])[]): Issue {
  const [ours = '', theirs = ''] = pair ?? [];
  return issue(`${project.where(path)} ${writeKeyPath(path)}`, {
    message: `"${theirs}" and your own "${ours}" let different models through, and no list can say what both do.`,
    hint: `Write a pattern that lies within "${ours}".`,
  });
}

function issue(path: string, { message, hint }: Pick<Issue, 'message' | 'hint'>): Issue {
  return { code: 'CONFIG_INVALID', path, message, hint, suggestions: [] };
}
