import type { KeyPath } from '../config-source.ts';
import type { ConfigFile, NamedRouteConfig } from '../files/config-file.ts';
import { HERMES_TOOLSETS, STAYS_BEHIND } from './hermes-names.ts';
import type { Mapping, RouteReader } from './map-routes.ts';
import type { Section } from './notebook.ts';

type Delegation = {
  -readonly [Field in keyof NonNullable<ConfigFile['delegation']>]: NonNullable<ConfigFile['delegation']>[Field];
};

/** `delegation` of Hermes, with the chain of the parent where children go along it, and its profiles as routes. */
export function mapDelegation(
  value: Readonly<Record<string, unknown>>,
  {
    notebook,
    reader,
    baseline,
  }: Pick<Mapping, 'notebook'> & { readonly reader: RouteReader; readonly baseline?: string },
): { readonly delegation: Delegation; readonly routes: Record<string, NamedRouteConfig> } {
  const { say } = notebook;
  const { routeIn, effortAt, chainAt } = reader;
  const routes: Record<string, NamedRouteConfig> = {};
  const section = notebook.section(['delegation'], value.delegation);
  const delegation: Delegation = {};
  const pinned = ['provider', 'base_url', 'model'].some((key) => section.has(key));
  Object.assign(delegation, routeIn(section, ['delegation'], { hint: 'delegation', ...(baseline && { baseline }) }));
  const childEffort = effortAt(section, 'reasoning_effort', ['delegation', 'reasoning_effort']);
  if (childEffort !== undefined) delegation.reasoning_effort = childEffort;
  const number = (key: string, to: keyof Delegation, note?: string): void => {
    const count = section.count(key);
    if (count === undefined) return;
    Object.assign(delegation, { [to]: count });
    say({
      path: section.at(key),
      state: note === undefined ? 'taken' : 'changed',
      to: ['delegation', to],
      ...(note && { note }),
    });
  };
  number('max_iterations', 'max_turns');
  number('max_concurrent_children', 'max_concurrent_children');
  number('max_spawn_depth', 'max_spawn_depth');
  const orchestrators = section.take('orchestrator_enabled');
  if (orchestrators === false) {
    delegation.max_spawn_depth = 1;
    const note = 'Children do not delegate.';
    say({ path: section.at('orchestrator_enabled'), state: 'changed', to: ['delegation', 'max_spawn_depth'], note });
  } else if (orchestrators !== undefined) {
    const note = 'What max_spawn_depth says.';
    say({ path: section.at('orchestrator_enabled'), state: 'taken', to: ['delegation', 'max_spawn_depth'], note });
  }
  for (const [key, to] of [
    ['child_timeout_seconds', 'idle_timeout_seconds'],
    ['max_summary_chars', 'max_summary_chars'],
  ] as const) {
    if (section.take(key) === 0)
      say({ path: section.at(key), state: 'no_counterpart', note: `There is no "off" for ${to}.` });
    else if (key === 'max_summary_chars') number(key, to);
    else {
      const seconds = section.count(key);
      if (seconds === undefined) continue;
      delegation.idle_timeout_seconds = Math.max(30, seconds);
      const note = seconds < 30 ? 'Hermes waits for 30 seconds at least.' : 'Hermes counts the time without progress.';
      say({ path: section.at(key), state: 'changed', to: ['delegation', to], note });
    }
  }
  const toolsets = section.take('default_toolsets');
  if (Array.isArray(toolsets)) {
    delegation.toolsets = toolsets.flatMap((name, index) => {
      const path = [...section.at('default_toolsets'), index];
      const ours = typeof name === 'string' ? HERMES_TOOLSETS.get(name) : undefined;
      if (ours === undefined) say({ path, state: 'no_counterpart', note: 'There is no such toolset here.' });
      else {
        const same = ours.length === 1 && ours[0] === name;
        const note = `It is ${ours.join(' and ')} here.`;
        const to = ['delegation', 'toolsets'];
        say(same ? { path, state: 'taken', to } : { path, state: 'changed', to, note });
      }
      return ours ?? [];
    });
  } else if (toolsets !== undefined) {
    say({ path: section.at('default_toolsets'), state: 'no_counterpart', note: 'It is not a list.' });
  }
  const under = delegation.provider ?? baseline;
  const to: KeyPath = ['delegation', 'fallback'];
  if (section.has('fallback_providers')) {
    const path = section.at('fallback_providers');
    const chain = section.take('fallback_providers');
    delegation.fallback = chainAt(path, chain, to, under);
    if (Array.isArray(chain) && chain.length === 0) say({ path, state: 'taken', to, note: 'No fallback.' });
  }
  for (const key of ['fallback_providers', 'fallback_model'] as const) {
    const given = value[key];
    if (given === undefined || given === null || given === '' || (Array.isArray(given) && given.length === 0)) continue;
    if (pinned || delegation.fallback !== undefined) {
      const note = 'The chain of the parent; in Hermes, children with a route or chain of their own do not use it.';
      say({ path: [key], state: 'no_counterpart', note });
    } else {
      delegation.fallback = chainAt([key], given, to, under);
      const note = 'For children that pinned nothing; the parent itself has no chain.';
      say({ path: [key], state: 'changed', to, note });
    }
  }
  for (const key of ['profiles', 'routes']) {
    const all = notebook.section(section.at(key), section.take(key));
    for (const name of all.keys) addRoute(notebook.section(all.at(name), all.take(name)), name);
  }
  const preset = section.text('default_profile');
  if (preset !== undefined) {
    const path = section.at('default_profile');
    if (!Object.hasOwn(routes, preset)) say({ path, state: 'no_counterpart', note: 'No such profile was taken.' });
    else {
      // A profile comes before provider and model in Hermes; here they do not stand together.
      delete delegation.provider;
      delete delegation.model;
      delegation.route = preset;
      say({ path, state: 'taken', to: ['delegation', 'route'] });
    }
  }
  section.rest((key) => STAYS_BEHIND[`delegation.${key}`]);

  function addRoute(entry: Section, name: string): void {
    const to: KeyPath = ['routes', name];
    const under = delegation.provider ?? baseline;
    const route = routeIn(entry, to, { hint: name, ...(under && { baseline: under }) });
    const effort = effortAt(entry, 'reasoning_effort', [...to, 'reasoning_effort']);
    const description = entry.text('description');
    const provider = route?.provider ?? under;
    if (route?.model === undefined || provider === undefined || !/^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(name)) {
      say({ path: entry.path, state: 'no_counterpart', note: 'A route needs a plain name, a provider and a model.' });
    } else {
      const chain = entry.has('fallback') ? 'fallback' : 'fallback_providers';
      const given = entry.take(chain);
      const fallback = given === undefined ? [] : chainAt(entry.at(chain), given, [...to, 'fallback'], provider);
      if (description !== undefined) say({ path: entry.at('description'), state: 'taken', to: [...to, 'description'] });
      routes[name] = {
        provider,
        model: route.model,
        ...(effort && { reasoning_effort: effort }),
        ...(description && { description }),
        ...(fallback.length > 0 && { fallback }),
      };
    }
    entry.rest();
  }

  return { delegation, routes };
}
