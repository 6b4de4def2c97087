import type { Catalog } from '../../core/catalog.ts';
import { type Issue, refusal } from '../../core/errors.ts';
import { indexOf } from '../../core/routing/catalog-index.ts';
import { suggestNames } from '../../core/text/suggest.ts';
import { byPosition, type KeyPath, writeKeyPath } from '../config-source.ts';
import type { RouteConfig } from '../files/config-file.ts';
import type { LoadedConfig } from '../load-config.ts';

/**
 * Names of providers and models that the configuration gives, held against the catalog: a slip is found on loading,
 * not when a child is to run on it (or, worse, would run elsewhere). Throws `CONFIG_INVALID`.
 */
export function checkAgainstCatalog({ config, where }: Pick<LoadedConfig, 'config' | 'where'>, catalog: Catalog): void {
  const index = indexOf(catalog);
  const issues: Issue[] = [];
  const refuse = (path: KeyPath, message: string, suggestions: readonly string[]): void => {
    issues.push({
      code: 'CONFIG_INVALID',
      path: `${where(path)} ${writeKeyPath(path)}`,
      message,
      hint:
        suggestions.length > 0
          ? `Did you mean ${suggestions.map((name) => `"${name}"`).join(' or ')}?`
          : 'See `yardmaster providers` and `yardmaster models`.',
      suggestions,
    });
  };
  const providerNames = [...catalog.providers.keys(), ...catalog.provider_aliases.keys()];

  for (const [path, name] of providersNamed(config)) {
    // A variable is missed where it is used.
    if (name.includes('${') || index.provider(name) !== undefined) continue;
    refuse(path, `"${name}" is not a provider.`, suggestNames(name, providerNames));
  }
  for (const [id, { default_model: model }] of Object.entries(config.providers ?? {})) {
    const provider = model === undefined ? undefined : index.provider(id);
    if (model === undefined || provider === undefined || index.pinned(provider, model) !== undefined) continue;
    const path = ['providers', id, 'default_model'];
    refuse(path, `"${model}" is not a model of ${provider.id}.`, suggestNames(model, provider.models.keys()));
  }
  for (const key of ['allow', 'deny'] as const) {
    for (const [at, pattern] of config.delegation[key].entries()) {
      // A rule that can never bind would let through what it is there to stop.
      const [first = '', ...rest] = pattern.split('/');
      if (pattern.startsWith('tag:') || first.includes('*')) continue;
      const path = ['delegation', key, at];
      const provider = index.provider(first);
      const model = rest.join('/').toLowerCase();
      if (provider === undefined) refuse(path, `"${first}" is not a provider.`, suggestNames(first, providerNames));
      else if (model !== '' && !model.includes('*') && provider.listing === 'closed') {
        const ids = [...provider.models.keys()];
        if (ids.some((id) => id.toLowerCase() === model)) continue;
        const isFamily = index.offer(provider, model) !== undefined;
        const near = isFamily ? [`${first}/*${rest.at(-1)}*`] : suggestNames(model, ids);
        refuse(path, `"${model}" is not the id of a model of ${provider.id}.`, near);
      }
    }
  }
  for (const [path, text] of modelTexts(config)) {
    if (/\s/.test(text.trim()))
      refuse(
        path,
        `"${text}" holds a space; it is one model, and its provider stands before a slash or beside it.`,
        [],
      );
  }
  for (const [name, target] of Object.entries(config.aliases ?? {})) {
    if (/\s/.test(target.trim())) continue;
    const [first = '', ...rest] = target.split('/');
    if (rest.length === 0 || target.includes('${') || index.provider(first) !== undefined) continue;
    // Ids have slashes of their own (`meta-llama/llama-…`): somebody must have this one, or take any.
    const known = index.providers.some(
      (provider) => provider.models.has(target) || (provider.configured && provider.listing === 'open'),
    );
    if (!known)
      refuse(
        ['aliases', name],
        `"${target}" begins with no provider, and no provider lists it.`,
        suggestNames(first, providerNames),
      );
  }
  if (issues.length > 0) throw refusal(issues.sort(byPosition));
}

function providersNamed({ model, delegation, routes = {} }: LoadedConfig['config']): [KeyPath, string][] {
  const named: [KeyPath, string | undefined][] = [
    [['model', 'provider'], providerIn(model)],
    [['delegation', 'provider'], delegation.provider],
    ...inList(['delegation', 'fallback'], delegation.fallback),
    ...Object.entries(routes).flatMap(([name, route]): [KeyPath, string | undefined][] => [
      [['routes', name, 'provider'], route.provider],
      ...inList(['routes', name, 'fallback'], route.fallback),
    ]),
  ];
  return named.flatMap(([path, name]) => (name === undefined ? [] : [[path, name]]));
}

/** Texts that stand for one model, where a provider has a place of its own. */
function modelTexts({ aliases = {}, routes = {} }: LoadedConfig['config']): [KeyPath, string][] {
  return [
    ...Object.entries(aliases).map(([name, text]): [KeyPath, string] => [['aliases', name], text]),
    ...Object.entries(routes).map(([name, { model }]): [KeyPath, string] => [['routes', name, 'model'], model]),
  ];
}

function inList(path: KeyPath, routes: readonly RouteConfig[] = []): [KeyPath, string | undefined][] {
  return routes.map((route, index) => [[...path, index, 'provider'], providerIn(route)]);
}

function providerIn(route: RouteConfig | undefined): string | undefined {
  return typeof route === 'object' ? route.provider : undefined;
}
