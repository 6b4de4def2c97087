import { EFFORTS, type Effort } from '../../core/effort.ts';
import { DelegateError } from '../../core/errors.ts';
import type { Price } from '../../core/route.ts';
import { writeFileAtomically } from '../files/write-file.ts';
import {
  type CatalogSnapshot,
  type FetchedModels,
  SNAPSHOT_FORMAT,
  type SnapshotModel,
  type SnapshotProvider,
} from './catalog-snapshot.ts';

export const MODELS_DEV = 'https://models.dev/api.json';

/** models.dev's names of providers that have another one here. */
const THEIR_NAMES: Readonly<Record<string, string>> = {
  fireworks: 'fireworks-ai',
  'kimi-coding': 'kimi-for-coding',
  together: 'togetherai',
  'vercel-ai-gateway': 'vercel',
  'zai-coding': 'zai-coding-plan',
  'zai-coding-cn': 'zhipuai-coding-plan',
};

/** Bytes; the file has about 3 million. */
const MAX_BYTES = 64_000_000;
const PATIENCE = 30_000;

export interface RefreshOptions {
  /** What the package ships, or the last refreshed catalog. */
  readonly snapshot: CatalogSnapshot;
  /** Where the result goes (`paths.catalog_file`). */
  readonly catalog_file: string;
  /** ISO day of today. */
  readonly today: string;
  readonly url?: string;
  readonly signal?: AbortSignal;
}

export interface Refreshed {
  readonly as_of: string;
  /** Models that were not in the catalog before, as `provider/model`. */
  readonly added: readonly string[];
  /** Models of which a fact changed. */
  readonly changed: readonly string[];
}

/**
 * Fetches models.dev's list into the cache. It may add models and change what is known of them; addresses, wires and
 * names of keys stay the package's own, so that no list from outside can send a key anywhere.
 * Throws `NOT_FOUND` when the list cannot be had or is no such list; the cache is then as it was.
 */
export async function refreshModels(options: RefreshOptions): Promise<Refreshed> {
  const { snapshot, catalog_file, today, url = MODELS_DEV } = options;
  const list = await fetchList(url, options.signal);
  const { catalog, added, changed } = mergeList(snapshot, list, today);
  writeFileAtomically(catalog_file, `${JSON.stringify(fetchedModels(catalog, list))}\n`);
  return { as_of: today, added, changed };
}

async function fetchList(url: string, signal?: AbortSignal): Promise<Record<string, unknown>> {
  const refuse = (why: string, cause?: unknown): DelegateError =>
    new DelegateError('NOT_FOUND', `The list of models at "${url}" ${why}.`, {
      hint: 'The catalog stays as it is. Check the network and try again.',
      retryable: true,
      ...(cause === undefined ? {} : { cause }),
    });
  const limit = AbortSignal.timeout(PATIENCE);
  let text: string;
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw refuse(`answered with status ${response.status}`);
    }
    text = await readBody(response, () => refuse(`has more than ${MAX_BYTES.toLocaleString('en-US')} bytes`));
  } catch (thrown) {
    if (thrown instanceof DelegateError) throw thrown;
    if (signal?.aborted === true) throw new DelegateError('CANCELLED', 'The refresh was cancelled.', { cause: thrown });
    throw refuse('cannot be reached', thrown);
  }
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (thrown) {
    throw refuse('is not JSON', thrown);
  }
  if (!isRecord(list) || !Object.values(list).some((entry) => isRecord(entry) && isRecord(entry.models))) {
    throw refuse('is not a list of models by provider');
  }
  return list;
}

