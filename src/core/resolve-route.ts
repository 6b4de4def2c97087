import { assembleRoute } from './assemble-route.ts';
import { buildRoute } from './build-route.ts';
import type { Catalog } from './catalog.ts';
import { indexOf } from './catalog-index.ts';
import { chooseEffort } from './choose-effort.ts';
import { type ChoiceOrIssues, chooseFor, chooseModel, type Step } from './choose-model.ts';
import type { Issue } from './errors.ts';
import { type Ask, isAboutEffort, type RoutingContext, readLayer } from './read-layer.ts';
import { clampEffort } from './resolve-effort.ts';
import type { Layer, Route, RouteRequest, RouteSource } from './route.ts';
import { selectionIssues } from './route-policy.ts';
import { uniqueIssues } from './routing-issues.ts';
import type { RoutingSettings } from './settings.ts';

/** The two layers a call brings; config and parent are the resolver's own. */
export interface CallLayers {
  readonly task: RouteRequest;
  readonly call: RouteRequest;
}

export interface Resolved {
  readonly ok: true;
  readonly route: Route;
  /** Verbatim, one entry a layer that spoke. */
  readonly requested: Partial<Readonly<Record<Layer, RouteRequest>>>;
  readonly source: RouteSource;
  /** For the receipt: what was clamped, left out or could not be verified. */
  readonly notes: readonly string[];
  /** How it was decided, in order. */
  readonly trail: readonly Step[];
}

/**
 * Paths of issues start with the layer they stand at: `task.model`, `call.provider`, or for configuration
 * `config.delegation.model`, `config.model.provider`, `config.routes.<name>.fallback[0].model`.
 */
export type Resolution = Resolved | { readonly ok: false; readonly issues: readonly Issue[] };

export interface Resolver {
  readonly catalog: Catalog;
  readonly settings: RoutingSettings;
  /** The parent's route, as given or as configured; undefined when there is none or it does not resolve. */
  readonly parent: Route | undefined;
  /** Pure and remembered: the same layers give the same resolution, whatever the order of configuration. */
  resolve(layers: CallLayers): Resolution;
  /** The same catalog and settings under another parent (a child that delegates). */
  under(parent: Route): Resolver;
}

/** Resolutions one resolver remembers, and the longest request worth it: callers must not fill the memory. */
const MAX_REMEMBERED = 4_096;
const MAX_REMEMBERED_KEY = 2_000;

/**
 * Decides routes by the rules of docs/routing.md. `parent` is the live route of whoever delegates; without it
 * the parent is what `settings.parent` asks for.
 */
export function createResolver(
  catalog: Catalog,
  settings: RoutingSettings,
  options: { readonly parent?: Route } = {},
): Resolver {
  const context: RoutingContext = { index: indexOf(catalog), settings };
  const outer = outerLayers(settings, options.parent, context);
  const chooseParent = once((): ChoiceOrIssues | undefined => {
    const ask = outer.find(({ layer }) => layer === 'parent');
    if (ask === undefined) return undefined;
    return ask.issues.every(isAboutEffort)
      ? chooseFor(ask, [], context, () => undefined)
      : { ok: false, issues: ask.issues };
  });
  const parent = once(() => options.parent ?? parentRoute(chooseParent()));
  const remembered = new Map<string, Resolution>();

  const decide = (layers: CallLayers): Resolution => {
    const task = readLayer('task', 'task', layers.task, context);
    const call = readLayer('call', 'call', layers.call, context);
    // What the caller wrote is judged whether or not it decides anything; configuration only where it does.
    const issues = [task, call].flatMap((ask) => [...ask.issues, ...selectionIssues(ask, settings.policy)]);
    const asks = [task, call, ...outer];
    const choice = chooseModel(asks, context, chooseParent);
    if (!choice.ok) return refused([...issues, ...choice.issues]);
    const effort = chooseEffort(asks, choice, chooseParent());
    const made = assembleRoute(choice, effort, { ...context, parent: parent() });
    const all = [...issues, ...effort.issues, ...made.issues];
    if (all.length > 0) return refused(all);
    return {
      ok: true,
      route: made.route,
      requested: Object.fromEntries(asks.flatMap(({ layer, said }) => (said === undefined ? [] : [[layer, said]]))),
      source: { ...choice.source, ...(effort.ask === undefined ? {} : { reasoning_effort: effort.ask.layer }) },
      notes: made.notes,
      trail: made.steps,
    };
  };

  return {
    catalog,
    settings,
    get parent() {
      return parent();
    },
    resolve(layers) {
      const key = keyOf(layers);
      const known = remembered.get(key);
      if (known !== undefined) return known;
      const resolution = decide(layers);
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      if (key.length <= MAX_REMEMBERED_KEY) remembered.set(key, resolution);
      return resolution;
    },
    under: (route) => createResolver(catalog, settings, { parent: route }),
  };
}

/** Config and parent, the layers that stay the same from call to call. */
function outerLayers(settings: RoutingSettings, parent: Route | undefined, context: RoutingContext): readonly Ask[] {
  const config = readLayer('config', 'config.delegation', settings.delegation, context);
  const request = parent === undefined ? settings.parent : requestOf(parent);
  const ask = request === undefined ? undefined : readLayer('parent', 'config.model', request, context);
  return ask?.said === undefined ? [config] : [config, ask];
}

function requestOf({ provider, model, reasoning_effort }: Route): RouteRequest {
  return { provider, model, ...(reasoning_effort === undefined ? {} : { reasoning_effort }) };
}

/** The parent's own route: never held to the policy, which is about children. */
function parentRoute(choice: ChoiceOrIssues | undefined): Route | undefined {
  if (choice?.ok !== true) return undefined;
  const { offer, ask } = choice;
  const effort = ask.effort === undefined ? undefined : clampEffort(ask.effort, offer.model.reasoning, '').effort;
  return buildRoute(offer.provider, offer.model, {
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(ask.named === undefined ? {} : { name: ask.named.name }),
    fallback: [],
  });
}

/** What was asked, as text that no other request shares. */
function keyOf({ task, call }: CallLayers): string {
  return JSON.stringify([
    task.model,
    task.provider,
    task.reasoning_effort,
    task.route,
    call.model,
    call.provider,
    call.reasoning_effort,
    call.route,
  ]);
}

function refused(issues: readonly Issue[]): Resolution {
  return { ok: false, issues: uniqueIssues(issues) };
}

function once<Value>(compute: () => Value): () => Value {
  let known: { readonly value: Value } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}
