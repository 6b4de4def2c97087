import { type PriceBand, priceBand, sumBands } from './budget/cost.ts';
import { ceilingOf, type PreflightContext, preflight } from './call/preflight.ts';
import { LAYERS, type Layer, type Route, type RouteRequest, type RouteSource } from './route.ts';
import type { Step } from './routing/read-layer.ts';
import type { Budget, SpawnCall } from './task.ts';
import { childToolsets } from './toolsets.ts';

/** What one layer said, and which fields of the route it won. */
export interface LayerExplanation {
  readonly layer: Layer;
  /** Verbatim; absent when it said nothing. */
  readonly said?: RouteRequest;
  readonly won: readonly (keyof RouteSource)[];
}

/** One task as it would run: its route, who decided each field of it and how, and what it may cost. */
export interface TaskExplanation {
  readonly index: number;
  /** The first 120 characters. */
  readonly goal: string;
  /** Nearest first, all four. */
  readonly layers: readonly LayerExplanation[];
  readonly route: Route;
  readonly source: RouteSource;
  readonly notes: readonly string[];
  /** How it was decided, in order: aliases, candidates, policy, credential, effort. */
  readonly steps: readonly Step[];
  readonly toolsets: readonly string[];
  readonly budget?: Budget;
  /** An estimate under the assumptions of `BAND_ASSUMPTIONS`, capped by the budget. */
  readonly price: PriceBand;
}

/** What a call would do, as plain JSON. Nothing was sent. */
export interface Explanation {
  readonly tasks: readonly TaskExplanation[];
  /** How many run side by side and how many wait for a place first. */
  readonly concurrency: {
    readonly tasks: number;
    readonly at_once: number;
    readonly queued: number;
    readonly max_concurrent_children: number;
    /** Providers that bound their own requests in flight, where that bounds this call. */
    readonly providers: readonly {
      readonly provider: string;
      readonly tasks: number;
      readonly max_in_flight: number;
    }[];
  };
  readonly price: PriceBand;
}

const GOAL_SHOWN = 120;

/** What `delegate` would do with the same call. Refusals throw as `preflight`'s do. */
export function explainCall(call: SpawnCall, context: PreflightContext): Explanation {
  const plans = preflight(call, context);
  const tasks = plans.map(({ index, input, requested, route, source, notes, budget }): TaskExplanation => {
    const characters = input.goal.length + (input.context?.length ?? 0);
    return {
      index,
      goal: input.goal.slice(0, GOAL_SHOWN),
      layers: LAYERS.map((layer) => layerOf(layer, requested[layer], source)),
      route,
      source,
      notes,
      steps: context.resolver.explain({ task: input, call: call.route }),
      toolsets: childToolsets(input.toolsets, ceilingOf(context)),
      ...(budget === undefined ? {} : { budget }),
      price: priceBand(route.price, characters, budget?.usd),
    };
  });
  return { tasks, concurrency: concurrencyOf(tasks, context), price: sumBands(tasks.map(({ price }) => price)) };
}

function layerOf(layer: Layer, said: RouteRequest | undefined, source: RouteSource): LayerExplanation {
  const fields = ['provider', 'model', 'reasoning_effort'] as const;
  return { layer, ...(said === undefined ? {} : { said }), won: fields.filter((field) => source[field] === layer) };
}

function concurrencyOf(
  tasks: readonly TaskExplanation[],
  { limits, resolver }: PreflightContext,
): Explanation['concurrency'] {
  const { max_concurrent_children } = limits;
  const at_once = Math.min(tasks.length, max_concurrent_children);
  const counts = new Map<string, number>();
  for (const { route } of tasks) counts.set(route.provider, (counts.get(route.provider) ?? 0) + 1);
  const providers = [...counts].flatMap(([provider, count]) => {
    const max_in_flight = resolver.catalog.providers.get(provider)?.max_in_flight;
    return max_in_flight === undefined || max_in_flight >= count ? [] : [{ provider, tasks: count, max_in_flight }];
  });
  return { tasks: tasks.length, at_once, queued: tasks.length - at_once, max_concurrent_children, providers };
}
