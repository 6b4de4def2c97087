import { askBudget, type BudgetGrant, type BudgetUse } from '../../core/budget/shared-budget.ts';
import { addSpend, covers, lessSpend, mostSpend, NOTHING, type Spend, spendOf } from '../../core/budget/spend.ts';
import type { Store } from '../../core/store.ts';
import type { Budget } from '../../core/task.ts';
import type { Leases } from '../leases.ts';
import type { BudgetScope, Ledger } from './ledger.ts';

export interface SharedLedger extends Ledger {
  draw(spend: Spend): Promise<void> | undefined;
  /** Books what is not booked yet and gives back what is not used. Never rejects. */
  rest(): Promise<void>;
}

export interface SharedLedgerOptions {
  /** Of the value in the store. */
  readonly name: string;
  readonly scope: BudgetScope;
  readonly budget: Budget;
  /** Starts anew every UTC day. */
  readonly daily?: boolean;
  /** Another process keeps it: when it is gone there, nothing is left of it. */
  readonly joined?: boolean;
  /** What was used before there was a record of it, looked up when there is none. */
  readonly before?: () => Promise<Spend>;
}

const GONE: BudgetGrant = { budget: {}, held: NOTHING, unused: NOTHING, shared: false };
/** How often what is set aside and not needed is given back, and the rest renewed. */
const TICK_MS = 1_000;
/** What was used is booked with its answer, in one commit; while the store is being told already, with the next one or after so long. */
const BOOK_MS = 10;
/** How often a process that waits for what others have set aside looks again. */
const LOOK_AGAIN_MS = 500;

/**
 * A budget that other processes use too, kept in the store. This process sets aside there what its requests need, and
 * keeps it for the next ones as long as they come; what they used is booked as soon as they end. What a process that
 * died had set aside comes back with its lease.
 */
export function createSharedLedger(
  { name, scope, budget, daily = false, joined = false, before }: SharedLedgerOptions,
  { store, leases }: { readonly store: Store; readonly leases: Pick<Leases, 'owner' | 'lease_ms'> },
): SharedLedger {
  let unused = spendOf(budget);
  /** Set aside in the store for this process. */
  let drawn = NOTHING;
  /** … of which requests under way have … */
  let reserved = NOTHING;
  let requests = 0;
  /** … and requests that want to leave need. */
  let wanted = NOTHING;
  let draws = 0;
  let unbooked = NOTHING;
  let shared = false;
  /** Something was wanted since the last tick. */
  let active = false;
  let known: Promise<Spend | undefined> | undefined;
  let syncing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let ticker: ReturnType<typeof setInterval> | undefined;
  let booking: ReturnType<typeof setTimeout> | undefined;
  const watching = new Set<() => void>();

  const left = (): Spend => lessSpend(drawn, reserved);

  async function tellStore(keep: boolean): Promise<void> {
    clearTimeout(booking);
    booking = undefined;
    known ??= usedBefore();
    const earlier = await known;
    const used = unbooked;
    const needed = addSpend(reserved, wanted);
    // What the store may give to others by this is nobody's here until it has answered.
    drawn = keep && !shared ? mostSpend(drawn, reserved) : reserved;
    const ask = {
      owner: leases.owner,
      lease_ms: leases.lease_ms,
      budget,
      daily,
      ...(earlier && { before: earlier }),
      used,
      reserved: drawn,
      needed,
      wanted: !keep ? needed : covers(drawn, needed) ? drawn : addSpend(needed, wanted),
    };
    unbooked = NOTHING;
    ticker ??= setInterval(tick, TICK_MS).unref();
    let grant: BudgetGrant;
    try {
      grant = await store.change<BudgetUse, BudgetGrant>(name, (use, now) =>
        joined && use === undefined ? [use, GONE] : askBudget(use, ask, now),
      );
    } catch (error) {
      unbooked = addSpend(unbooked, used);
      throw error;
    }
    // What ended meanwhile is not booked there yet: it is gone from what this process holds all the same.
    drawn = lessSpend(grant.held, unbooked);
    unused = lessSpend(grant.unused, unbooked);
    shared = grant.shared;
    if (requests === 0 && isNothing(drawn)) {
      clearInterval(ticker);
      ticker = undefined;
    }
    for (const wake of [...watching]) wake();
  }

  async function usedBefore(): Promise<Spend | undefined> {
    if (before === undefined || (await store.shared(name)) !== undefined) return undefined;
    return before();
  }

  /** Tells the store what has changed until now: one such step at a time, the next one for all who ask meanwhile. */
  function sync(keep: boolean): Promise<void> {
    if (syncing === undefined) {
      syncing = tellStore(keep).finally(() => {
        syncing = undefined;
      });
      return syncing;
    }
    next ??= syncing
      .catch(() => {})
      .then(() => {
        next = undefined;
        return sync(true);
      });
    return next;
  }

  // Where the store cannot be written, the child's next step says so; what was used is booked with the next.
  function book(): void {
    if (syncing === undefined) void sync(true).catch(() => {});
    else booking ??= setTimeout(bookRest, BOOK_MS).unref();
  }

  function bookRest(): void {
    booking = undefined;
    if (!isNothing(unbooked)) book();
  }

  function tick(): void {
    void sync(active).catch(() => {});
    active = false;
  }

  return {
    scope,
    budget,
    left,
    unused: () => unused,
    held: () => requests > 0 || shared || syncing !== undefined || next !== undefined,
    hold(spend) {
      requests += 1;
      reserved = addSpend(reserved, spend);
    },
    settle(spend, used) {
      requests -= 1;
      reserved = requests === 0 ? NOTHING : lessSpend(reserved, spend);
      drawn = lessSpend(drawn, used);
      unused = lessSpend(unused, used);
      unbooked = addSpend(unbooked, used);
      book();
      for (const wake of [...watching]) wake();
    },
    watch(wake) {
      watching.add(wake);
      const timer = setInterval(wake, LOOK_AGAIN_MS);
      return () => {
        clearInterval(timer);
        watching.delete(wake);
      };
    },
    draw(spend) {
      if (covers(left(), spend)) return undefined;
      active = true;
      draws += 1;
      wanted = addSpend(wanted, spend);
      return sync(true).finally(() => {
        draws -= 1;
        wanted = draws === 0 ? NOTHING : lessSpend(wanted, spend);
      });
    },
    async rest() {
      while (syncing !== undefined || next !== undefined) await (next ?? syncing)?.catch(() => {});
      if (requests > 0) return;
      clearInterval(ticker);
      ticker = undefined;
      clearTimeout(booking);
      booking = undefined;
      if (!isNothing(drawn) || !isNothing(unbooked)) await sync(false).catch(() => {});
    },
  };
}

function isNothing({ usd, tokens, turns }: Spend): boolean {
  return usd === 0 && tokens === 0 && turns === 0;
}