async function readBody(response: Response, tooLarge: () => DelegateError): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    total += chunk.byteLength;
    if (total > MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface MergedList {
  readonly catalog: CatalogSnapshot;
  readonly added: readonly string[];
  readonly changed: readonly string[];
}

/** The snapshot with models.dev's facts on it. Pure. */
export function mergeList(
  snapshot: CatalogSnapshot,
  list: Readonly<Record<string, unknown>>,
  today: string,
): MergedList {
  const added: string[] = [];
  const changed: string[] = [];
  const providers: Record<string, SnapshotProvider> = {};
  for (const [id, provider] of Object.entries(snapshot.providers)) {
    const theirs = list[THEIR_NAMES[id] ?? id];
    const models: Record<string, SnapshotModel> = { ...provider.models };
    const entries = isRecord(theirs) && isRecord(theirs.models) ? Object.entries(theirs.models) : [];
    for (const [model, facts] of entries) {
      if (!isRecord(facts) || !isChat(facts) || isReserved(model)) continue;
      const known = Object.hasOwn(models, model) ? models[model] : undefined;
      const merged = known === undefined ? newModel(facts, provider) : { ...known, ...factsOf(facts) };
      if (known === undefined) added.push(`${id}/${model}`);
      else if (JSON.stringify(known) !== JSON.stringify(merged)) changed.push(`${id}/${model}`);
      models[model] = merged;
    }
    providers[id] = { ...provider, models };
  }
  return { catalog: { ...snapshot, as_of: today, providers }, added: added.sort(), changed: changed.sort() };
}

/** What the cache keeps: of the models that the list has, no word of where they are. */
function fetchedModels({ as_of, providers }: CatalogSnapshot, list: Readonly<Record<string, unknown>>): FetchedModels {
  const kept = Object.entries(providers).map(([id, { models }]) => {
    const theirs = list[THEIR_NAMES[id] ?? id];
    const listed = isRecord(theirs) && isRecord(theirs.models) ? theirs.models : {};
    const known = Object.entries(models).filter(([model]) => Object.hasOwn(listed, model));
    const facts = known.map(([model, { wire: _wire, base_url: _url, ...rest }]) => [model, rest] as const);
    return [id, { models: Object.fromEntries(facts) }] as const;
  });
  // `as_of` stands before the long part: who reads the file looks for it there.
  return { format: SNAPSHOT_FORMAT, as_of, providers: Object.fromEntries(kept) };
}

/** What models.dev knows about any model; what it does not say stays as it was. */
function factsOf(facts: Readonly<Record<string, unknown>>): SnapshotModel {
  const limit = isRecord(facts.limit) ? facts.limit : {};
  const modalities = isRecord(facts.modalities) ? facts.modalities : {};
  const price = priceOf(facts.cost);
  const released = facts.release_date;
  const input = modalities.input;
  return {
    ...(isCount(limit.context) ? { context: limit.context } : {}),
    ...(isCount(limit.output) ? { max_output: limit.output } : {}),
    ...(price === undefined ? {} : { price }),
    ...(Array.isArray(input) ? { vision: input.includes('image') } : {}),
    ...(typeof released === 'string' && /^\d{4}-\d\d-\d\d$/.test(released) ? { released } : {}),
  };
}

/** A new model takes the form of effort that all others of its provider have; if they differ, nothing is assumed. */
function newModel(facts: Readonly<Record<string, unknown>>, provider: SnapshotProvider): SnapshotModel {
  const levels = levelsOf(facts);
  const reasoning = Object.values(provider.models).filter((model) => (model.reasoning?.length ?? 0) > 0);
  const dialects = new Set(reasoning.map((model) => model.effort_dialect));
  const [dialect] = dialects;
  return {
    ...factsOf(facts),
    ...(facts.tool_call === false ? { tools: false } : {}),
    ...(levels === undefined ? {} : { reasoning: levels }),
    ...(levels?.length !== 0 && dialects.size === 1 && dialect !== undefined ? { effort_dialect: dialect } : {}),
  };
}

function levelsOf(facts: Readonly<Record<string, unknown>>): readonly Effort[] | undefined {
  if (facts.reasoning === false) return [];
  const options = facts.reasoning_options;
  if (!Array.isArray(options)) return undefined;
  const effort = options.find((option) => isRecord(option) && option.type === 'effort') as unknown;
  const values = isRecord(effort) && Array.isArray(effort.values) ? effort.values : undefined;
  return values === undefined ? undefined : EFFORTS.filter((level) => values.includes(level));
}

/** models.dev writes 0 for free and for unknown alike: only a price above it says something. */
function priceOf(cost: unknown): Price | undefined {
  if (!isRecord(cost)) return undefined;
  const rates = (from: Readonly<Record<string, unknown>>): Price => ({
    ...(isAmount(from.input) ? { in: from.input } : {}),
    ...(isAmount(from.output) ? { out: from.output } : {}),
    ...(isAmount(from.cache_read) ? { cache_read: from.cache_read } : {}),
    ...(isAmount(from.cache_write) ? { cache_write: from.cache_write } : {}),
  });
  const price = rates(cost);
  if (price.in === undefined || price.out === undefined) return undefined;
  const above = cost.context_over_200k;
  return isRecord(above) ? { ...price, tiers: [{ above: 200_001, ...rates(above) }] } : price;
}

function isChat(facts: Readonly<Record<string, unknown>>): boolean {
  const modalities = isRecord(facts.modalities) ? facts.modalities : {};
  const output = modalities.output;
  return facts.status !== 'deprecated' && (!Array.isArray(output) || output.includes('text'));
}

function isReserved(name: string): boolean {
  return name === '__proto__' || name === 'constructor' || name === 'prototype';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
