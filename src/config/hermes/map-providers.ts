import { canonicalProvider, keyOwners } from '../catalog/build-catalog.ts';
import type { CatalogSnapshot } from '../catalog/catalog-snapshot.ts';
import type { KeyPath } from '../config-source.ts';
import type { ModelConfig, ProviderConfig } from '../files/config-file.ts';
import type { KeyOwners } from '../provider-problems.ts';
import { HERMES_PROVIDERS } from './hermes-names.ts';
import { mapEndpoint } from './map-endpoint.ts';
import { isMapping, looksLikeKey, type Notebook, type Section } from './notebook.ts';

/** A provider as a name of Hermes means it, in ours. */
export type Named = { readonly id: string; readonly note?: string } | { readonly why: string };

export interface MappedProviders {
  /** Entries for `providers` of ours, by id. */
  readonly entries: Record<string, ProviderConfig>;
  /** Which provider of ours a name in Hermes' file means. `auto` and nothing mean none. */
  named(name: string): Named;
  /** An endpoint that stands beside a model (`base_url`, `api_key`, …); undefined when it cannot be taken. */
  endpoint(section: Section, hint: string): string | undefined;
  /** What stands beside a provider's name about its key and wire, as settings of that provider. */
  keyBeside(section: Section, id: string): void;
  /** The id of a model as this provider lists it; unlisted ids stay as they are. */
  modelOn(id: string, model: string): { readonly model: string; readonly note?: string };
}

const URL_KEYS = ['base_url', 'api', 'url'];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;

