import type { Catalog, ModelEntry, ProviderEntry } from '../catalog.ts';
import { wordsOf } from '../text/suggest.ts';
import { rankFamily } from './rank-family.ts';

/** How a provider offers a model. */
export interface Offer {
  readonly provider: ProviderEntry;
  readonly model: ModelEntry;
  /**
   * `listed`: by its id. `prefix`: by its id after the provider's own prefix. `family`: as the newest of a family.
   * `unlisted`: the provider's listing is open and does not have it.
   */
  readonly how: 'listed' | 'prefix' | 'family' | 'unlisted';
  /** For `family`: all that were weighed, the chosen one first. */
  readonly ranked?: readonly ModelEntry[];
}

/** Look-ups over a catalog. Nothing is computed before it is asked for, and nothing twice. */
export interface CatalogIndex {
  readonly catalog: Catalog;
  /** All providers, by id: so that the order of configuration never decides anything. */
  readonly providers: readonly ProviderEntry[];
  /** A provider by any of its names, in any letter case, with or without `custom:`. */
  provider(name: string): ProviderEntry | undefined;
  /** `provider/model` → both, when the part before the first slash names a provider. */
  splitSlash(text: string): { readonly provider: ProviderEntry; readonly model: string } | undefined;
  /** What a provider's list has under this name: an id, or a family (`sonnet`, `anthropic/sonnet`). */
  offer(provider: ProviderEntry, name: string): Offer | undefined;
  /** A name in a request that pins this provider: its own prefix is stripped once, and an open list takes any id. */
  pinned(provider: ProviderEntry, name: string): Offer | undefined;
  /** The words of each id a provider lists, for suggestions. */
  wordsOf(provider: ProviderEntry): ReadonlyMap<string, readonly string[]>;
  /** Families (`sonnet`) of which a provider offers a model. */
  familiesOf(provider: ProviderEntry): readonly string[];
}

const indexes = new WeakMap<Catalog, CatalogIndex>();

/** One index a catalog, shared by every resolver over it. */
export function indexOf(catalog: Catalog): CatalogIndex {
  let index = indexes.get(catalog);
  if (index === undefined) {
    index = createCatalogIndex(catalog);
    indexes.set(catalog, index);
  }
  return index;
}

function createCatalogIndex(catalog: Catalog): CatalogIndex {
  const ranked = new Map<ProviderEntry, Map<string, readonly ModelEntry[]>>();

  const spelled = new Map<ProviderEntry, ReadonlyMap<string, readonly string[]>>();

  const provider = (name: string): ProviderEntry | undefined => {
    const lower = name.trim().toLowerCase();
    const id = lower.startsWith('custom:') ? lower.slice('custom:'.length) : lower;
    // A provider's own id comes before another's alias of the same name.
    return catalog.providers.get(id) ?? catalog.providers.get(catalog.provider_aliases.get(id) ?? '');
  };

  const family = (entry: ProviderEntry, name: string): readonly ModelEntry[] => {
    const known = ranked.get(entry) ?? new Map<string, readonly ModelEntry[]>();
    const models = known.get(name) ?? rank(entry, name);
    // `anything/sonnet` is a caller's text: only what the catalog bounds is remembered.
    if (models.length > 0 || catalog.families.has(name)) ranked.set(entry, known.set(name, models));
    return models;
  };

  const rank = (entry: ProviderEntry, name: string): readonly ModelEntry[] => {
    const slash = name.lastIndexOf('/');
    const found = catalog.families.get(name.slice(slash + 1));
    if (found === undefined) return [];
    const isOwnVendor = (prefix: string): boolean =>
      found.vendors.includes(prefix) || found.vendors.includes(catalog.provider_aliases.get(prefix) ?? '');
    return rankFamily(entry.models.values(), {
      family: found,
      isOwnVendor,
      ...(slash < 0 ? {} : { prefix: name.slice(0, slash) }),
    });
  };

  const offer = (entry: ProviderEntry, name: string): Offer | undefined => {
    const model = entry.models.get(name);
    if (model !== undefined) return { provider: entry, model, how: 'listed' };
    const models = isFamilyName(catalog, name) ? family(entry, name.toLowerCase()) : [];
    const [newest] = models;
    if (newest === undefined) return undefined;
    return { provider: entry, model: newest, how: 'family', ranked: models };
  };

  const splitSlash = (text: string): { provider: ProviderEntry; model: string } | undefined => {
    const slash = text.indexOf('/');
    const entry = slash > 0 ? provider(text.slice(0, slash)) : undefined;
    return entry === undefined ? undefined : { provider: entry, model: text.slice(slash + 1) };
  };

  const pinned = (entry: ProviderEntry, name: string): Offer | undefined => {
    const whole = offer(entry, name);
    if (whole !== undefined) return whole;
    const split = splitSlash(name);
    if (split?.provider === entry) {
      const rest = offer(entry, split.model);
      if (rest !== undefined) return rest.how === 'listed' ? { ...rest, how: 'prefix' } : rest;
    }
    return entry.listing === 'open' ? { provider: entry, model: { id: name }, how: 'unlisted' } : undefined;
  };

  let sorted: readonly ProviderEntry[] | undefined;
  return {
    catalog,
    get providers() {
      sorted ??= [...catalog.providers.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
      return sorted;
    },
    provider,
    splitSlash,
    offer,
    pinned,
    wordsOf(entry) {
      const known = spelled.get(entry) ?? new Map([...entry.models.keys()].map((id) => [id, wordsOf(id)]));
      spelled.set(entry, known);
      return known;
    },
    familiesOf: (entry) => [...catalog.families.keys()].filter((name) => family(entry, name).length > 0).sort(),
  };
}

/** A cheap test before any list is scanned, and a bound on what is remembered. */
function isFamilyName(catalog: Catalog, name: string): boolean {
  return catalog.families.has(name.slice(name.lastIndexOf('/') + 1).toLowerCase());
}
