import type { Catalog, ModelEntry, ProviderEntry } from '../../core/catalog.ts';
import { type Issue, refusal } from '../../core/errors.ts';
import type { CredentialRef } from '../../core/route.ts';
import { authorityOf } from '../../core/routing/build-route.ts';
import { byPosition, type KeyPath, writeKeyPath } from '../config-source.ts';
import { expandVariables } from '../expand-variables.ts';
import type { ModelConfig, ProviderConfig } from '../files/config-file.ts';
import type { Env } from '../files/config-paths.ts';
import { type EntryParts, type KeyOwners, providerProblems } from '../provider-problems.ts';
import { isUsableKey } from '../usable-key.ts';
import type { CatalogSnapshot, SnapshotProvider } from './catalog-snapshot.ts';

export interface CatalogInput {
  readonly snapshot: CatalogSnapshot;
  /** `providers:` of the configuration. */
  readonly providers?: Readonly<Record<string, ProviderConfig>>;
  readonly env: Env;
  /** Where a key of the configuration stands, for messages. */
  readonly where?: (path: KeyPath) => string;
}

/**
 * The catalog as it holds here: the snapshot with the configuration on top. Throws `CONFIG_INVALID` for entries
 * that cannot be meant. A variable that is not set makes the provider that needs it unusable, never an error.
 */
export function buildCatalog({ snapshot, providers = {}, env, where = () => '' }: CatalogInput): Catalog {
  const configured = new Map<string, Configured>();
  const issues: Issue[] = [];
  for (const [name, config] of Object.entries(providers)) {
    const id = canonicalProvider(name, snapshot);
    const other = configured.get(id);
    if (other === undefined) configured.set(id, { name, config });
    else issues.push(problem(where(['providers', name]), ['providers', name], sameProvider(name, other.name)));
  }
  const owners = configured.size === 0 ? new Map() : keyOwners(snapshot);
  for (const [id, { name, config }] of configured) {
    for (const { key, message, hint } of providerProblems(id, { known: snapshot.providers[id], config, env, owners })) {
      const path: KeyPath = key === undefined ? ['providers', name] : ['providers', name, key];
      issues.push(problem(where(path), path, { message, hint }));
    }
  }
  if (issues.length > 0) throw refusal(issues.sort(byPosition));

  const entries = new Map<string, ProviderEntry>();
  for (const [id, known] of Object.entries(snapshot.providers)) {
    entries.set(id, entryOf(id, { known, config: configured.get(id)?.config, env }));
  }
  for (const [id, { config }] of configured) {
    if (!entries.has(id)) entries.set(id, entryOf(id, { known: undefined, config, env }));
  }
  return {
    providers: entries,
    provider_aliases: new Map(Object.entries(snapshot.provider_aliases)),
    families: new Map(Object.entries(snapshot.families)),
    as_of: snapshot.as_of,
  };
}

export function keyOwners({ providers }: CatalogSnapshot): KeyOwners {
  const fixed = Object.entries(providers).filter(([, { base_url }]) => !base_url.includes('${'));
  return new Map(
    fixed.flatMap(([provider, { key_env, base_url }]) =>
      key_env.map((name) => [name, { provider, authority: authorityOf(base_url) }] as const),
    ),
  );
}

interface Configured {
  /** As the file writes it. */
  readonly name: string;
  readonly config: ProviderConfig;
}

/** Lower case, `custom:` taken off, aliases folded: the id a provider has everywhere. */
export function canonicalProvider(
  name: string,
  { providers, provider_aliases }: Pick<CatalogSnapshot, 'providers' | 'provider_aliases'>,
): string {
  const id = name.toLowerCase().replace(/^custom:/, '');
  if (Object.hasOwn(providers, id) || !Object.hasOwn(provider_aliases, id)) return id;
  return provider_aliases[id] ?? id;
}

