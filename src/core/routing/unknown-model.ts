import type { ProviderEntry } from '../catalog.ts';
import type { Issue } from '../errors.ts';
import { type Candidate, suggestModels, wordsOf } from '../text/suggest.ts';
import { quote } from './parse-name.ts';
import type { RoutingContext } from './read-layer.ts';
import { issueOf, orList } from './routing-issues.ts';

/**
 * The refusal of a model nobody could find: nearest names first, and apart from them the providers that do
 * list it but have no credential (they are named, never chosen). `provider` is where it was looked for first.
 */
export function unknownModel(
  name: string,
  path: string,
  provider: ProviderEntry | undefined,
  context: RoutingContext,
): Issue {
  const { index } = context;
  const offering = index.providers.filter((entry) => entry !== provider && index.offer(entry, name) !== undefined);
  const usable = offering.filter((entry) => entry.usable).map(({ id }) => id);
  const locked = offering.filter((entry) => !entry.usable);
  const suggestions = suggestModels(name, candidates(provider, context));

  const message =
    provider === undefined
      ? `No provider with a credential offers the model ${quote(name)}.`
      : `${provider.id} does not offer the model ${quote(name)}.`;
  const hints = [
    ...(suggestions.length > 0 ? [`Did you mean ${orList(suggestions)}?`] : []),
    ...(index.provider(name) === undefined ? [] : [`${quote(name)} is a provider: ask for it with "provider".`]),
    ...(usable.length > 0 ? [`Offered by ${usable.slice(0, 3).join(', ')}: ask with "provider".`] : []),
    ...(locked.length > 0 ? [`Without a credential here, so not chosen: ${lockedList(locked)}.`] : []),
  ];
  const hint = hints.length > 0 ? hints.join(' ') : 'See `yardmaster models` for what can be asked for.';
  return issueOf('MODEL_UNKNOWN', path, message, hint, suggestions);
}

/** The refusal of a request that says no model, where none can be derived. */
export function missingModel(path: string, provider?: ProviderEntry): Issue {
  if (provider === undefined) {
    return issueOf(
      'MODEL_REQUIRED',
      `${path}.model`,
      'No model was asked for, and none is configured.',
      'Give "model" (and "provider"), or set `model:` in yardmaster.yaml.',
    );
  }
  const some = [...provider.models.keys()].sort().slice(0, 3);
  return issueOf(
    'MODEL_REQUIRED',
    `${path}.model`,
    `The provider ${quote(provider.id)} has no default model${some.length === 0 ? '' : ` among its ${provider.models.size}`}.`,
    `Give "model"${some.length === 0 ? '' : `, for example ${orList(some)}`}, or set default_model under "providers.${provider.id}".`,
    some,
  );
}

/** Everything that could have been meant: aliases and ids, the provider in question first, then configured ones. */
function* candidates(first: ProviderEntry | undefined, { index, settings }: RoutingContext): Generator<Candidate> {
  for (const alias of settings.aliases.keys()) yield { name: alias, words: wordsOf(alias), rank: 0 };
  const others = index.providers.filter((entry) => entry !== first && (entry.usable || entry.configured));
  const families = new Set((first === undefined ? others : [first]).flatMap((entry) => index.familiesOf(entry)));
  for (const family of families) yield { name: family, words: wordsOf(family), rank: 0 };
  for (const [id, words] of first === undefined ? [] : index.wordsOf(first)) yield { name: id, words, rank: 1 };
  for (const entry of others) {
    const rank = entry.configured ? 2 : 3;
    for (const [id, words] of index.wordsOf(entry)) yield { name: `${entry.id}/${id}`, words, rank };
  }
}

/** `groq (GROQ_API_KEY)`, at most three. */
function lockedList(providers: readonly ProviderEntry[]): string {
  return providers
    .slice(0, 3)
    .map(({ id, key_env }) => (key_env.length === 0 ? id : `${id} (${key_env.join(' or ')})`))
    .join(', ');
}
