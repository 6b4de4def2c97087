import type { JSONRPCMessage } from '@modelcontextprotocol/client';

/** Bytes of one message: a screenshot or a long file fits. */
export const MESSAGE_BYTES: number = 10 * 1024 * 1024;
/** Messages nobody asked for, within 10 s. A busy log is far below. */
const UNASKED = 10_000;
const WINDOW_MS = 10_000;

/** Tells answers from what a server says unasked. */
export interface Watch {
  /** To be told of every message to the server. */
  sent(message: JSONRPCMessage): void;
  /** Whether the server floods, with this message or (undefined) with what is none. */
  floods(message: JSONRPCMessage | undefined): boolean;
}

export function createWatch(now: () => number = () => performance.now()): Watch {
  const asked = new Set<unknown>();
  let since = now();
  let count = 0;
  return {
    sent(message) {
      if (!('method' in message)) return;
      if ('id' in message) asked.add(message.id);
      else if (message.method === 'notifications/cancelled') asked.delete(message.params?.requestId);
    },
    floods(message) {
      if (message !== undefined && !('method' in message) && asked.delete(message.id)) return false;
      count += 1;
      if (count <= UNASKED) return false;
      const time = now();
      const flooded = time - since < WINDOW_MS;
      since = time;
      count = 0;
      return flooded;
    },
  };
}
