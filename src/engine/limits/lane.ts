import { type AccountUse, askRate, type RateGrant, type Started } from '../../core/rate-limits.ts';
import type { RateLimits } from '../../core/route.ts';
import type { Store } from '../../core/store.ts';
import type { Clock } from '../clock.ts';
import type { Leases } from '../leases.ts';

/** A request that wants to start. */
export interface Entry {
  /** Tokens it sends, at most. */
  readonly tokens: number;
  /** Batches take turns; within one it is first come, first served. */
  readonly batch: string;
  /** Aborting ends the waiting. */
  readonly signal: AbortSignal;
  /** Told `true` when it has to wait, and then `false` when it goes on. */
  readonly onWait?: ((waits: boolean) => void) | undefined;
}

/** One request that may be, or is, in flight. */
export interface Permit {
  readonly lane: Lane;
  readonly tokens: number;
  /** The moment it counts for; 0 = nothing is counted by the minute. */
  readonly at: number;
  /** How often the lane had been narrowed when it started. */
  readonly narrowed: number;
}

/** The queue before one account of a provider. */
export interface Lane {
  /** A permit at once, or a promise of one; undefined = the signal aborted. Rejects where the store cannot be asked. */
  enter(entry: Entry, limits: RateLimits | undefined): Permit | Promise<Permit | undefined>;
  /** Gives a permit back. `tokens`: what the request used; absent = not known. */
  leave(permit: Permit, ended: { readonly answered: boolean; readonly tokens?: number | undefined }): void;
  /** Nobody starts before `ms` have passed. */
  pause(ms: number): void;
  /** How long, in ms, nobody starts yet; 0 or less = it is not paused. */
  paused(): number;
  /**
   * The provider refused the request of `permit` as one too many. Everybody waits as long as it asks for, or a little
   * longer with every refusal; then one goes ahead, and one more with every answer.
   */
  refused(permit: Permit | undefined, retry_after_ms: number | undefined): void;
  /** How long, in ms, the provider has refused everything; 0 = its last word was an answer. */
  refusing(): number;
  /** Lets everybody go who waits, whatever the account bears: they are not to send. */
  dismiss(): void;
  /** Nothing is in flight and nobody waits. */
  idle(): boolean;
  /** Gives back, if it is idle, what the store keeps for it. */
  rest(): Promise<void>;
}

/** What lanes need of the world. */
export interface LaneDeps {
  readonly store: Pick<Store, 'change'>;
  readonly leases: Pick<Leases, 'owner' | 'lease_ms'>;
  readonly clock: Clock;
}

interface Waiter extends Entry {
  readonly resolve: (permit: Permit | undefined) => void;
  readonly reject: (error: unknown) => void;
  readonly stop: () => void;
  waits: boolean;
  told: boolean;
}

interface Allowed {
  readonly at: number;
  /** The same moment, by this process's clock. */
  readonly until: number;
  requests: number;
  tokens: number;
}

const FIRST_PAUSE_MS = 500;
/** Between two refusals, where the provider says no time. */
export const LONGEST_PAUSE_MS = 30_000;
/** How often what is no longer needed is given back, and others' needs are looked at. */
const TICK_MS = 1_000;
/** Waiting requests that are told to the store at once. */
const TOLD_AT_ONCE = 64;

/**
 * Limits live in the store, where all processes that share an account see each other (`core/rate-limits.ts`); what
 * was let go there and has ended may start again here without asking, as long as nobody else waits. Pauses and
 * widths are this process's own.
 */
