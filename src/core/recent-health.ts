import { ERROR_CLASSES, type ErrorClass } from './provider.ts';
import { routeLabel } from './route.ts';
import type { TaskRecord } from './store.ts';

/** How a model of a provider has fared lately, from what is known already: nothing is asked to find out. */
export interface RecentHealth {
  /** By what came last. `resting`: its provider said not to ask before `resting_until`. `unknown`: nothing came lately. */
  readonly state: 'ok' | 'failing' | 'resting' | 'unknown';
  /** When a task last completed on it. Milliseconds since the epoch, as the others. */
  readonly ok_at?: number;
  readonly failed_at?: number;
  /** Of the last failure; `mismatch`: another model served. */
  readonly failure?: ErrorClass | 'mismatch';
  readonly resting_until?: number;
}

/** Failures that tell of the route; the others are about one request. */
const TELLS: Readonly<Record<ErrorClass, boolean>> = {
  auth: true,
  permission: true,
  quota: true,
  rate_limit: true,
  overloaded: true,
  unavailable: true,
  timeout_first_token: true,
  timeout_idle: true,
  network: true,
  cut: true,
  protocol: true,
  redirect: true,
  model_not_found: true,
  context_overflow: false,
  too_large: false,
  unsupported_parameter: false,
  bad_request: false,
  content_refusal: false,
  cancelled: false,
  unknown: true,
};

type Seen = Pick<RecentHealth, 'ok_at' | 'failed_at' | 'failure'>;

/** Reads how tasks ended: what they ran on, and what they fell back from. Gives what is known of any route. */
export function readHealth(
  tasks: readonly TaskRecord[],
): (route: { readonly provider: string; readonly model: string }, resting_until?: number) => RecentHealth {
  const seen = new Map<string, Seen>();
  const ok = (name: string, at: number): void => {
    const known = seen.get(name);
    if (at > (known?.ok_at ?? 0)) seen.set(name, { ...known, ok_at: at });
  };
  const failed = (name: string, failure: ErrorClass | 'mismatch', at: number): void => {
    const known = seen.get(name);
    if (at > (known?.failed_at ?? 0)) seen.set(name, { ...known, failed_at: at, failure });
  };
  for (const { result, ended_at: at } of tasks) {
    if (result === undefined || at === undefined) continue;
    const { route, error, status } = result;
    for (const { from, because } of route.hops) if (isTelling(because)) failed(from, because, at);
    const name = routeLabel(route.ran_on ?? route.resolved);
    if (status === 'completed') ok(name, at);
    else if (route.served.verified === 'mismatch') failed(name, 'mismatch', at);
    else if (error?.class !== undefined && isTelling(error.class)) failed(name, error.class, at);
  }
  return (route, resting_until) => {
    const known = seen.get(routeLabel(route)) ?? {};
    const { ok_at = 0, failed_at = 0 } = known;
    if (resting_until !== undefined) return { state: 'resting', ...known, resting_until };
    if (ok_at === 0 && failed_at === 0) return { state: 'unknown' };
    return { state: ok_at > failed_at ? 'ok' : 'failing', ...known };
  };
}

function isTelling(because: string): because is ErrorClass {
  return ERROR_CLASSES.some((cls) => cls === because && TELLS[cls]);
}
