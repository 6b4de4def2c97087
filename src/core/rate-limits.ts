import type { CredentialRef, RateLimits } from './route.ts';

/** What is limited together: all requests to one provider with one credential. */
export function accountOf(route: { readonly provider: string; readonly credential: CredentialRef }): string {
  const { provider, credential } = route;
  return `${provider} ${credential.kind === 'env' ? credential.name : credential.kind}`;
}

/** The use of an account, shared by the processes that use it. */
export interface AccountUse {
  readonly processes: readonly ProcessUse[];
  /** Requests that started, by second, oldest first; those of the last minute count. */
  readonly started: readonly Started[];
}

/** When (rounded up to the second, in milliseconds), how many, and how many tokens. */
export type Started = readonly [at: number, requests: number, tokens: number];

interface ProcessUse {
  readonly owner: string;
  /** Its requests count until then, unless it says more: it may have died. */
  readonly until: number;
  readonly in_flight: number;
  /** It has less than it wants: since it last got something, and what its next request needs. */
  readonly waits?: { readonly since: number; readonly until: number; readonly tokens: number };
}

/** What a process tells and wants. */
export interface RateAsk {
  readonly owner: string;
  readonly lease_ms: number;
  readonly limits: RateLimits;
  /** Its requests in flight. */
  readonly in_flight: number;
  /** The tokens of each request that waits, in the order they are to start. */
  readonly waiting: readonly number[];
  /** By how much earlier starts were more, or less, than was asked for. */
  readonly corrections: readonly Started[];
}

export interface RateGrant {
  /** The first so many of those waiting may start now. */
  readonly go: number;
  /** With those that may follow without asking: how many, and with how many tokens at most. */
  readonly requests: number;
  readonly tokens: number;
  /** The moment they count for. What has not started by then is to be corrected. */
  readonly at: number;
  /** Another process waits: what ends is to be told at once. */
  readonly contested: boolean;
  /** Ask again after so long; absent = when a request of one's own has ended. */
  readonly again_ms?: number;
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
/** The part of what is free then that a process may start without asking, where all that wait may start … */
const AHEAD = 1 / 8;
/** … and the most of it. */
const MOST_AHEAD = 1_000;
/** How long a process that waits for another's requests to end waits before it looks again. */
export const LOOK_AGAIN_MS = 200;
/** A process that waits and is not heard of for so long has lost its turn. */
const TURN_MS = 5_000;

/**
 * Lets as many of the waiting requests start as the limits bear. Processes that wait take turns: each leaves free what
 * those need that got nothing since it last got something, so that nobody starves. Where nobody has to wait, and much is
 * free, a process may start some more until the second is over, without asking.
 *
 * A request of more than `tpm` tokens starts when nothing else has within the minute.
 */
export function askRate(
  use: AccountUse | undefined,
  ask: RateAsk,
  now: number,
): readonly [AccountUse | undefined, RateGrant] {
  const { max_in_flight = Infinity, rpm = Infinity, tpm = Infinity } = ask.limits;
  const minute = corrected(
    (use?.started ?? []).filter(([at]) => at + MINUTE_MS > now),
    ask.corrections,
  );
  const others = (use?.processes ?? []).filter(({ owner, until }) => owner !== ask.owner && until > now);
  const queue = others.flatMap(({ owner, waits }) => (waits && waits.until > now ? [{ ...waits, owner }] : []));
  const before = use?.processes.find(({ owner }) => owner === ask.owner)?.waits;

  const at = Math.ceil(now / SECOND_MS) * SECOND_MS;
  let slots = max_in_flight - ask.in_flight - others.reduce((sum, { in_flight }) => sum + in_flight, 0);
  let requests = rpm - minute.reduce((sum, [, count]) => sum + count, 0);
  let tokens = tpm - minute.reduce((sum, [, , count]) => sum + count, 0);
  /** Those whose turn it is before this process. */
  let ahead = before === undefined ? queue : queue.filter((other) => isBefore(other, { ...before, owner: ask.owner }));
  let go = 0;
  let started = 0;
  let again_ms: number | undefined;
  for (const wanted of ask.waiting) {
    const needs = Math.min(wanted, tpm);
    const left = ahead.reduce((sum, other) => sum + Math.min(other.tokens, tpm), 0);
    const inTime = requests > ahead.length && tokens - left >= needs;
    if (!inTime || slots <= ahead.length) {
      const byOthers = ahead.length > 0 || (inTime && others.some(({ in_flight }) => in_flight > 0));
      if (byOthers) again_ms = LOOK_AGAIN_MS;
      else if (!inTime) again_ms = Math.max(1, (minute[0]?.[0] ?? at) + MINUTE_MS - now);
      break;
    }
    go += 1;
    slots -= 1;
    requests -= 1;
    tokens -= needs;
    started += needs;
    ahead = queue;
  }

  const moreRequests = Math.floor(Math.min(slots, requests) * AHEAD);
  const moreTokens = Math.floor(tokens * AHEAD);
  const alone = queue.length === 0 && go > 0 && go === ask.waiting.length;
  const counts: Started =
    alone && moreRequests >= go && moreTokens >= started
      ? [at, go + Math.min(moreRequests, MOST_AHEAD), started + (tpm === Infinity ? 0 : moreTokens)]
      : [at, go, started];
  if (go > 0 && (ask.limits.rpm !== undefined || ask.limits.tpm !== undefined)) {
    const last = minute.at(-1);
    if (last?.[0] === at) minute[minute.length - 1] = [at, last[1] + counts[1], last[2] + counts[2]];
    else minute.push(counts);
  }
  const in_flight = ask.in_flight + counts[1];
  const next = ask.waiting[go];
  const mine: ProcessUse[] =
    in_flight === 0 && next === undefined
      ? []
      : [
          {
            owner: ask.owner,
            until: now + ask.lease_ms,
            in_flight,
            ...(next === undefined
              ? {}
              : { waits: { since: go > 0 ? now : (before?.since ?? now), until: now + TURN_MS, tokens: next } }),
          },
        ];
  const processes = [...others, ...mine];
  return [
    processes.length === 0 && minute.length === 0 ? undefined : { processes, started: minute },
    {
      go,
      requests: counts[1],
      tokens: tpm < Infinity ? counts[2] : Infinity,
      at,
      contested: queue.length > 0,
      ...(again_ms === undefined ? {} : { again_ms }),
    },
  ];
}

interface Turn {
  readonly since: number;
  readonly owner: string;
}

function isBefore(a: Turn, b: Turn): boolean {
  return a.since === b.since ? a.owner < b.owner : a.since < b.since;
}

/** What is corrected and no longer counts is left out. */
function corrected(started: readonly Started[], corrections: readonly Started[]): Started[] {
  if (corrections.length === 0) return [...started];
  return started.map(([at, requests, tokens]): Started => {
    const own = corrections.filter((correction) => correction[0] === at);
    return own.reduce<Started>(([, r, t], [, dr, dt]) => [at, r + dr, t + dt], [at, requests, tokens]);
  });
}