function entryOf(id: string, { known, config: given, env }: EntryParts): ProviderEntry {
  const configured = given !== undefined;
  const config = given ?? {};
  const url = expandVariables(config.base_url ?? known?.base_url ?? '', env);
  const base_url = url.text.replace(/\/+$/, '');
  // A name that is still to come makes no address.
  const authority = url.missing.length > 0 ? '' : authorityOf(base_url);
  const { credential, key_env, usable } = credentialOf(id, { known, config, env, authority });
  const name = config.name ?? known?.name;
  const default_model = config.default_model;
  const npm = config.package ?? known?.package;
  const tags = [...new Set([...(known?.tags ?? []), ...(config.tags ?? [])])];
  const headers = headersOf(config, env);
  const missing = [...url.missing, ...headers.missing];
  let models: ReadonlyMap<string, ModelEntry> | undefined;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    wire: config.wire ?? known?.wire ?? 'openai-chat',
    base_url,
    credential,
    key_env: missing.length === 0 ? key_env : [...missing, ...(usable ? [] : key_env)],
    usable: usable && missing.length === 0 && authority !== '',
    listing: listingOf(known, config),
    // Made when somebody looks: most calls look at two or three of forty providers.
    get models() {
      models ??= modelsOf(known, config);
      return models;
    },
    ...(default_model === undefined ? {} : { default_model }),
    ...(known?.default_family === undefined ? {} : { default_family: known.default_family }),
    ...(headers.headers === undefined ? {} : { headers: headers.headers }),
    ...(npm === undefined ? {} : { package: npm }),
    ...(config.max_in_flight === undefined ? {} : { max_in_flight: config.max_in_flight }),
    ...(config.rpm === undefined ? {} : { rpm: config.rpm }),
    ...(config.tpm === undefined ? {} : { tpm: config.tpm }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(config.simulated === true ? { simulated: true as const } : {}),
    configured,
  };
}

function listingOf(known: SnapshotProvider | undefined, { models }: ProviderConfig): 'open' | 'closed' {
  if (models === 'open') return 'open';
  // Without any list nothing could be asked of a provider of one's own.
  if (known === undefined) return models === undefined ? 'open' : 'closed';
  return known.listing ?? 'closed';
}

function credentialOf(
  id: string,
  { known, config = {}, env, authority }: EntryParts & { readonly authority: string },
): { credential: CredentialRef; key_env: readonly string[]; usable: boolean } {
  if (config.auth === 'none') return { credential: { kind: 'none', authority }, key_env: [], usable: true };
  if (config.api_key !== undefined) {
    const { text, missing } = expandVariables(config.api_key, env);
    return {
      credential: { kind: 'config', provider: id, authority },
      key_env: missing,
      usable: missing.length === 0 && isUsableKey(text),
    };
  }
  const names = config.key_env === undefined ? undefined : [config.key_env].flat();
  if (names === undefined && known?.auth === 'none') {
    return { credential: { kind: 'none', authority }, key_env: [], usable: true };
  }
  const key_env = names ?? known?.key_env ?? [];
  const name = key_env.find((each) => isUsableKey(env[each])) ?? key_env[0] ?? '';
  return { credential: { kind: 'env', name, authority }, key_env, usable: isUsableKey(env[name]) };
}

function headersOf(
  { headers }: ProviderConfig,
  env: Env,
): { headers?: Readonly<Record<string, string>>; missing: readonly string[] } {
  if (headers === undefined) return { missing: [] };
  const missing: string[] = [];
  const expanded = Object.entries(headers).map(([name, value]) => {
    const expansion = expandVariables(value, env);
    missing.push(...expansion.missing);
    return [name.toLowerCase(), expansion.text] as const;
  });
  return { headers: Object.fromEntries(expanded), missing };
}

function modelsOf(known: SnapshotProvider | undefined, { models }: ProviderConfig): ReadonlyMap<string, ModelEntry> {
  const entries = new Map<string, ModelEntry>();
  for (const [id, model] of Object.entries(known?.models ?? {})) {
    entries.set(id, { id, tools: true, vision: false, ...model });
  }
  if (models === undefined || models === 'open') return entries;
  for (const model of models) {
    const given = typeof model === 'string' ? { id: model } : modelEntry(model);
    entries.set(given.id, { ...entries.get(given.id), ...given });
  }
  return entries;
}

function modelEntry({ router, ...model }: ModelConfig): ModelEntry {
  return router === true ? { ...model, router } : model;
}

function sameProvider(name: string, other: string): Pick<Issue, 'message' | 'hint'> {
  return { message: `"${name}" and "${other}" are the same provider.`, hint: 'Keep one.' };
}

function problem(position: string, path: KeyPath, { message, hint }: Pick<Issue, 'message' | 'hint'>): Issue {
  const at = `${position === '' ? '' : `${position} `}${writeKeyPath(path)}`;
  return { code: 'CONFIG_INVALID', path: at, message, hint, suggestions: [] };
}