export function createLane(name: string, { store, leases, clock }: LaneDeps): Lane {
  /** By batch, in the order of their turns. */
  const queues = new Map<string, Waiter[]>();
  let untold: Waiter[] = [];
  let waiting = 0;
  let running = 0;

  let paused_until = 0;
  let narrowed = 0;
  /** Since the last answer. */
  let refusals = 0;
  let refused_since: number | undefined;
  /** Requests that may run together, as far as the provider's refusals have shown. */
  let width = Infinity;
  /** From this width on it grows slowly. */
  let steady = Infinity;

  let limits: RateLimits | undefined;
  /** Requests in flight that the store counts for this process. */
  let slots = 0;
  let contested = false;
  let asking: Promise<void> | undefined;
  let ask_at = 0;
  let asked_at = 0;
  /** What may still start of what was let go; by the minute, until its moment. */
  let allowed: Allowed = { at: 0, until: 0, requests: 0, tokens: 0 };
  const corrections: Started[] = [];
  /** So many of them the store is being told. */
  let sent = 0;
  let stopTicks: (() => void) | undefined;
  let wake: { readonly at: number; readonly controller: AbortController } | undefined;

  const lane: Lane = { enter, leave, pause, paused, refused, refusing, dismiss, idle, rest };
  return lane;

  function enter(entry: Entry, given: RateLimits | undefined): Permit | Promise<Permit | undefined> {
    limits = given;
    if (waiting === 0 && mayStart(entry, clock.now())) return start(entry);
    return new Promise((resolve, reject) => {
      if (entry.signal.aborted) return resolve(undefined);
      const stop = (): void => {
        takeOut(waiter);
        resolve(undefined);
      };
      const waiter: Waiter = { ...entry, resolve, reject, stop, waits: true, told: false };
      entry.signal.addEventListener('abort', stop);
      const queue = queues.get(entry.batch);
      if (queue === undefined) queues.set(entry.batch, [waiter]);
      else queue.push(waiter);
      untold.push(waiter);
      waiting += 1;
      pump();
    });
  }

  function open(now: number): boolean {
    return running < Math.floor(width) && now >= paused_until;
  }

  /** Whether it may start without asking the store. */
  function mayStart({ tokens }: Pick<Entry, 'tokens'>, now: number): boolean {
    if (!open(now)) return false;
    if (limits === undefined) return true;
    if (asking !== undefined) return false;
    if (byMinute()) return allowed.requests > 0 && allowed.tokens >= counted(tokens) && now <= allowed.until;
    return contested ? allowed.requests > 0 : running < slots;
  }

  function byMinute(): boolean {
    return limits?.rpm !== undefined || limits?.tpm !== undefined;
  }

  function start({ tokens }: Pick<Entry, 'tokens'>): Permit {
    running += 1;
    allowed.requests -= 1;
    allowed.tokens -= counted(tokens);
    return { lane, tokens, at: byMinute() ? allowed.at : 0, narrowed };
  }

  /** Lets go who may, and sees to it that somebody looks again. */
  function pump(): void {
    // One moment for all of it: were the pause to end between two looks at the clock, nobody would look again.
    const now = clock.now();
    while (waiting > 0 && mayStart(first(), now)) letGo(start(first()));
    if (waiting === 0) return;
    if (now < paused_until) wakeAt(paused_until);
    else if (open(now) && limits !== undefined) {
      if (asking !== undefined) return;
      if (now >= ask_at) {
        void ask();
        return;
      }
      if (ask_at < Infinity) wakeAt(ask_at);
    }
    for (const waiter of untold) {
      if (!waiter.waits) continue;
      waiter.told = true;
      waiter.onWait?.(true);
    }
    untold = [];
  }

  /** Of the batch whose turn it is. */
  function first(): Waiter {
    return queues.values().next().value![0]!;
  }

  /** Lets the first go; its batch is the last then. */
  function letGo(permit: Permit): void {
    const [batch, queue] = queues.entries().next().value!;
    const waiter = queue.shift()!;
    queues.delete(batch);
    if (queue.length > 0) queues.set(batch, queue);
    waiting -= 1;
    waiter.waits = false;
    waiter.signal.removeEventListener('abort', waiter.stop);
    if (waiter.told) waiter.onWait?.(false);
    waiter.resolve(permit);
  }

  function takeOut(waiter: Waiter): void {
    const queue = queues.get(waiter.batch)!;
    queue.splice(queue.indexOf(waiter), 1);
    if (queue.length === 0) queues.delete(waiter.batch);
    waiting -= 1;
    waiter.waits = false;
    waiter.signal.removeEventListener('abort', waiter.stop);
    if (waiting === 0) wake?.controller.abort();
  }

  /** Tells the store what runs and who waits, and lets go as many as it allows. */
  function ask(): Promise<void> {
    asking ??= askStore()
      .catch((error: unknown) => {
        for (const waiter of [...queues.values()].flat()) {
          takeOut(waiter);
          waiter.reject(error);
        }
      })
      .finally(() => {
        asking = undefined;
        pump();
      });
    return asking;
  }

  async function askStore(): Promise<void> {
    let told: readonly number[] = [];
    let in_flight = 0;
    /** This clock's time less the store's. */
    let apart = 0;
    asked_at = clock.now();
    ask_at = 0;
    stopTicks ??= clock.every(TICK_MS, tick);
    const update = (use: AccountUse | undefined, now: number): readonly [AccountUse | undefined, RateGrant] => {
      apart = clock.now() - now;
      told = open(clock.now()) ? inOrder(Math.min(TOLD_AT_ONCE, Math.floor(width) - running)) : [];
      in_flight = running;
      sent = corrections.length;
      const { owner, lease_ms } = leases;
      const unused: Started = [allowed.at, -allowed.requests, allowed.tokens === Infinity ? 0 : -allowed.tokens];
      const ask = { owner, lease_ms, limits: limits ?? {}, in_flight, waiting: told };
      return askRate(use, { ...ask, corrections: [...corrections, unused] }, now);
    };
    const grant = await store.change(name, update, waiting > 0 ? 'process' : 'passing');
    corrections.splice(0, sent);
    sent = 0;
    const { at, requests, tokens } = grant;
    allowed = { at, until: at + apart, requests, tokens };
    slots = in_flight + requests;
    contested = grant.contested;
    if (grant.go < told.length && in_flight <= running) {
      ask_at = grant.again_ms === undefined ? Infinity : clock.now() + grant.again_ms;
    }
    if (slots === 0 && waiting === 0) {
      stopTicks?.();
      stopTicks = undefined;
    }
  }

  /** The tokens of those waiting, in the order they will start. */
  function inOrder(most: number): readonly number[] {
    const order: number[] = [];
    for (let place = 0; order.length < Math.min(most, waiting); place++) {
      for (const queue of queues.values()) {
        const waiter = queue[place];
        if (waiter !== undefined) order.push(waiter.tokens);
      }
    }
    return order.slice(0, Math.max(0, most));
  }

  /** As the store counts them: nobody counts for more than a minute has. */
  function counted(tokens: number): number {
    return Math.min(tokens, limits?.tpm ?? Infinity);
  }

  function leave({ at, tokens: asked, narrowed: then }: Permit, ended: Parameters<Lane['leave']>[1]): void {
    running -= 1;
    if (ended.answered && then === narrowed && width < Infinity) {
      width += width < steady ? 1 : 1 / width;
      refusals = 0;
      refused_since = undefined;
    }
    if (limits?.tpm !== undefined && at > 0 && ended.tokens !== undefined && ended.tokens !== counted(asked)) {
      correct(at, ended.tokens - counted(asked));
    }
    // A place that is used again at once leaves nothing to ask for.
    const frees = limits?.max_in_flight !== undefined || limits?.tpm !== undefined;
    if (frees && !(waiting > 0 && mayStart(first(), clock.now()))) ask_at = 0;
    if (waiting > 0) pump();
    else if (contested) void ask();
  }

  /** Most that end together have started together. */
  function correct(at: number, tokens: number): void {
    const last = corrections.at(-1);
    if (corrections.length > sent && last?.[0] === at) corrections[corrections.length - 1] = [at, 0, last[2] + tokens];
    else corrections.push([at, 0, tokens]);
  }

  function pause(ms: number): void {
    paused_until = Math.max(paused_until, clock.now() + ms);
  }

  function paused(): number {
    return paused_until - clock.now();
  }

  function refused(permit: Permit | undefined, retry_after_ms: number | undefined): void {
    // Those that left together are refused together: once is enough.
    const first = (permit?.narrowed ?? 0) === narrowed;
    if (first) {
      narrowed += 1;
      refusals += 1;
      refused_since ??= clock.now();
      steady = Math.max(1, width / 2);
      width = 1;
    }
    if (retry_after_ms !== undefined) pause(retry_after_ms);
    else if (first) pause(Math.min(FIRST_PAUSE_MS * 2 ** (refusals - 1), LONGEST_PAUSE_MS));
  }

  function refusing(): number {
    return refused_since === undefined ? 0 : clock.now() - refused_since;
  }

  function dismiss(): void {
    while (waiting > 0) {
      running += 1;
      letGo({ lane, tokens: 0, at: 0, narrowed });
    }
  }

  function idle(): boolean {
    return running === 0 && waiting === 0;
  }

  async function rest(): Promise<void> {
    await asking;
    if (idle() && (slots > 0 || corrections.length > 0)) await ask();
  }

  function tick(): void {
    const due = clock.now() - asked_at > leases.lease_ms / 3;
    if (due || contested || slots > running || corrections.length > 0) void ask();
  }

  function wakeAt(at: number): void {
    if (wake !== undefined && wake.at <= at) return;
    wake?.controller.abort();
    const controller = new AbortController();
    wake = { at, controller };
    void clock.sleep(Math.max(1, at - clock.now()), controller.signal).then(() => {
      if (wake?.controller !== controller) return;
      wake = undefined;
      pump();
    });
  }
}
