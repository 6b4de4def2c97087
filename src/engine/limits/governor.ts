import { MAX_WAIT_MS } from '../../core/after-failure.ts';
import type { Failure } from '../../core/provider.ts';
import { accountOf } from '../../core/rate-limits.ts';
import type { RateLimits, Route } from '../../core/route.ts';
import { createLane, type Entry, type Lane, type LaneDeps, LONGEST_PAUSE_MS, type Permit } from './lane.ts';

/**
 * Keeps the requests of a process within what each account bears: configured limits, shared with other processes
 * through the store, and the pauses its provider asks for. One a process, for all its delegations.
 */
export interface Governor {
  /** Undefined at once: nothing is known that this account could not bear. Otherwise as `Lane.enter`. */
  enter(route: Route, entry: Entry): Permit | undefined | Promise<Permit | undefined>;
  /** A request failed: what the provider asks for holds everybody on the account. Before its permit is given back. */
  failed(route: Route, failure: Failure, permit: Permit | undefined): void;
  /**
   * How long, in ms, this model is not to be asked for: its provider has said so, when nobody waits so long, or has refused
   * whatever came on the account for as long as anybody waits. Undefined = it may be asked. What waited must look again.
   */
  closed(route: Route): number | undefined;
  /** How long, in ms, requests over it wait in this process because its provider asked for it; undefined = they do not. */
  resting(route: Route): number | undefined;
  /** Gives back what nobody uses now. Never rejects. */
  rest(): Promise<void>;
}

/** An account without limits that nobody had to wait for in so long is not watched any more. */
const FORGET_MS = 60_000;

export function createGovernor(deps: LaneDeps): Governor {
  const { clock } = deps;
  const lanes = new Map<string, { readonly lane: Lane; readonly limited: boolean; used_at: number }>();
  /** Models and accounts that are not to be asked, and until when. */
  const closed = new Map<string, number>();

  function laneOf(route: Route): Lane {
    const name = accountOf(route);
    let watched = lanes.get(name);
    if (watched === undefined) {
      watched = { lane: createLane(`rate ${name}`, deps), limited: limitsOf(route) !== undefined, used_at: 0 };
      lanes.set(name, watched);
    }
    watched.used_at = clock.now();
    return watched.lane;
  }

  function closedFor(route: Route): number | undefined {
    if (closed.size === 0) return undefined;
    let longest = 0;
    for (const name of [modelOf(route), accountOf(route)]) {
      const ms = (closed.get(name) ?? 0) - clock.now();
      if (ms <= 0) closed.delete(name);
      longest = Math.max(longest, ms);
    }
    return longest > 0 ? longest : undefined;
  }

  return {
    enter(route, entry) {
      const limits = limitsOf(route);
      if (limits !== undefined) return laneOf(route).enter(entry, limits);
      return lanes.get(accountOf(route))?.lane.enter(entry, undefined);
    },

    failed(route, { class: cls, retry_after_ms: ms }, permit) {
      if (ms !== undefined && ms >= MAX_WAIT_MS) closed.set(modelOf(route), clock.now() + ms);
      else if (cls === 'rate_limit') {
        const lane = laneOf(route);
        lane.refused(permit, ms);
        // One after the other they would all be refused, with a pause after each: hours, in a large batch.
        if (lane.refusing() < MAX_WAIT_MS) return;
        closed.set(accountOf(route), clock.now() + LONGEST_PAUSE_MS);
        lane.dismiss();
      } else if (ms !== undefined) laneOf(route).pause(ms);
    },

    closed: closedFor,

    resting(route) {
      const ms = Math.max(closedFor(route) ?? 0, lanes.get(accountOf(route))?.lane.paused() ?? 0);
      return ms > 0 ? ms : undefined;
    },

    async rest() {
      for (const [name, { lane, limited, used_at }] of lanes) {
        if (limited) await lane.rest().catch(() => {});
        else if (lane.idle() && clock.now() - used_at > FORGET_MS) lanes.delete(name);
      }
    },
  };
}

/** Undefined where the provider's entry states none. */
function limitsOf(route: Route): RateLimits | undefined {
  return route.max_in_flight === undefined && route.rpm === undefined && route.tpm === undefined ? undefined : route;
}

function modelOf(route: Route): string {
  return `${accountOf(route)} ${route.model}`;
}
