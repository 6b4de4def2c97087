import type { Catalog } from '../core/catalog.ts';

export interface FoundKey {
  /** The provider's id. */
  readonly provider: string;
  /** The environment variable that holds its key; absent for an `api_key` of the configuration. */
  readonly variable?: string;
}

/** The providers that have a usable key, by id. The keys themselves are not looked at here. */
export function findKeys({ providers }: Pick<Catalog, 'providers'>): readonly FoundKey[] {
  const found: FoundKey[] = [];
  for (const { id, usable, credential } of providers.values()) {
    if (!usable || credential.kind === 'none') continue;
    found.push(credential.kind === 'env' ? { provider: id, variable: credential.name } : { provider: id });
  }
  return found.sort((one, other) => (one.provider < other.provider ? -1 : 1));
}
