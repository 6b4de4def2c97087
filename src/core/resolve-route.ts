import type { Catalog } from './catalog.ts';
import type { Issue } from './errors.ts';
import type { Layer, Route, RouteRequest, RouteSource } from './route.ts';
import { assembleRoute } from './routing/assemble-route.ts';
import { buildRoute } from './routing/build-route.ts';
import { indexOf } from './routing/catalog-index.ts';
import type { ChoiceOrIssues } from './routing/choice.ts';
import { chooseEffort } from './routing/choose-effort.ts';
import { chooseFor, chooseModel } from './routing/choose-model.ts';
import { type Ask, isAboutEffort, type RoutingContext, readLayer, type Step } from './routing/read-layer.ts';
import { clampEffort } from './routing/resolve-effort.ts';
import { createRoutePolicy, selectionIssues } from './routing/route-policy.ts';
import { uniqueIssues } from './routing/routing-issues.ts';
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
  /** How `resolve` comes to its answer, step by step. */
  explain(layers: CallLayers): readonly Step[];
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
  const policy = createRoutePolicy(settings.policy, context.index, parent);
  const remembered = new Map<string, Resolution>();

  const decide = (layers: CallLayers, trail?: Step[]): Resolution => {
    const told = trail === undefined ? context : { ...context, trail };
    const task = readLayer('task', 'task', layers.task, context);
    const call = readLayer('call', 'call', layers.call, context);
    // What the caller wrote is judged whether or not it decides anything; configuration only where it does.
    const issues = [
      ...task.issues,
      ...selectionIssues(task, settings.policy),
      ...call.issues,
      ...selectionIssues(call, settings.policy),
    ];
    const asks = [task, call, ...outer];
    const choice = chooseModel(asks, told, chooseParent);
    if (!choice.ok) return refused([...issues, ...choice.issues]);
    const effort = chooseEffort(asks, choice, chooseParent());
    const made = assembleRoute(choice, effort, told, policy);
    const all = [...issues, ...effort.issues, ...made.issues];
    if (all.length > 0) return refused(all);
    return {
      ok: true,
      route: made.route,
      requested: requestedBy(asks),
      source: { ...choice.source, ...(effort.ask === undefined ? {} : { reasoning_effort: effort.ask.layer }) },
      notes: made.notes,
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
    explain(layers) {
      const trail: Step[] = [];
      decide(layers, trail);
      return trail;
    },
    under: (route) => createResolver(catalog, settings, { parent: route }),
  };
}

function requestedBy(asks: readonly Ask[]): Resolved['requested'] {
  const requested: { [Name in Layer]?: RouteRequest } = {};
  for (const { layer, said } of asks) if (said !== undefined) requested[layer] = said;
  return requested;
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

/**
 * What was asked, as one text. Absent and blank mean the same; a request that itself holds the separator is
 * refused whatever else it says, so no two requests with different answers share a key.
 */
function keyOf({ task, call }: CallLayers): string {
  return `${fieldsOf(task)}\u0000${fieldsOf(call)}`;
}

function fieldsOf({ model = '', provider = '', reasoning_effort = '', route = '' }: RouteRequest): string {
  return `${model}\u0000${provider}\u0000${reasoning_effort}\u0000${route}`;
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
