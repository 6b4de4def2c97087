import { randomUUID } from 'node:crypto';
import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

/** As many of a session's newest events are kept: a call has one every 10 seconds, and its answer. */
const MAX_EVENTS = 100;

/**
 * What the streams of one session were sent. A host whose connection broke names the last event it has seen
 * (`Last-Event-ID`) and gets the rest of that stream.
 */
export function createEventMemory(): EventStore {
  const events: { readonly id: string; readonly stream: string; readonly message: JSONRPCMessage | object }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = randomUUID();
      events.push({ id, stream, message });
      if (events.length > MAX_EVENTS) events.shift();
      return id;
    },
    async getStreamIdForEventId(id) {
      return events.find((event) => event.id === id)?.stream;
    },
    async replayEventsAfter(last, { send }) {
      const at = events.findIndex(({ id }) => id === last);
      const stream = events[at]?.stream;
      if (stream === undefined) throw new Error('That event is not kept.');
      for (const event of events.slice(at + 1)) {
        // A stream begins with an event that says nothing but its id.
        if (event.stream === stream && 'jsonrpc' in event.message) await send(event.id, event.message);
      }
      return stream;
    },
  };
}
