import { EFFORTS, type Effort } from '../../core/effort.ts';
import type { CatalogSnapshot } from '../catalog/catalog-snapshot.ts';
import type { KeyPath } from '../config-source.ts';
import type { RouteFields } from '../files/config-file.ts';
import type { MappedProviders } from './map-providers.ts';
import type { Notebook, Section } from './notebook.ts';

/** What mapping every part of the file needs. */
export interface Mapping {
  readonly notebook: Notebook;
  readonly providers: MappedProviders;
  readonly snapshot: CatalogSnapshot;
}

/** A provider and a model, either of which may be left to outer layers. */
export type MappedRoute = Pick<RouteFields, 'provider' | 'model'>;

/** How Hermes writes routes, wherever one stands. */
export interface RouteReader {
  /**
   * Provider and model of a mapping, told where they stand; undefined where it has none, or its provider could not be
   * taken. `baseline`: the provider a model alone is asked of. `hint`: what an address in it is to be called.
   */
  routeIn(
    section: Section,
    to: KeyPath,
    from: { readonly baseline?: string; readonly hint: string },
  ): MappedRoute | undefined;
  effortAt(section: Section, key: string, to: KeyPath): Effort | undefined;
  /** Routes of a list, or one alone; each a mapping or a text. */
  chainAt(path: KeyPath, given: unknown, to: KeyPath, baseline?: string): RouteFields[];
  /** A model that no provider stands beside. */
  byName(text: string): { readonly provider?: string; readonly model: string; readonly note?: string };
}

export function createRouteReader({ notebook, providers, snapshot }: Mapping): RouteReader {
  const { say } = notebook;

  const routeIn: RouteReader['routeIn'] = (section, to, { baseline, hint }) => {
    const asked = section.text('provider');
    const isAuto = asked === undefined || asked.toLowerCase() === 'auto' || asked.toLowerCase() === 'custom';
    const modelKey = ['default', 'model'].find((key) => section.has(key));
    const model = modelKey === undefined ? undefined : section.text(modelKey);
    let provider: string | undefined;
    if (section.has('base_url')) {
      const named = isAuto ? undefined : providers.named(asked);
      const usual = named !== undefined && 'id' in named ? snapshot.providers[named.id]?.base_url : undefined;
      const same = usual !== undefined && section.take('base_url') === usual;
      provider = same && named !== undefined && 'id' in named ? named.id : providers.endpoint(section, hint);
      section.take('base_url');
      if (same && provider !== undefined) {
        const note = 'It is the usual one.';
        say({ path: section.at('base_url'), state: 'taken', to: [...to, 'provider'], note });
        providers.keyBeside(section, provider);
      }
      if (provider === undefined) return undefined;
      if (asked !== undefined)
        say({ path: section.at('provider'), state: isAuto || same ? 'taken' : 'changed', to: [...to, 'provider'] });
    } else if (!isAuto || asked?.toLowerCase() === 'custom') {
      const named = providers.named(asked ?? '');
      if (!('id' in named)) {
        say({ path: section.at('provider'), state: 'no_counterpart', note: named.why });
        if (modelKey !== undefined && model !== undefined) {
          say({ path: section.at(modelKey), state: 'no_counterpart', note: 'Its provider has none.' });
        }
        return undefined;
      }
      provider = named.id;
      const plain = asked?.toLowerCase().replace(/^custom:/, '');
      const note = named.note ?? (named.id === plain ? undefined : `It is "${named.id}" here.`);
      const state = note === undefined ? 'taken' : 'changed';
      say({ path: section.at('provider'), state, to: [...to, 'provider'], ...(note && { note }) });
      providers.keyBeside(section, named.id);
    } else if (asked !== undefined) {
      say({ path: section.at('provider'), state: 'changed', note: '"auto" is no provider here; the model says it.' });
    }
    if (model === undefined || modelKey === undefined) return provider === undefined ? undefined : { provider };
    if (/\s/.test(model)) {
      say({ path: section.at(modelKey), state: 'no_counterpart', note: 'An id with a space cannot stand here.' });
      return provider === undefined ? undefined : { provider };
    }
    const on = provider ?? baseline;
    const fitted = on === undefined ? byName(model) : { provider: on, ...providers.modelOn(on, model) };
    const { note } = fitted;
    const state = note === undefined ? 'taken' : 'changed';
    say({ path: section.at(modelKey), state, to: [...to, 'model'], ...(note && { note }) });
    return provider === undefined && baseline !== undefined
      ? { model: fitted.model }
      : { ...(fitted.provider && { provider: fitted.provider }), model: fitted.model };
  };

  function effortAt(section: Section, key: string, to: KeyPath): Effort | undefined {
    const given = section.take(key);
    if (given === undefined) return undefined;
    const word = given === false ? 'none' : String(given).trim().toLowerCase();
    const effort = word === 'ultra' ? 'max' : EFFORTS.find((level) => level === word);
    if (effort === undefined) {
      const note = `The levels are ${EFFORTS.join(', ')}.`;
      say({ path: section.at(key), state: 'no_counterpart', note });
      return undefined;
    }
    say(
      word === 'ultra'
        ? { path: section.at(key), state: 'changed', to, note: 'No endpoint takes "ultra"; "max" is the strongest.' }
        : { path: section.at(key), state: 'taken', to },
    );
    return effort;
  }

  function chainAt(path: KeyPath, given: unknown, to: KeyPath, baseline?: string): RouteFields[] {
    const items = Array.isArray(given) ? given : [given];
    return items.flatMap((item, index) => {
      const at = Array.isArray(given) ? [...path, index] : path;
      const entry = typeof item === 'string' ? { model: item } : item;
      const section = notebook.section(at, entry);
      const route = routeIn(section, [...to, index], { hint: 'fallback', ...(baseline && { baseline }) });
      section.rest();
      return route === undefined ? [] : [route];
    });
  }

  /** Hermes takes an id with a slash to OpenRouter. */
  function byName(text: string): { provider?: string; model: string; note?: string } {
    if (!text.includes('/')) return { model: text };
    const note = 'Without a provider, Hermes asks OpenRouter for an id with a slash.';
    return { provider: 'openrouter', model: providers.modelOn('openrouter', text).model, note };
  }

  return { routeIn, effortAt, chainAt, byName };
}
