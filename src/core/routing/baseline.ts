import type { ProviderEntry } from '../catalog.ts';
import type { Issue } from '../errors.ts';
import type { Source } from '../route.ts';
import type { Offer } from './catalog-index.ts';
import type { ParentChoice } from './choice.ts';
import { readAlias } from './read-alias.ts';
import { type Ask, isAboutEffort, type RoutingContext } from './read-layer.ts';

export type Baseline =
  | { readonly provider: ProviderEntry; readonly source: Source }
  /** The layer that is to name it cannot be read. */
  | { readonly issues: readonly Issue[] };

/** Where a model without a provider belongs: the provider that the next outer layer names. */
export function baselineProvider(
  outer: readonly Ask[],
  context: RoutingContext,
  parent: ParentChoice,
): Baseline | undefined {
  for (const [position, ask] of outer.entries()) {
    if (ask.layer === 'parent') {
      const choice = parent();
      if (choice === undefined) return undefined;
      return choice.ok ? { provider: choice.offer.provider, source: 'parent' } : { issues: choice.issues };
    }
    // A layer that names a provider nobody knows must not be passed over as if it had said nothing.
    if (!ask.issues.every(isAboutEffort)) return { issues: ask.issues };
    if (ask.provider !== undefined) return { provider: ask.provider, source: ask.layer };
    const split = ask.model === undefined ? undefined : context.index.splitSlash(ask.model);
    if (split === undefined) continue;
    const beyond = baselineProvider(outer.slice(position + 1), context, parent);
    const isWholeId = beyond !== undefined && 'provider' in beyond && beyond.provider.models.has(ask.model ?? '');
    if (!isWholeId) return { provider: split.provider, source: ask.layer };
  }
  return undefined;
}

/**
 * For a provider without a model: the nearest outer model, if this provider lists it. One that call or config
 * chose for another provider is never adopted; the parent's may be, because aggregators share ids.
 */
export function baselineModel(
  provider: ProviderEntry,
  outer: readonly Ask[],
  context: RoutingContext,
  parent: ParentChoice,
): { readonly offer: Offer; readonly source: Source } | undefined {
  const { index } = context;
  const next = outer.find(({ layer, model }) => layer === 'parent' || model !== undefined);
  if (next === undefined) return undefined;
  if (next.layer === 'parent') {
    const choice = parent();
    if (choice?.ok !== true) return undefined;
    if (choice.offer.provider === provider) return { offer: choice.offer, source: 'parent' };
    const model = provider.models.get(choice.offer.model.id);
    return model === undefined ? undefined : { offer: { provider, model, how: 'listed' }, source: 'parent' };
  }
  const meaning = readAlias(next.model ?? '', context);
  const chosenFor = next.provider ?? meaning.provider ?? index.splitSlash(meaning.model)?.provider;
  if (chosenFor !== undefined && chosenFor !== provider) return undefined;
  const find = chosenFor === undefined ? index.offer : index.pinned;
  const offer = find(provider, meaning.model);
  return offer === undefined ? undefined : { offer, source: next.layer };
}
