import { readFileSync } from 'node:fs';
import { DelegateError } from '../../core/errors.ts';
import {
  type CatalogSnapshot,
  type FetchedModels,
  MODEL_FACTS,
  NEW_MODEL_FACTS,
  SNAPSHOT_FORMAT,
  type SnapshotModel,
  type SnapshotProvider,
} from './catalog-snapshot.ts';

const SHIPPED = new URL('../../../data/catalog.json', import.meta.url);

/**
 * The catalog's data: what the package ships, with what `models refresh` fetched last (`catalog_file`) of models, if
 * that is newer. Providers, addresses, wires, key names and families are always the package's own, so that an old cache
 * hides none of a newer package. A damaged cache is as good as none; a damaged package is an error.
 */
export function loadSnapshot({ catalog_file }: { readonly catalog_file?: string } = {}): CatalogSnapshot {
  const snapshot = parseSnapshot(readFileSync(SHIPPED, 'utf8'));
  if (snapshot === undefined) {
    throw new DelegateError('INTERNAL', 'The catalog that comes with the package is damaged.', {
      hint: 'Install the package again.',
    });
  }
  const fetched = catalog_file === undefined ? undefined : readIfThere(catalog_file);
  // The day stands near the top: a cache that is too old is never parsed.
  if (fetched === undefined || dayOf(fetched) <= snapshot.as_of) return snapshot;
  const facts = parseFetched(fetched);
  return facts === undefined ? snapshot : withFacts(snapshot, facts);
}

/** The facts of the models it has, and models that are new to it; nothing that says where anything is sent. */
function withFacts(snapshot: CatalogSnapshot, fetched: FetchedModels): CatalogSnapshot {
  const providers: Record<string, SnapshotProvider> = {};
  for (const [id, provider] of Object.entries(snapshot.providers)) {
    const models: Record<string, SnapshotModel> = { ...provider.models };
    const told = Object.hasOwn(fetched.providers, id) ? fetched.providers[id]?.models : undefined;
    for (const [model, facts] of Object.entries(told ?? {})) {
      const known = Object.hasOwn(models, model) ? models[model] : undefined;
      // As an assignment this name would change the object itself.
      if (model !== '__proto__' && isObject(facts)) {
        models[model] = known === undefined ? pick(NEW_MODEL_FACTS, facts) : { ...known, ...pick(MODEL_FACTS, facts) };
      }
    }
    providers[id] = { ...provider, models };
  }
  return { ...snapshot, as_of: fetched.as_of, providers };
}

function pick(names: readonly (keyof SnapshotModel)[], model: SnapshotModel): SnapshotModel {
  return Object.fromEntries(names.flatMap((name) => (model[name] === undefined ? [] : [[name, model[name]]])));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function dayOf(text: string): string {
  return /"as_of":"(\d{4}-\d\d-\d\d)"/.exec(text.slice(0, 4096))?.[1] ?? '';
}

function parseSnapshot(text: string): CatalogSnapshot | undefined {
  try {
    const value = JSON.parse(text) as Partial<CatalogSnapshot>;
    const parts = [value.provider_aliases, value.families, value.providers, ...Object.values(value.providers ?? {})];
    return value.format === SNAPSHOT_FORMAT && parts.every(isObject) ? (value as CatalogSnapshot) : undefined;
  } catch {
    return undefined;
  }
}

function parseFetched(text: string): FetchedModels | undefined {
  try {
    const value = JSON.parse(text) as FetchedModels;
    const parts = [value.providers, ...Object.values(value.providers ?? {}).map((provider) => provider?.models)];
    return value.format === SNAPSHOT_FORMAT && parts.every(isObject) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
