import type { JournalEntry, Store, TaskRecord } from '../core/store.ts';
import { type Child, countAbove } from './child.ts';
import { countAnswer, countBelow, createTally, type Tally, totalOf, type Used } from './limits/tally.ts';
import { startProcesses } from './limits/tree-budget.ts';

/** More than any task has below it. */
const ALL = 1_000_000;

/**
 * Counts what a child's commands delegated (`YARDMASTER_TASK`): those tasks ran in other processes, and what they used
 * stands in the store. For the child's end, when its commands have ended too. Never rejects: what cannot be read is unknown.
 */
export async function countCommands(child: Child): Promise<void> {
  if (!startProcesses(child.toolsets)) return;
  const { store } = child.run.deps;
  const unknown = [{ usage: undefined, cost: { usd: 0, complete: false } }];
  for (const used of await usedBelow(child.plan.id, store, child.delegations).catch(() => unknown)) {
    countBelow(child.tally, used, true);
    countAbove(child, used, true);
  }
}

/**
 * What the tasks below a task used, as the store has it: their results or, of those that have none, what their journals
 * tell, which is never all. Without the delegations that are counted already.
 */
export async function usedBelow(task_id: string, store: Store, counted?: ReadonlySet<string>): Promise<Used[]> {
  const used: Used[] = [];
  for (const task of await store.tasks({ parent_id: task_id, limit: ALL })) {
    if (counted?.has(task.delegation_id)) continue;
    if (task.result !== undefined) used.push(task.result);
    else {
      const { usage, usd } = totalOf(tallyOf(task, await store.journal(task.id)));
      used.push({ usage, cost: { usd, complete: false } }, ...(await usedBelow(task.id, store)));
    }
  }
  return used;
}

/** What the journal of a task tells that has no result. The request that was under way may have been billed. */
export function tallyOf(task: TaskRecord, journal: readonly JournalEntry[]): Tally {
  const tally = createTally();
  let route = task.route;
  for (const entry of journal) {
    if (entry.kind === 'answer') countAnswer(tally, route, entry.answer);
    if (entry.kind !== 'hop') continue;
    route = task.route.fallback[tally.hops.length] ?? route;
    tally.hops.push(entry.hop);
  }
  const spent = tally.by_route.get(route);
  if (spent !== undefined) spent.complete = false;
  return tally;
}
