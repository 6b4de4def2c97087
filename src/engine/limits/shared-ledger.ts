import { askBudget, type BudgetGrant, type BudgetUse } from '../../core/budget/shared-budget.ts';
import {
  addSpend,
  covers,
  isNothing,
  leastSpend,
  lessSpend,
  NOTHING,
  type Spend,
  spendOf,
} from '../../core/budget/spend.ts';
import type { Store, Until } from '../../core/store.ts';
import type { Budget } from '../../core/task.ts';
import type { Leases } from '../leases.ts';
import type { BudgetScope, Ledger } from './ledger.ts';

export interface SharedLedger extends Ledger {
  draw(spend: Spend): Promise<void> | undefined;
  /** Requests are to come: sets something aside for them, with what is written now. */
  prepare(): void;
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
/** How often a process that has set something aside says that it lives, and hears whether others wait. */
const TICK_MS = 1_000;
/** How often a process that waits for what others have set aside looks again. */
const LOOK_AGAIN_MS = 500;

/**
 * A budget that other processes use too, kept in the store. This process sets a part of it aside there, ahead of what its
 * requests need, so that they need not wait for the store; what they used is booked as soon as they end, with whatever
 * is written of it. What a process that died had set aside comes back with its lease.
 */
export function createSharedLedger(
  { name, scope, budget, daily = false, joined = false, before }: SharedLedgerOptions,
  { store, leases }: { readonly store: Store; readonly leases: Pick<Leases, 'owner' | 'lease_ms'> },
): SharedLedger {
  const { owner, lease_ms } = leases;
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
  /** No more is to come for now. */
  let resting = true;
  let earlier: Spend | undefined;
  let known = before === undefined;
  /** A step in the store: those who ask before the store comes to it are in it, the others in the next. */
  let step: Promise<void> | undefined;
  let begun = false;
  let next: Promise<void> | undefined;
  /** Runs while the store has something of this process. */
  let ticker: ReturnType<typeof setInterval> | undefined;
  const watching = new Set<() => void>();

  const left = (): Spend => lessSpend(drawn, reserved);
  const wakeAll = (): void => {
    if (watching.size > 0) for (const wake of [...watching]) wake();
  };

  async function tellStore(until: Until): Promise<void> {
    if (!known) earlier = await usedBefore();
    known = true;
    let told = NOTHING;
    let waits = false;
    const update = (use: BudgetUse | undefined, now: number): readonly [BudgetUse | undefined, BudgetGrant] => {
      begun = true;
      told = unbooked;
      if (joined && use === undefined) return [use, GONE];
      const needed = addSpend(reserved, wanted);
      waits = watching.size > 0;
      const more = { ...(daily && { daily }), ...(earlier && { before: earlier }) };
      const ask = { owner, lease_ms, budget, ...more, used: told, reserved, needed, ahead: !resting, waits };
      const changed = askBudget(use, ask, now);
      // What the store may give to others by this is nobody's here until it has answered.
      drawn = leastSpend(drawn, changed[1].held);
      return changed;
    };
    const grant = await store.change(name, update, until);
    unbooked = lessSpend(unbooked, told);
    // What ended meanwhile is not booked there yet: it is gone from what this process holds all the same.
    drawn = lessSpend(grant.held, unbooked);
    unused = lessSpend(grant.unused, unbooked);
    shared = grant.shared;
    if (requests === 0 && !waits && isNothing(drawn)) stopTicks();
    else ticker ??= setInterval(book, TICK_MS).unref();
    wakeAll();
  }

  async function usedBefore(): Promise<Spend | undefined> {
    return (await store.shared(name)) === undefined ? before?.() : undefined;
  }

  /** Tells the store what has changed until it comes to it. */
  function sync(until: Until): Promise<void> {
    if (step === undefined) {
      begun = false;
      step = tellStore(until).finally(() => {
        step = undefined;
      });
      return step;
    }
    if (!begun) return step;
    next ??= step
      .catch(() => {})
      .then(() => {
        next = undefined;
        return sync('process');
      });
    return next;
  }

  // Where the store cannot be written, the child's next step says so; what was used is booked with the next.
  function book(): void {
    void sync('passing').catch(() => {});
  }

  function stopTicks(): void {
    clearInterval(ticker);
    ticker = undefined;
  }

  return {
    scope,
    budget,
    left,
    unused: () => unused,
    held: () => requests > 0 || shared || step !== undefined || next !== undefined,
    hold(spend) {
      resting = false;
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
      wakeAll();
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
      resting = false;
      if (covers(left(), spend)) return undefined;
      draws += 1;
      wanted = addSpend(wanted, spend);
      return sync('process').finally(() => {
        draws -= 1;
        wanted = draws === 0 ? NOTHING : lessSpend(wanted, spend);
      });
    },
    prepare() {
      resting = false;
      if (isNothing(left())) book();
    },
    async rest() {
      if (requests > 0 || draws > 0) return;
      resting = true;
      if (ticker === undefined && step === undefined && isNothing(unbooked)) return;
      stopTicks();
      await sync('process').catch(() => {});
    },
  };
}
