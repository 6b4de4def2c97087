import type { ErrorClass } from '../../core/provider.ts';

/** Longer waits are told as this: a timer cannot hold them and nobody waits for them. */
export const LONGEST_RETRY_AFTER_MS: number = 24 * 60 * 60 * 1000;

interface FailedRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The error object of the body. */
  readonly error: Readonly<Record<string, unknown>> | undefined;
  readonly class: ErrorClass;
  /** Milliseconds since the epoch; used when the answer has no `Date`. */
  readonly now: number | undefined;
}

/**
 * How long the provider asks to wait, milliseconds; undefined = it does not say.
 * In this order: `retry-after-ms`, `retry-after` (seconds or a date), the body's own field, and for rate limits
 * the `x-ratelimit-reset…` of the allowance that is used up. A date needs the answer's `Date` or a clock.
 */
export function retryAfter(request: FailedRequest): number | undefined {
  const { headers, error } = request;
  const stated = Date.parse(headers.date ?? '');
  const now = Number.isNaN(stated) ? request.now : stated;
  const wait =
    numberIn(headers['retry-after-ms']) ??
    secondsOrDate(headers['retry-after'], now) ??
    bodyWait(error) ??
    (request.class === 'rate_limit' ? (resetWait(headers, now) ?? resetWait(innerHeaders(error), now)) : undefined);
  return wait === undefined ? undefined : Math.round(Math.min(Math.max(wait, 0), LONGEST_RETRY_AFTER_MS));
}

function secondsOrDate(value: string | undefined, now: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = numberIn(value);
  if (seconds !== undefined) return seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) || now === undefined ? undefined : date - now;
}

/** Google's RetryInfo (`"17s"`); `estimated_time` and `retry_after` in seconds at others. */
function bodyWait(error: FailedRequest['error']): number | undefined {
  const details = Array.isArray(error?.details) ? error.details : [];
  for (const detail of details as readonly ({ retryDelay?: unknown } | null)[]) {
    const wait = typeof detail?.retryDelay === 'string' ? duration(detail.retryDelay) : undefined;
    if (wait !== undefined) return wait;
  }
  for (const seconds of [error?.estimated_time, error?.retry_after]) {
    if (typeof seconds === 'number' && Number.isFinite(seconds)) return seconds * 1000;
  }
  return undefined;
}

/** OpenRouter puts the headers of the limit into the body. */
function innerHeaders(error: FailedRequest['error']): FailedRequest['headers'] {
  const inner = (error?.metadata as { headers?: unknown } | null | undefined)?.headers;
  const headers: Record<string, string> = {};
  if (typeof inner === 'object' && inner !== null) {
    for (const [name, value] of Object.entries(inner)) {
      if (typeof value === 'string' || typeof value === 'number') headers[name.toLowerCase()] = String(value);
    }
  }
  return headers;
}

/** The longest reset among the allowances with nothing remaining; among all when none says what remains. */
function resetWait(headers: FailedRequest['headers'], now: number | undefined): number | undefined {
  let longest: number | undefined;
  for (const kind of ['', '-requests', '-tokens']) {
    const remaining = numberIn(headers[`x-ratelimit-remaining${kind}`]);
    if (remaining !== undefined && remaining > 0) continue;
    const wait = resetIn(headers[`x-ratelimit-reset${kind}`], now);
    if (wait !== undefined && (longest === undefined || wait > longest)) longest = wait;
  }
  return longest;
}

/** `6m0s`, `120ms`, seconds from now, or a moment in seconds or milliseconds since the epoch. */
function resetIn(value: string | undefined, now: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = numberIn(value);
  if (number === undefined) return duration(value);
  if (number < 1e8) return number * 1000;
  if (now === undefined) return undefined;
  return (number < 1e11 ? number * 1000 : number) - now;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Go's and Google's durations: `1m30.5s`, `17s`, `120ms`. */
function duration(text: string): number | undefined {
  if (!/^(\d{1,9}(\.\d{1,9})?(ms|s|m|h|d)){1,5}$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) total += Number(amount) * UNIT_MS[unit!]!;
  return total;
}

function numberIn(value: string | undefined): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}
