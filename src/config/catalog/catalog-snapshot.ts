import type { ModelEntry, ModelFamily } from '../../core/catalog.ts';
import type { Wire } from '../../core/route.ts';

/** data/catalog.json, as docs/providers.md describes it. */
export interface CatalogSnapshot {
  readonly notice: string;
  readonly format: typeof SNAPSHOT_FORMAT;
  /** ISO day of the data. */
  readonly as_of: string;
  readonly provider_aliases: Readonly<Record<string, string>>;
  readonly families: Readonly<Record<string, ModelFamily>>;
  readonly providers: Readonly<Record<string, SnapshotProvider>>;
}

export const SNAPSHOT_FORMAT = 1;

export interface SnapshotProvider {
  readonly name: string;
  readonly wire: Wire;
  /** May refer to environment variables: `https://${RESOURCE}.example`. */
  readonly base_url: string;
  readonly key_env: readonly string[];
  readonly auth?: 'none';
  /** Absent = `closed`. */
  readonly listing?: 'open';
  readonly default_family?: string;
  readonly package?: string;
  readonly tags?: readonly string[];
  readonly models: Readonly<Record<string, SnapshotModel>>;
}

/** A model without its id. In a snapshot an absent `tools` means true and an absent `vision` false. */
export type SnapshotModel = Omit<ModelEntry, 'id'>;

/** The cache of `models refresh`: models that the list had. Only these facts of them are ever read from it. */
export interface FetchedModels {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly as_of: string;
  readonly providers: Readonly<Record<string, { readonly models: Readonly<Record<string, SnapshotModel>> }>>;
}

/** What a fetched list may change of a model that the package knows … */
export const MODEL_FACTS: readonly (keyof SnapshotModel)[] = ['context', 'max_output', 'price', 'vision', 'released'];
/** … and say of one that it does not know. */
export const NEW_MODEL_FACTS: readonly (keyof SnapshotModel)[] = [
  ...MODEL_FACTS,
  'tools',
  'reasoning',
  'effort_dialect',
];
