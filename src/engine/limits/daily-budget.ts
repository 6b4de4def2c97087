import { type BudgetUse, spentOn } from '../../core/budget/shared-budget.ts';
import { NOTHING, type Spend } from '../../core/budget/spend.ts';
import type { Store } from '../../core/store.ts';
import type { Clock } from '../clock.ts';
import type { Leases } from '../leases.ts';
import { createSharedLedger, type SharedLedger } from './shared-ledger.ts';

/** The value in the store. */
const NAME = 'budget of the day';
const DAY_MS = 86_400_000;

interface Site {
  readonly store: Store;
  readonly clock: Clock;
}

/** What the children of all processes of a store may spend in one UTC day, in USD. */
export function createDailyBudget(usd: number, deps: Site & { readonly leases: Leases }): SharedLedger {
  const before = async (): Promise<Spend> => ({ ...NOTHING, usd: await spentByResults(deps) });
  return createSharedLedger({ name: NAME, scope: { of: 'day' }, budget: { usd }, daily: true, before }, deps);
}

/** USD used today, and set aside by processes at work. Used is what it is booked at: its worst case if not known. */
export async function spentToday({ store, clock }: Site): Promise<{ readonly used: number; readonly held: number }> {
  const use = await store.shared<BudgetUse>(NAME);
  return use === undefined ? { used: await spentByResults({ store, clock }), held: 0 } : spentOn(use, clock.now());
}

/** What tasks that ended today have cost, for a day that began before its budget was first kept. */
async function spentByResults({ store, clock }: Site): Promise<number> {
  const midnight = Math.floor(clock.now() / DAY_MS) * DAY_MS;
  const tasks = await store.tasks({ since: midnight - DAY_MS, limit: 1_000_000 });
  return tasks.reduce((sum, { ended_at = 0, result }) => {
    if (result === undefined || ended_at < midnight) return sum;
    // What the tasks below it have cost stands with them.
    return sum + (result.own?.cost ?? result.cost).usd;
  }, 0);
}
