import { DelegateError } from '../core/errors.ts';
import type { CredentialRef } from '../core/route.ts';
import { authorityOf } from '../core/routing/build-route.ts';
import { canonicalProvider } from './catalog/build-catalog.ts';
import type { CatalogSnapshot } from './catalog/catalog-snapshot.ts';
import { expandVariables } from './expand-variables.ts';
import type { ProviderConfig } from './files/config-file.ts';
import type { Env } from './files/config-paths.ts';
import { isUsableKey, keyProblem } from './usable-key.ts';

export interface CredentialsInput {
  readonly env: Env;
  readonly snapshot: CatalogSnapshot;
  /** `providers:` of the configuration. */
  readonly providers?: Readonly<Record<string, ProviderConfig>>;
}

/** Keys by reference. Nothing but `key` and `secrets` ever gives a key out. */
export interface Credentials {
  /** A usable key is there, or none is needed. */
  present(ref: CredentialRef): boolean;
  /** Why there is no usable key (`GROQ_API_KEY is not set`); undefined when there is one or none is needed. */
  problem(ref: CredentialRef): string | undefined;
  /**
   * The key, for a request to `authority`; undefined = a server without keys.
   * Throws `CREDENTIAL_MISSING` when there is no usable key, or when this one belongs to another authority.
   */
  key(ref: CredentialRef, authority: string): string | undefined;
  /** Every usable key known here, for the redactor. */
  secrets(): readonly string[];
}

export function createCredentials({ env, snapshot, providers = {} }: CredentialsInput): Credentials {
  const own = new Map<string, string>();
  for (const [name, { api_key }] of Object.entries(providers)) {
    if (api_key !== undefined) own.set(canonicalProvider(name, snapshot), api_key);
  }

  const configured = (provider: string): { key?: string; missing: readonly string[] } => {
    const written = own.get(provider);
    if (written === undefined) return { missing: [] };
    const { text, missing } = expandVariables(written, env);
    return missing.length > 0 ? { missing } : { key: text, missing };
  };

  /** What is found, and why it is no usable key. */
  const look = (ref: CredentialRef): { readonly key?: string; readonly problem?: string } => {
    if (ref.kind === 'none') return {};
    if (ref.kind === 'env') {
      const key = env[ref.name];
      const why = keyProblem(key);
      return why === undefined ? { key: key! } : { problem: `${ref.name} ${why}` };
    }
    const { key, missing } = configured(ref.provider);
    if (missing.length > 0) {
      return { problem: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set` };
    }
    const why = keyProblem(key);
    return why === undefined ? { key: key! } : { problem: `the api_key of "${ref.provider}" ${why}` };
  };

  return {
    present: (ref) => look(ref).problem === undefined,
    problem: (ref) => look(ref).problem,
    key(ref, authority) {
      // A server without keys gets none, wherever it is.
      if (ref.kind === 'none') return undefined;
      const owner = authorityOf(ref.authority);
      if (owner === '' || owner !== authorityOf(authority)) {
        throw new DelegateError(
          'CREDENTIAL_MISSING',
          `No key may go to "${authority}": this one is for "${ref.authority}".`,
          {
            hint: 'A key goes only to the address it was configured for. Give the other address an entry and a key of its own.',
          },
        );
      }
      const { key, problem } = look(ref);
      if (problem !== undefined) {
        throw new DelegateError('CREDENTIAL_MISSING', `There is no usable key for "${ref.authority}": ${problem}.`, {
          hint: ref.kind === 'env' ? `Set ${ref.name}.` : 'Set it in the environment.',
        });
      }
      return key;
    },
    secrets() {
      const names = new Set<string>();
      for (const { key_env } of Object.values(snapshot.providers)) for (const name of key_env) names.add(name);
      for (const { key_env = [] } of Object.values(providers)) for (const name of [key_env].flat()) names.add(name);
      const keys = [...names].map((name) => env[name]).filter(isUsableKey);
      for (const provider of own.keys()) {
        const { key } = configured(provider);
        if (isUsableKey(key)) keys.push(key);
      }
      return [...new Set(keys)];
    },
  };
}
