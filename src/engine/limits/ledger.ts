import { addSpend, lessSpend, NOTHING, type Spend, spendOf } from '../../core/budget/spend.ts';
import type { Budget } from '../../core/task.ts';

/** Whose budget it is: one task's with all below it, one call's, or the day's. */
export interface BudgetScope {
  readonly of: 'task' | 'call' | 'day';
  readonly id?: string;
}

/**
 * Keeps a budget by reservation: a request's worst case is set aside before it leaves and what it really used is
 * booked when it ends, so that requests in flight together can never pass the budget together.
 */
export interface Ledger {
  readonly scope: BudgetScope;
  readonly budget: Budget;
  /** What may be set aside now. Infinity where the budget says nothing. */
  left(): Spend;
  /** What there will be when all that is set aside has come back. */
  unused(): Spend;
  /** True while something is set aside: it may come back. */
  held(): boolean;
  hold(spend: Spend): void;
  /** Ends a hold with what was used. */
  settle(held: Spend, used: Spend): void;
  /** Calls `wake` when something may have come back, until the returned function is called. */
  watch(wake: () => void): () => void;
  /**
   * Where other processes use the budget too: asks for as much room as `spend` needs, as far as there is. Undefined:
   * there is that much already.
   */
  draw?(spend: Spend): Promise<void> | undefined;
}

/** A budget of this process alone; undefined when there is nothing to keep. */
export function createLedger(scope: BudgetScope, budget: Budget | undefined): Ledger | undefined {
  if (budget === undefined || Object.keys(budget).length === 0) return undefined;
  let unused = spendOf(budget);
  let held = NOTHING;
  let holds = 0;
  const watching = new Set<() => void>();
  return {
    scope,
    budget,
    left: () => lessSpend(unused, held),
    unused: () => unused,
    held: () => holds > 0,
    hold(spend) {
      holds += 1;
      held = addSpend(held, spend);
    },
    settle(spend, used) {
      holds -= 1;
      // Sums of fractions do not come back to zero by themselves.
      held = holds === 0 ? NOTHING : lessSpend(held, spend);
      unused = lessSpend(unused, used);
      if (watching.size > 0) for (const wake of [...watching]) wake();
    },
    watch(wake) {
      watching.add(wake);
      return () => watching.delete(wake);
    },
  };
}
