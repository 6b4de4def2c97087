import { historyOf } from '../core/history.ts';
import type { Route } from '../core/route.ts';
import type { Child } from './child.ts';
import { showAgain } from './steering.ts';

/**
 * A fresh conversation on the route in force: what the journal holds, encoded anew for it, without what only another
 * route that wrote some of it could read again. Everything must be written by then.
 */
export async function reopen(child: Child): Promise<void> {
  const { plan, run, tally, route } = child;
  const used = [plan.route, ...plan.route.fallback.slice(0, tally.hops.length)];
  child.conversation = (await run.deps.providerFor(route)).open(route, child.setup);
  child.conversation.append(child.first);
  const written = await run.deps.store.journal(plan.id);
  const [, ...rest] = historyOf(written, { portable: used.some((from) => !sameAuthor(from, route)) });
  for (const message of rest) child.conversation.append(message);
  showAgain(child);
}

function sameAuthor(a: Route, b: Route): boolean {
  return a.provider === b.provider && a.model === b.model && a.wire === b.wire;
}
