import { historyOf } from '../core/history.ts';
import type { Agent, Author } from './agent.ts';
import { showAgain } from './steering.ts';

/**
 * A fresh conversation on the route in force: what the journal holds, encoded anew for it, without what only another
 * model that wrote some of it could read again. Everything must be written by then.
 */
export async function reopen(agent: Agent): Promise<void> {
  const { deps, steps, route, authors } = agent;
  agent.conversation = (await deps.providerFor(route)).open(route, agent.setup);
  agent.conversation.append(agent.first);
  const [, ...rest] = historyOf(await steps.read(), { portable: authors.some((author) => !isSame(author, route)) });
  for (const message of rest) agent.conversation.append(message);
  showAgain(agent);
}

function isSame(a: Author, b: Author): boolean {
  return a.provider === b.provider && a.model === b.model && a.wire === b.wire;
}
