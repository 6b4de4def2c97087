import type { Dispatcher, Client as UndiciClient } from 'undici';
// The whole of undici takes 100 ms to load, its client alone 28.
import buildConnector from 'undici/lib/core/connect.js';
import Client from 'undici/lib/dispatcher/client.js';

/** A connection that can be used for one request at a time, and again once that has ended. */
export interface Connection {
  /** Its request was answered to the end. */
  free(): void;
  /** Its request failed, or nobody waits for the answer: it is closed. */
  discard(): void;
}

/** Keep-alive connections to one authority, as many as there are requests at once. */
export interface ConnectionPool {
  /** The handler is undici's, without wrappers; it has to free or discard the connection it was given, once. */
  dispatch(request: Dispatcher.DispatchOptions, handler: Pooled): void;
  /** Ends what is under way with an error. */
  destroy(): Promise<void>;
}

export interface Pooled {
  connection: Connection | undefined;
}

/**
 * Not undici's own pool: that looks through all of its connections for each request, and does not take one again in the
 * turn of the event loop in which it became free, so that it opens more than are needed.
 */
export function createConnectionPool(authority: string): ConnectionPool {
  const origin = new URL(authority);
  const all = new Set<UndiciClient>();
  /** Those used last come first: the others can close for want of use. */
  const idle: Slot[] = [];
  const options: UndiciClient.Options = {
    // One for all: it keeps the TLS sessions.
    connect: buildConnector({}),
    pipelining: 1,
    // Our own limits rule: they know a token from a header, and tell which of the two was late.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Local servers close idle connections after 5 s without a word, and connecting to them is cheap.
    keepAliveTimeout: origin.protocol === 'https:' ? 30_000 : 4_000,
  };

  class Slot implements Connection {
    readonly client: UndiciClient = new Client(origin, options);

    free(): void {
      idle.push(this);
    }

    discard(): void {
      all.delete(this.client);
      // Not in the midst of what undici does about the failure.
      queueMicrotask(() => void this.client.destroy());
    }
  }

  return {
    dispatch(request, handler) {
      let slot = idle.pop();
      if (slot === undefined) {
        slot = new Slot();
        all.add(slot.client);
      }
      handler.connection = slot;
      slot.client.dispatch(request, handler as unknown as Dispatcher.DispatchHandler);
    },
    async destroy() {
      idle.length = 0;
      await Promise.all([...all].map((client) => client.destroy()));
    },
  };
}
