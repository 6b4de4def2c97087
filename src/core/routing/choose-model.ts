import type { ProviderEntry } from '../catalog.ts';
import type { Issue } from '../errors.ts';
import type { Source } from '../route.ts';
import { baselineModel, baselineProvider } from './baseline.ts';
import type { Offer } from './catalog-index.ts';
import type { ChoiceOrIssues, ParentChoice } from './choice.ts';
import { quote } from './parse-name.ts';
import { type Meaning, readAlias } from './read-alias.ts';
import { type Ask, isAboutEffort, type RoutingContext } from './read-layer.ts';
import { issueOf, missingCredential, orList } from './routing-issues.ts';
import { missingModel, unknownModel } from './unknown-model.ts';

/**
 * Decides provider and model, which are one unit: the nearest layer that sets either one decides both.
 * `asks` are nearest first and end with the parent's, if there is one.
 */
export function chooseModel(asks: readonly Ask[], context: RoutingContext, parent: ParentChoice): ChoiceOrIssues {
  const at = asks.findIndex(speaksOfModel);
  const ask = asks[at];
  const nothing: ChoiceOrIssues = { ok: false, issues: [missingModel(asks[0]?.path ?? '')] };
  if (ask === undefined) return nothing;
  if (ask.layer === 'parent') {
    context.trail?.push({
      about: 'layer',
      text: "No layer before it asks for a model or a provider: the parent's are taken.",
    });
    return parent() ?? nothing;
  }
  // What cannot be read is not passed over: this layer speaks, but nobody knows what it says.
  if (!ask.issues.every(isAboutEffort)) return { ok: false, issues: ask.issues };
  return chooseFor(ask, asks.slice(at + 1), context, parent);
}

function speaksOfModel({ layer, model, provider, named, issues }: Ask): boolean {
  return (
    layer === 'parent' ||
    model !== undefined ||
    provider !== undefined ||
    named !== undefined ||
    !issues.every(isAboutEffort)
  );
}

