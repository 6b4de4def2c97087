import type { Steer } from '../core/result.ts';
import type { Control } from '../core/store.ts';
import type { Agent, Steering } from './agent.ts';
import { tokensAtMost } from './limits/budget.ts';

/** Takes a message in; it goes before the model with the next turn. */
export function hear(steering: Steering | undefined, control: Extract<Control, { kind: 'steer' }>): Steering {
  const { id, message } = control;
  const into = steering ?? { steers: [], shown: 0, delivered: 0 };
  into.steers.push({ id, message, state: 'queued' });
  return into;
}

/** Puts what came since the last turn into the conversation, as the user's words. */
export function showSteers(agent: Agent): void {
  const steering = agent.steering?.();
  if (steering === undefined) return;
  for (const { message } of steering.steers.slice(steering.shown)) {
    agent.conversation.append({ role: 'user', text: message });
    agent.context += tokensAtMost(message);
    agent.transcript?.write('user', message);
  }
  steering.shown = steering.steers.length;
}

/** Those in the conversation that are not in the journal yet: a conversation that is read back from it lacks them. */
export function showAgain(agent: Agent): void {
  const steering = agent.steering?.();
  if (steering === undefined) return;
  for (const { message } of steering.steers.slice(steering.delivered, steering.shown)) {
    agent.conversation.append({ role: 'user', text: message });
  }
}

/** The model has answered in this turn, so it has read them. They go into the journal before its answer. */
export function deliverSteers(agent: Agent, turn: number): void {
  const steering = agent.steering?.();
  if (steering === undefined) return;
  for (; steering.delivered < steering.shown; steering.delivered++) {
    const { id, message } = steering.steers[steering.delivered]!;
    steering.steers[steering.delivered] = { id, message, state: 'delivered', turn };
    agent.unwritten.push({ kind: 'steer', id, message, turn });
    agent.tell?.({ type: 'steer', id, state: 'delivered', turn });
  }
}

/** All of them, for the result; what no model has read by now was missed. */
export function steersAtEnd(steering: Steering | undefined): readonly Steer[] | undefined {
  return steering?.steers.map((steer) => (steer.state === 'queued' ? { ...steer, state: 'missed' } : steer));
}
