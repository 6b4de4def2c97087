import type { CatalogSnapshot } from '../catalog/catalog-snapshot.ts';
import type { ConfigFile, RouteFields } from '../files/config-file.ts';
import { STAYS_BEHIND } from './hermes-names.ts';
import { mapAliases } from './map-aliases.ts';
import { mapDelegation } from './map-delegation.ts';
import { mapProviders } from './map-providers.ts';
import { createRouteReader } from './map-routes.ts';
import { createNotebook, type Finding, isMapping, looksLikeKey } from './notebook.ts';

export interface MappedHermes {
  readonly config: ConfigFile;
  /** One entry a key of Hermes' file that says anything. */
  readonly findings: readonly Finding[];
}

/**
 * Hermes' configuration as ours: what routes there routes here. Nothing is guessed: what has no counterpart, and every
 * word that had to change, is told. No key is copied; references stay references.
 */
export function mapHermes(
  value: Readonly<Record<string, unknown>>,
  { snapshot }: { readonly snapshot: CatalogSnapshot },
): MappedHermes {
  const notebook = createNotebook();
  const { say } = notebook;
  const providers = mapProviders(value, { snapshot, notebook });
  const reader = createRouteReader({ notebook, providers, snapshot });

  const main = notebook.section(['model'], isMapping(value.model) ? value.model : undefined);
  let parent: RouteFields = {};
  if (typeof value.model === 'string' && value.model.trim() !== '') {
    const text = value.model.trim();
    if (looksLikeKey(text) || /\s/.test(text)) {
      say({ path: ['model'], state: 'no_counterpart', note: 'It is not a model.' });
    } else {
      const { note, ...fitted } = reader.byName(text);
      parent = fitted;
      say({ path: ['model'], state: note === undefined ? 'taken' : 'changed', to: ['model'], ...(note && { note }) });
    }
  } else parent = reader.routeIn(main, ['model'], { hint: 'custom' }) ?? {};
  const agent = notebook.section(['agent'], value.agent);
  const effort = reader.effortAt(agent, 'reasoning_effort', ['model', 'reasoning_effort']);
  if (effort !== undefined) parent = { ...parent, reasoning_effort: effort };

  const baseline = parent.provider === undefined ? {} : { baseline: parent.provider };
  const aliases = mapAliases(value.model_aliases, main, { notebook, providers, ...baseline });
  main.rest((key) => STAYS_BEHIND[`model.${key}`]);
  const { delegation, routes } = mapDelegation(value, { notebook, reader, ...baseline });

  // The rest of Hermes is not about models.
  agent.rest(() => 'Not about models or delegation.');
  const read = ['model', 'agent', 'model_aliases', 'providers', 'custom_providers', 'delegation', 'fallback_providers'];
  const top = notebook.section([], value);
  for (const key of [...read, 'fallback_model']) top.take(key);
  top.rest(() => 'Not about models or delegation.');

  return {
    findings: notebook.findings,
    config: {
      ...(Object.keys(parent).length > 0 && { model: parent }),
      ...(Object.keys(providers.entries).length > 0 && { providers: providers.entries }),
      ...(Object.keys(aliases).length > 0 && { aliases }),
      ...(Object.keys(routes).length > 0 && { routes }),
      ...(Object.keys(delegation).length > 0 && { delegation }),
    },
  };
}