/** What `ask` means, given the layers outside it. */
export function chooseFor(
  ask: Ask,
  outer: readonly Ask[],
  context: RoutingContext,
  parent: ParentChoice,
): ChoiceOrIssues {
  const { index, trail } = context;
  const refuse = (...issues: readonly Issue[]): ChoiceOrIssues => ({ ok: false, issues });
  const choose = (offer: Offer, provider: Source, model: Source): ChoiceOrIssues => {
    if (offer.how === 'family') {
      trail?.push({
        about: 'model',
        text: `The newest such model that ${offer.provider.id} offers is ${offer.model.id}.`,
        considered: offer.ranked?.map(({ id }) => id) ?? [],
      });
    }
    return { ok: true, offer, ask, source: { provider, model } };
  };

  if (ask.named !== undefined)
    trail?.push({ about: 'layer', text: `The ${ask.layer} names the route ${quote(ask.named.name)}.` });
  if (ask.model !== undefined && ask.provider !== undefined) return withBoth(ask.model, ask.provider);
  if (ask.model !== undefined) return withModel(ask.model);
  if (ask.provider !== undefined) return withProvider(ask.provider);
  return refuse(missingModel(ask.path));

  /** Both are given: the text is that provider's. */
  function withBoth(text: string, provider: ProviderEntry): ChoiceOrIssues {
    const meaning = readAlias(text, context);
    if (meaning.provider !== undefined && meaning.provider !== provider) {
      return refuse(
        issueOf(
          'ROUTE_CONFLICT',
          `${ask.path}.model`,
          `The alias ${quote(text)} means "${meaning.provider.id}/${meaning.model}", and the provider asked for is "${provider.id}".`,
          'Leave out the provider, or give the model by its id on that provider.',
        ),
      );
    }
    trail?.push({ about: 'layer', text: `The ${ask.layer} asks for ${quote(text)} on ${provider.id}.` });
    return pin(meaning, provider, ask.layer);
  }

  function pin(meaning: Meaning, provider: ProviderEntry, source: Source): ChoiceOrIssues {
    const offer = index.pinned(provider, meaning.model);
    if (offer !== undefined) return choose(offer, source, ask.layer);
    const path = `${ask.path}.model`;
    const unknown = unknownModel(meaning.model, path, provider, context);
    const label = `${provider.id}/${meaning.model}`;
    return provider.usable ? refuse(unknown) : refuse(unknown, missingCredential(provider, label, path));
  }

  /** Only a model is given: the baseline provider's if it offers it, else the one usable provider that does. */
  function withModel(text: string): ChoiceOrIssues {
    const meaning = readAlias(text, context);
    trail?.push({ about: 'layer', text: `The ${ask.layer} asks for the model ${quote(text)}.` });
    if (meaning.provider !== undefined) return pin(meaning, meaning.provider, 'alias');

    const baseline = baselineProvider(outer, context, parent);
    if (baseline !== undefined && 'issues' in baseline) return refuse(...baseline.issues);
    if (baseline !== undefined) {
      trail?.push({
        about: 'provider',
        text: `The baseline provider is ${baseline.provider.id}, named by the ${baseline.source}.`,
      });
    }
    const name = meaning.model;
    const listed = baseline?.provider.models.has(name) ?? false;
    const split = listed ? undefined : index.splitSlash(name);
    if (split !== undefined) {
      if (split.model === '') return refuse(emptySlash(name));
      trail?.push({ about: 'provider', text: `${quote(name)} names its provider before the slash.` });
      return pin({ model: split.model }, split.provider, ask.layer);
    }
    const offer = baseline === undefined ? undefined : index.pinned(baseline.provider, name);
    if (baseline !== undefined && offer !== undefined) return choose(offer, baseline.source, ask.layer);
    return search(name, baseline?.provider);
  }

  /** Looks among providers with a usable credential, never beyond. */
  function search(name: string, baseline: ProviderEntry | undefined): ChoiceOrIssues {
    const others = index.providers.filter((provider) => provider.usable && provider !== baseline);
    const byId = others.filter((provider) => provider.models.has(name));
    const offers = (byId.length > 0 ? byId : others)
      .map((provider) => index.offer(provider, name))
      .filter((offer) => offer !== undefined);
    const names = offers.map(({ provider, model }) => `${provider.id}/${model.id}`);
    trail?.push({ about: 'provider', text: searched(name, baseline, names.length), considered: names });
    const [only] = offers;
    if (only === undefined) return refuse(unknownModel(name, `${ask.path}.model`, baseline, context));
    if (offers.length === 1) return choose(only, 'catalog', ask.layer);
    const providers = offers.map(({ provider }) => provider.id);
    return refuse(
      issueOf(
        'MODEL_AMBIGUOUS',
        `${ask.path}.model`,
        `The model ${quote(name)} is offered by ${providers.length} providers: ${providers.join(', ')}.`,
        `Say which one with "provider": ${orList(providers.slice(0, 3))}.`,
        names.slice(0, 3),
      ),
    );
  }

  /** Only a provider is given: its own default. */
  function withProvider(provider: ProviderEntry): ChoiceOrIssues {
    trail?.push({ about: 'layer', text: `The ${ask.layer} asks for the provider ${provider.id}.` });
    if (provider.default_model !== undefined) {
      const offer = index.pinned(provider, provider.default_model);
      const path = `config.providers.${provider.id}.default_model`;
      if (offer === undefined) return refuse(unknownModel(provider.default_model, path, provider, context));
      trail?.push({ about: 'model', text: `Its default_model is ${provider.default_model}.` });
      return choose(offer, ask.layer, 'provider');
    }
    const newest = provider.default_family === undefined ? undefined : index.offer(provider, provider.default_family);
    if (newest !== undefined) {
      trail?.push({ about: 'model', text: `Its default family is ${provider.default_family}.` });
      return choose(newest, ask.layer, 'provider');
    }
    const adopted = baselineModel(provider, outer, context, parent);
    if (adopted !== undefined) {
      trail?.push({ about: 'model', text: `It lists the baseline model, ${adopted.offer.model.id}.` });
      return choose(adopted.offer, ask.layer, adopted.source);
    }
    const [only, ...more] = provider.models.values();
    if (only !== undefined && more.length === 0) {
      trail?.push({ about: 'model', text: 'It has exactly one model.' });
      return choose({ provider, model: only, how: 'listed' }, ask.layer, 'provider');
    }
    return refuse(missingModel(ask.path, provider));
  }

  function emptySlash(name: string): Issue {
    return issueOf(
      'ROUTE_INVALID',
      `${ask.path}.model`,
      `The model ${quote(name)} ends at its slash.`,
      'Write "provider/model".',
    );
  }
}

function searched(name: string, baseline: ProviderEntry | undefined, found: number): string {
  const where = baseline === undefined ? 'No layer names a provider' : `${baseline.id} does not list ${quote(name)}`;
  return `${where}; of the providers with a credential, ${found === 0 ? 'none offers' : found === 1 ? 'one offers' : `${found} offer`} it.`;
}
