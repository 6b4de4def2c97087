import { ERROR_CLASSES, type ErrorClass, type Failure } from './provider.ts';

/** What to do after a request failed. */
export type NextStep =
  | { readonly step: 'retry'; readonly wait_ms: number }
  | { readonly step: 'fall_back' }
  | { readonly step: 'give_up' };

export interface Circumstances {
  /** Requests made so far for this turn on this route, the failed one included. */
  readonly attempts: number;
  /** Waiting done so far between them. */
  readonly waited_ms: number;
  /** Until the child's own deadline; absent = none. */
  readonly remaining_ms?: number;
  /** The route's chain has another entry. */
  readonly has_fallback: boolean;
  /** Classes that go on along the chain (`delegation.fallback_on`). */
  readonly fallback_on: readonly ErrorClass[];
  /** In [0, 1): the jitter. */
  readonly random: number;
}

/** Requests for one turn on one route, the first included. */
export const MAX_ATTEMPTS = 4;
/** Waiting between the requests of one turn, in all. A provider that says "in an hour" is not waited for. */
export const MAX_WAIT_MS = 120_000;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;

/**
 * - `retry`: the same request may do better later; a chain is tried when retries are used up.
 * - `fall_back`: this route will not do better, another may.
 * - `give_up`: a mistake to be seen, or a request that was billed for its wait: the end, unless the operator lists it.
 * - `never`: about the request, the conversation or somebody's word: no other server is asked, whatever is listed.
 *
 * A timeout is not retried on its route: the wait was the limit, and the request may have been billed.
 */
export const CLASS_POLICY: Readonly<Record<ErrorClass, 'retry' | 'fall_back' | 'give_up' | 'never'>> = {
  rate_limit: 'retry',
  overloaded: 'retry',
  unavailable: 'retry',
  network: 'retry',
  cut: 'retry',
  quota: 'fall_back',
  timeout_first_token: 'fall_back',
  timeout_idle: 'give_up',
  auth: 'give_up',
  permission: 'give_up',
  model_not_found: 'give_up',
  protocol: 'give_up',
  redirect: 'never',
  context_overflow: 'never',
  too_large: 'never',
  unsupported_parameter: 'never',
  bad_request: 'never',
  content_refusal: 'never',
  cancelled: 'never',
  unknown: 'never',
};

/** What `delegation.fallback_on` may list. */
export const FALLBACK_CLASSES: readonly ErrorClass[] = ERROR_CLASSES.filter((cls) => CLASS_POLICY[cls] !== 'never');

/** What it lists when nobody says anything. */
export const DEFAULT_FALLBACK_ON: readonly ErrorClass[] = FALLBACK_CLASSES.filter(
  (cls) => CLASS_POLICY[cls] !== 'give_up',
);

/**
 * Retry, fall back or give up, by error class alone.
 * Backoff is exponential with full jitter; a `Retry-After` is the least wait, with the jitter on top,
 * so that siblings told the same moment do not return at the same moment.
 */
export function afterFailure(failure: Failure, circumstances: Circumstances): NextStep {
  const { class: cls, retry_after_ms = 0 } = failure;
  const policy = CLASS_POLICY[cls];
  if (policy === 'retry' && circumstances.attempts < MAX_ATTEMPTS) {
    const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** (circumstances.attempts - 1), LONGEST_BACKOFF_MS);
    const wait_ms = Math.round(retry_after_ms + backoff * circumstances.random);
    const allowed = Math.min(MAX_WAIT_MS - circumstances.waited_ms, circumstances.remaining_ms ?? Infinity);
    if (wait_ms < allowed) return { step: 'retry', wait_ms };
  }
  const falls = circumstances.has_fallback && policy !== 'never' && circumstances.fallback_on.includes(cls);
  return { step: falls ? 'fall_back' : 'give_up' };
}
