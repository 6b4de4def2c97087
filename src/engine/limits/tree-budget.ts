import type { BudgetUse } from '../../core/budget/shared-budget.ts';
import type { Store } from '../../core/store.ts';
import type { Budget } from '../../core/task.ts';
import type { Leases } from '../leases.ts';
import { createSharedLedger, type SharedLedger } from './shared-ledger.ts';

interface Site {
  readonly store: Store;
  readonly leases: Leases;
}

/** Whether children with these toolsets can start processes, which may delegate below them. */
export function startProcesses(toolsets: readonly string[]): boolean {
  return toolsets.some((name) => name === 'terminal' || name.startsWith('mcp:'));
}

/** The budget of a root call, kept in the store for processes that its children start to join. */
export function openTreeBudget(root_id: string, budget: Budget, site: Site): SharedLedger {
  return createSharedLedger({ name: nameOf(root_id), scope: { of: 'call', id: root_id }, budget }, site);
}

/** The same in such a process: what it says there is what the root allowed. Undefined = the root keeps none there. */
export async function joinTreeBudget(root_id: string, site: Site): Promise<SharedLedger | undefined> {
  const use = await site.store.shared<BudgetUse>(nameOf(root_id));
  return use && openTreeBudget(root_id, use.budget, site);
}

/** Takes it out of the store when its root has ended. */
export async function closeTreeBudget(root_id: string, { store }: Pick<Site, 'store'>): Promise<void> {
  await store.change<BudgetUse, void>(nameOf(root_id), () => [undefined, undefined]).catch(() => {});
}

function nameOf(root_id: string): string {
  return `budget ${root_id}`;
}
