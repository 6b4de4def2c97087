import type { KeyPath } from '../config-source.ts';
import type { Mapping } from './map-routes.ts';
import { looksLikeKey, type Section } from './notebook.ts';

/** `model_aliases`, and `model.aliases` (whose section is `main`), as ours. `baseline`: the parent's provider. */
export function mapAliases(
  value: unknown,
  main: Section,
  { notebook, providers, baseline }: Omit<Mapping, 'snapshot'> & { readonly baseline?: string },
): Record<string, string> {
  const { say } = notebook;
  const aliases: Record<string, string> = {};

  function addAlias(path: KeyPath, name: string, target: { provider?: string; model: string; note?: string }): void {
    const alias = name.toLowerCase();
    if (Object.hasOwn(aliases, alias) || looksLikeKey(name)) {
      say({ path, state: 'no_counterpart', note: 'The first alias of a name counts.' });
      return;
    }
    aliases[alias] = target.provider === undefined ? target.model : `${target.provider}/${target.model}`;
    const { note } = target;
    say({ path, state: note === undefined ? 'taken' : 'changed', to: ['aliases', alias], ...(note && { note }) });
  }

  // The map of its own comes first in Hermes.
  const named = notebook.section(['model_aliases'], value);
  for (const name of named.keys) {
    const entry = notebook.section(named.at(name), named.take(name));
    const model = entry.text('model');
    if (model === undefined || /\s/.test(model)) {
      say({ path: entry.path, state: 'no_counterpart', note: 'It names no model.' });
      continue;
    }
    const asked = entry.text('provider') ?? 'custom';
    const own = entry.has('base_url');
    const provider = own ? endpointId(entry, name) : providers.named(asked);
    entry.take('base_url');
    if (!('id' in provider)) say({ path: entry.path, state: 'no_counterpart', note: provider.why });
    else {
      const fitted = providers.modelOn(provider.id, model);
      const note = fitted.note ?? ('note' in provider ? provider.note : undefined);
      addAlias(entry.path, name, { provider: provider.id, model: fitted.model, ...(note && { note }) });
    }
    entry.rest();
  }
  const inModel = notebook.section(main.at('aliases'), main.take('aliases'));
  for (const name of inModel.keys) {
    const text = inModel.text(name);
    if (text === undefined) continue;
    const slash = text.indexOf('/');
    const first = slash > 0 ? providers.named(text.slice(0, slash)) : undefined;
    if (first !== undefined && 'id' in first) {
      const fitted = providers.modelOn(first.id, text.slice(slash + 1));
      const note = fitted.note ?? first.note;
      addAlias(inModel.at(name), name, { provider: first.id, model: fitted.model, ...(note && { note }) });
    } else if (baseline !== undefined) {
      const fitted = providers.modelOn(baseline, text);
      addAlias(inModel.at(name), name, { provider: baseline, ...fitted });
    } else if (first !== undefined) say({ path: inModel.at(name), state: 'no_counterpart', note: first.why });
    else addAlias(inModel.at(name), name, { model: text });
  }
  function endpointId(section: Section, hint: string): { id: string } | { why: string } {
    const id = providers.endpoint(section, hint);
    return id === undefined ? { why: 'Its address could not be taken.' } : { id };
  }

  return aliases;
}
