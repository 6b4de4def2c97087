import type { BudgetUse } from '../../core/budget/shared-budget.ts';
import type { Store } from '../../core/store.ts';
import type { Budget } from '../../core/task.ts';
import type { Leases } from '../leases.ts';
import type { BudgetScope } from './ledger.ts';
import { createSharedLedger, type SharedLedger } from './shared-ledger.ts';

interface Site {
  readonly store: Store;
  readonly leases: Leases;
}
type TreeScope = Required<BudgetScope>;

/** Whether children with these toolsets can start processes, which may delegate below them. */
export function startProcesses(toolsets: readonly string[]): boolean {
  return toolsets.some((name) => name === 'terminal' || name.startsWith('mcp:'));
}

/** The budget of a call or of a task, kept in the store for processes that are started below to join. */
export function openTreeBudget(scope: TreeScope, budget: Budget, site: Site): SharedLedger {
  return createSharedLedger({ name: nameOf(scope), scope, budget }, site);
}

/**
 * In such a process: the budgets of the task it runs in and of everything above that, as far as they are kept in the
 * store. What is said there is what holds.
 */
export async function joinTreeBudgets(task_id: string, site: Site): Promise<readonly SharedLedger[]> {
  const joined: SharedLedger[] = [];
  for (let id: string | undefined = task_id; id !== undefined; ) {
    const task = await site.store.task(id);
    if (task === undefined) break;
    const scopes: TreeScope[] = [
      { of: 'task', id },
      { of: 'call', id: task.delegation_id },
    ];
    for (const scope of scopes) {
      const use = await site.store.shared<BudgetUse>(nameOf(scope));
      if (use === undefined) continue;
      joined.push(createSharedLedger({ name: nameOf(scope), scope, budget: use.budget, joined: true }, site));
    }
    id = task.parent_id;
  }
  return joined;
}

/** Takes it out of the store when its call or task has ended. Never rejects. */
export async function closeTreeBudget(scope: Pick<TreeScope, 'id'>, { store }: Pick<Site, 'store'>): Promise<void> {
  await store.change<BudgetUse, void>(nameOf(scope), () => [undefined, undefined], 'process').catch(() => {});
}

function nameOf({ id }: Pick<TreeScope, 'id'>): string {
  return `budget ${id}`;
}