/** `providers` and `custom_providers` of Hermes, and what their names mean everywhere else in the file. */
export function mapProviders(
  value: Readonly<Record<string, unknown>>,
  { snapshot, notebook }: { readonly snapshot: CatalogSnapshot; readonly notebook: Notebook },
): MappedProviders {
  const owners: KeyOwners = keyOwners(snapshot);
  const entries: Record<string, ProviderConfig> = {};
  /** Every name Hermes knows one of its own providers by → our id; undefined = it was not taken. */
  const own = new Map<string, string | undefined>();
  const knownOf = (id: string) => (Object.hasOwn(snapshot.providers, id) ? snapshot.providers[id] : undefined);

  function add(section: Section, id: string, names: readonly string[]): void {
    const known = knownOf(id);
    const entry = mapEndpoint(section, { id, known, owners, url: URL_KEYS, notebook });
    for (const name of names) own.set(name.toLowerCase(), entry === undefined ? undefined : id);
    if (entry === undefined) return;
    const usual = HERMES_PROVIDERS.get(id);
    if (known !== undefined && usual !== undefined && 'id' in usual && usual.key_env !== undefined) {
      if (['base_url', 'key_env', 'api_key', 'auth'].every((key) => !(key in entry))) entry.key_env = usual.key_env;
    }
    const title = section.text('name');
    if (title !== undefined) entry.name = title;
    const models = mapModels(section, id, notebook);
    const preferred = section.has('default_model') ? 'default_model' : 'model';
    const chosen = section.text(preferred);
    const default_model = chosen === undefined ? undefined : modelOn(id, chosen);
    if (default_model !== undefined) {
      entry.default_model = default_model.model;
      const { note } = default_model;
      const to: KeyPath = ['providers', id, 'default_model'];
      notebook.say({
        path: section.at(preferred),
        state: note === undefined ? 'taken' : 'changed',
        to,
        ...(note && { note }),
      });
    }
    const other = preferred === 'model' ? undefined : section.text('model');
    if (other !== undefined) {
      notebook.say({ path: section.at('model'), state: 'no_counterpart', note: 'default_model comes first.' });
    }
    if (models.length > 0) entry.models = models;
    if (title !== undefined) notebook.say({ path: section.at('name'), state: 'taken', to: ['providers', id, 'name'] });
    section.rest((key) => (/^max_(output_)?tokens$/.test(key) ? 'Write it as max_output on each model.' : undefined));
    entries[id] = entry;
    if (entry.default_model !== undefined) list(id, entry.default_model);
  }

  /** A list is complete: what the rest of the file names is on it, too. */
  function list(id: string, model: string): void {
    const { models } = entries[id] ?? {};
    const known = knownOf(id);
    if (known?.models !== undefined && Object.hasOwn(known.models, model)) return;
    if (known !== undefined && (known.listing === 'open' || Object.hasOwn(snapshot.families, model))) return;
    if (models === 'open' || (models === undefined && known === undefined)) return;
    if (models?.some((one) => (typeof one === 'string' ? one : one.id) === model)) return;
    // A model of a known provider is declared by Hermes' entry alone, not by whoever names it.
    if (entries[id] !== undefined) entries[id] = { ...entries[id], models: [...(models ?? []), model] };
  }

  function modelOn(id: string, model: string): { model: string; note?: string } {
    const known = knownOf(id);
    const ids = Object.keys(known?.models ?? {});
    if (known === undefined || ids.length === 0 || ids.includes(model) || Object.hasOwn(snapshot.families, model)) {
      if (known === undefined) list(id, model);
      return { model };
    }
    const wanted = folded(model);
    const same = ids.filter((each) => folded(each) === wanted);
    const ends = same.length > 0 ? same : ids.filter((each) => folded(each.slice(each.indexOf('/') + 1)) === wanted);
    const [only] = ends;
    if (only === undefined || ends.length > 1) return { model };
    return { model: only, note: `${id} lists it as "${only}".` };
  }

  /** `claude-opus-4.6`, `anthropic/claude-opus-4-6` → one text. */
  function folded(model: string): string {
    return model.toLowerCase().replaceAll('.', '-');
  }

  function freeId(wanted: string): string {
    const base =
      wanted
        .toLowerCase()
        .replace(/[^a-z0-9._-]+/g, '-')
        .replace(/^[^a-z0-9]+|-+$/g, '') || 'custom';
    const taken = (id: string) => Object.hasOwn(entries, id) || knownOf(canonicalProvider(id, snapshot)) !== undefined;
    if (!taken(base)) return base;
    for (let number = 1; ; number += 1) {
      const id = `${base}-custom${number === 1 ? '' : number}`;
      if (!taken(id)) return id;
    }
  }

  const mapped: MappedProviders = {
    entries,
    modelOn,
    named(name) {
      const text = name.toLowerCase().trim();
      const bare = text.replace(/^custom:/, '');
      for (const key of [text, bare, bare.replaceAll(' ', '-')]) {
        if (!own.has(key)) continue;
        const id = own.get(key);
        return id === undefined ? { why: `"${name}" could not be taken.` } : { id };
      }
      if (text === 'custom') {
        const first = [...own.values()].find((id) => id !== undefined && knownOf(id) === undefined);
        return first === undefined ? { why: 'It names no provider: "custom" alone.' } : { id: first };
      }
      const known = HERMES_PROVIDERS.get(text);
      if (known !== undefined) {
        if ('why' in known) return known;
        const { id, key_env, note = key_env && `Its key is looked for in ${key_env.join(', ')}.` } = known;
        if (key_env !== undefined) entries[id] ??= { key_env };
        return { id, ...(note === undefined ? {} : { note }) };
      }
      const id = canonicalProvider(text, snapshot);
      if (knownOf(id) !== undefined) return { id };
      return { why: 'Neither this file nor the catalog has that provider.' };
    },
    keyBeside(section, id) {
      const keys = ['api_key', 'key_env', 'api_mode', 'transport'].filter((key) => section.has(key));
      if (keys.length === 0) return;
      if (entries[id] === undefined) {
        const entry = mapEndpoint(section, { id, known: knownOf(id), owners, url: [], notebook });
        if (entry !== undefined && Object.keys(entry).length > 0) entries[id] = entry;
        return;
      }
      for (const key of keys) {
        section.take(key);
        const note = `The key and the wire of "${id}" stand under its provider.`;
        notebook.say({ path: section.at(key), state: 'no_counterpart', note });
      }
    },
    endpoint(section, hint) {
      const url = section.has('base_url') ? section.text('base_url')?.replace(/\/+$/, '') : undefined;
      // An address that is there already, with its own key, is the same endpoint.
      const bare = !section.has('api_key') && !section.has('key_env');
      const ready =
        Object.entries(entries).find(([, { base_url }]) => base_url === url)?.[0] ??
        Object.entries(snapshot.providers).find(([, { base_url }]) => base_url === url)?.[0];
      if (bare && ready !== undefined && url !== undefined) {
        notebook.say({ path: section.at('base_url'), state: 'taken', to: ['providers', ready] });
        return ready;
      }
      const id = freeId(hint);
      const entry = mapEndpoint(section, { id, known: undefined, owners, url: ['base_url'], notebook });
      if (entry === undefined) return undefined;
      entries[id] = entry;
      return id;
    },
  };

  const written = notebook.section(['providers'], value.providers);
  for (const slug of written.keys) {
    const section = notebook.section(written.at(slug), written.take(slug) ?? {});
    const named = HERMES_PROVIDERS.get(slug.toLowerCase());
    const known = knownOf(canonicalProvider(slug, snapshot)) !== undefined;
    const id = named !== undefined && 'id' in named && slug !== 'openai' ? named.id : canonicalProvider(slug, snapshot);
    if (looksLikeKey(slug) || !NAME.test(slug)) {
      notebook.say({ path: section.path, state: 'no_counterpart', note: 'Such a name cannot stand here.' });
    } else add(section, known || knownOf(id) !== undefined ? id : freeId(slug), [slug]);
  }
  const customs = value.custom_providers;
  if (Array.isArray(customs)) {
    for (const [index, item] of customs.entries()) {
      const section = notebook.section(['custom_providers', index], item);
      const name = section.has('name') ? String(section.take('name')).trim() : '';
      if (name === '' || looksLikeKey(name)) {
        notebook.say({ path: section.path, state: 'no_counterpart', note: 'It has no name.' });
        continue;
      }
      const slug = name.toLowerCase().replaceAll(' ', '-');
      const also = section.text('provider_key');
      const id = freeId(slug);
      add(section, id, [name, slug, ...(also === undefined ? [] : [also])]);
      if (id !== slug && entries[id] !== undefined) {
        const note = `It is called "${id}" here: "${slug}" is another provider, or cannot be written so.`;
        notebook.say({ path: section.path, state: 'changed', to: ['providers', id], note });
      }
    }
  } else if (customs !== undefined && customs !== null) {
    notebook.say({ path: ['custom_providers'], state: 'no_counterpart', note: 'Hermes ignores it, too: not a list.' });
  }
  return mapped;
}

