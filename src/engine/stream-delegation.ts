import type { DelegationStream, EventListener } from '../core/events.ts';
import type { DelegationResult } from '../core/result.ts';
import { createEventQueue } from './event-queue.ts';

/** Runs a delegation with a listener, and gives what that hears as a stream. */
export function streamDelegation(run: (on: EventListener) => Promise<DelegationResult>): DelegationStream {
  const events = createEventQueue();
  const result = run(events.push);
  result.then(
    () => events.end(),
    (error) => events.end({ error }),
  );
  return {
    result,
    get missed() {
      return events.missed;
    },
    [Symbol.asyncIterator]: events.read,
  };
}
