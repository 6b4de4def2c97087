import { highestOutputPrice } from '../budget/cost.ts';
import type { Catalog, ModelEntry, ProviderEntry } from '../catalog.ts';
import type { Resolver } from '../resolve-route.ts';
import type { Price } from '../route.ts';
import { rankFamily } from '../routing/rank-family.ts';

/**
 * Longest list of models inside a tool's definition, in characters: about 900 tokens at four a token. Every request
 * of the calling model carries it.
 */
export const MAX_LIST = 3_600;

export interface UsableModel {
  readonly provider: ProviderEntry;
  readonly model: ModelEntry;
}

/** A provider's line is filled up to so many models with the newest others that can call tools. */
const FILLED = 6;

/**
 * Models a task may name here, those worth showing first: of every provider its default, then the newest of each
 * family, then the newest others. Depends on nothing but the catalog and the rules.
 */
export function usableModels({ catalog, resolve }: Resolver): {
  readonly all: readonly UsableModel[];
  /** How many of `all`, from the first, are worth a place in a short list. */
  readonly notable: number;
} {
  const notable: UsableModel[] = [];
  const others: UsableModel[] = [];
  const providers = [...catalog.providers.values()]
    .filter(({ usable }) => usable)
    .sort((a, b) => Number(b.configured) - Number(a.configured) || compare(a.id, b.id));
  const ranked = providers.map((provider) => {
    const heads = headsOf(provider, catalog);
    const place = ({ id, tools }: ModelEntry): number =>
      id === provider.default_model ? 0 : heads.has(id) ? 1 : tools === false || id.includes(':') ? 3 : 2;
    return [...provider.models.values()]
      .filter(({ id }) => resolve({ task: { provider: provider.id, model: id }, call: {} }).ok)
      .map((model) => ({ provider, model, place: place(model) }))
      .sort(
        (a, b) =>
          a.place - b.place ||
          compare(b.model.released ?? '', a.model.released ?? '') ||
          compare(a.model.id, b.model.id),
      );
  });
  // One of each provider in turn, so that a long catalog does not push the others out.
  for (let turn = 0; ranked.some((models) => turn < models.length); turn += 1) {
    for (const models of ranked) {
      const found = models[turn];
      if (found === undefined) continue;
      const { provider, model, place } = found;
      (place < 2 || turn < FILLED ? notable : others).push({ provider, model });
    }
  }
  return { all: [...notable, ...others], notable: notable.length };
}

/** What each family's bare name means at this provider. */
function headsOf({ models }: ProviderEntry, { families, provider_aliases }: Catalog): ReadonlySet<string> {
  const entries = [...models.values()];
  return new Set(
    [...families.values()].flatMap((family) => {
      const isOwnVendor = (prefix: string): boolean => family.vendors.includes(provider_aliases.get(prefix) ?? prefix);
      const [head] = rankFamily(entries, { family, isOwnVendor });
      return head === undefined ? [] : [head.id];
    }),
  );
}

/**
 * As many models as fit, a line a provider; says how many are left out and, with `elsewhere`, where they are.
 * Empty when there are none.
 */
export function modelList(
  { all, notable }: ReturnType<typeof usableModels>,
  { max = MAX_LIST, elsewhere }: { readonly max?: number; readonly elsewhere: string },
): string {
  const lines = new Map<string, string>();
  let length = LEGEND.length + LEFT_OUT.length + elsewhere.length;
  let shown = 0;
  for (const { provider, model } of all.slice(0, notable)) {
    const before = lines.get(provider.id);
    const entry = entryOf(model);
    const added = before === undefined ? `\n${provider.id}: ${entry}` : `, ${entry}`;
    if (length + added.length > max) break;
    lines.set(provider.id, (before ?? '') + added);
    length += added.length;
    shown += 1;
  }
  if (shown === 0) return '';
  const rest = all.length - shown;
  return `${LEGEND}${[...lines.values()].join('')}${rest === 0 ? '' : `\n${rest}${LEFT_OUT}${elsewhere}.`}`;
}

const LEGEND =
  '\nUsable here, as provider: model (price of output, effort). Price: free, $ up to 1, $$ up to 6, $$$ up to 20, $$$$ above, in USD per million tokens; $? unknown.';
const LEFT_OUT = ' more can be used; ';

function entryOf(model: ModelEntry): string {
  const facts = [priceMark(model.price), effortRange(model)].filter((fact) => fact !== '');
  return `${model.id} (${facts.join(' ')})`;
}

/** Bands are decades of taste, not measurements; they split today's price lists into cheap, middle, strong, strongest. */
export function priceMark(price: Price | undefined): string {
  const out = highestOutputPrice(price);
  if (out === undefined) return '$?';
  if (out === 0) return 'free';
  if (out <= 1) return '$';
  if (out <= 6) return '$$';
  return out <= 20 ? '$$$' : '$$$$';
}

/** `low-max`; empty when unknown, `no effort` when it takes none. */
function effortRange({ reasoning }: ModelEntry): string {
  if (reasoning === undefined) return '';
  const [first] = reasoning;
  const last = reasoning.at(-1);
  if (first === undefined || last === undefined) return 'no effort';
  return first === last ? first : `${first}-${last}`;
}

/** By code unit: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