/** A list of ids, of mappings with `id` or `name`, or a mapping by id. */
function mapModels(section: Section, id: string, notebook: Notebook): readonly (string | ModelConfig)[] {
  const models = section.take('models');
  if (models === undefined) return [];
  const items: (readonly [KeyPath, unknown, unknown])[] = Array.isArray(models)
    ? models.map((item, index) => {
        const name = isMapping(item) ? (item.id ?? item.name) : item;
        return [[...section.at('models'), index], name, item];
      })
    : isMapping(models)
      ? Object.entries(models).map(([name, item]) => [[...section.at('models'), name], name, item])
      : [];
  if (items.length === 0 && !Array.isArray(models) && !isMapping(models)) {
    notebook.say({ path: section.at('models'), state: 'no_counterpart', note: 'It is neither a list nor a mapping.' });
  }
  return items.flatMap(([path, name, item]): (string | ModelConfig)[] => {
    if (typeof name !== 'string' || name.trim() === '' || looksLikeKey(name)) {
      notebook.say({ path, state: 'no_counterpart', note: 'It names no model.' });
      return [];
    }
    notebook.say({ path, state: 'taken', to: ['providers', id, 'models'] });
    if (!isMapping(item)) return [name.trim()];
    const facts = notebook.section(path, item);
    facts.take('id');
    facts.take('name');
    const context = ['context_length', 'context', 'context_window'].map((key) => facts.count(key)).find(Boolean);
    const max_output = ['max_output_tokens', 'max_tokens'].map((key) => facts.count(key)).find(Boolean);
    facts.rest();
    if (context === undefined && max_output === undefined) return [name.trim()];
    return [
      {
        id: name.trim(),
        ...(context === undefined ? {} : { context }),
        ...(max_output === undefined ? {} : { max_output }),
      },
    ];
  });
}
