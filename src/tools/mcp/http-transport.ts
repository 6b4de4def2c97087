import type { FetchLike, JSONRPCMessage, StreamableHTTPClientTransport, Transport } from '@modelcontextprotocol/client';
import { createWatch, MESSAGE_BYTES } from './message-limits.ts';

const NEWLINE = 10;
const RETURN = 13;
/** For the server to hear that the session is over. */
const GOODBYE_MS = 2_000;

export interface HttpOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the MCP client, which is loaded by whoever needs it. */
  readonly Transport: typeof StreamableHTTPClientTransport;
}

export interface HttpTransport extends Transport {
  /** Why the connection is over, in words; undefined while it is not. */
  readonly ended: () => string | undefined;
  /** Ends it at once; `close` tells the server. */
  readonly abandon: () => void;
}

/**
 * Streamable HTTP. Headers go to the address they were configured for: a redirect to another origin is refused. A
 * stream that ends without its answer is an error of that request, and a request that is cancelled lets its stream go.
 */
export function createHttpTransport({ url, headers, Transport }: HttpOptions): HttpTransport {
  const watch = createWatch();
  const open = new Map<string | number, AbortController>();
  const inner = new Transport(new URL(url), { requestInit: { headers }, fetch: limitedFetch });
  let why: string | undefined;

  const answer = (message: JSONRPCMessage): void => {
    if ('id' in message && !('method' in message) && message.id !== undefined) open.delete(message.id);
    if (watch.floods(message)) {
      why = 'floods: it sends more than anybody asked for';
      void inner.close();
      return;
    }
    transport.onmessage?.(message);
  };
  const transport: HttpTransport = {
    ended: () => why,
    abandon: () => void inner.close(),
    start() {
      inner.onmessage = answer;
      inner.onerror = (error) => transport.onerror?.(error);
      inner.onclose = () => transport.onclose?.();
      return inner.start();
    },
    async send(message) {
      watch.sent(message);
      if (!('method' in message)) return inner.send(message);
      if (!('id' in message)) {
        await inner.send(message);
        if (message.method === 'notifications/cancelled') open.get(cancelledId(message))?.abort();
        return;
      }
      const { id } = message;
      const controller = new AbortController();
      open.set(id, controller);
      return inner.send(message, {
        requestSignal: controller.signal,
        onRequestStreamEnd: () => {
          if (!open.delete(id)) return;
          const error = { code: -32000, message: 'The server ended the stream without an answer.' };
          transport.onmessage?.({ jsonrpc: '2.0', id, error });
        },
      });
    },
    async close() {
      const late = setTimeout(() => void inner.close(), GOODBYE_MS);
      await inner.terminateSession().catch(() => undefined);
      clearTimeout(late);
      await inner.close();
    },
    setProtocolVersion: (version) => inner.setProtocolVersion(version),
  };
  return transport;
}

function cancelledId({ params }: { readonly params?: { readonly [key: string]: unknown } | undefined }): string {
  return params?.requestId as string;
}

/** A body whose parts, events or the whole, are no longer than a message may be. */
const limitedFetch: FetchLike = async (url, init) => {
  const response = await fetch(url, init);
  if (response.body === null) return response;
  const isStream = response.headers.get('content-type')?.includes('text/event-stream') === true;
  let size = 0;
  let ended = false;
  const limited = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      if (isStream) {
        for (const byte of chunk) {
          size += 1;
          // An empty line ends an event.
          if (byte === NEWLINE && ended) size = 0;
          if (byte !== RETURN) ended = byte === NEWLINE;
        }
      } else size += chunk.length;
      if (size > MESSAGE_BYTES) controller.error(new Error(`It sent a message of more than ${MESSAGE_BYTES} bytes.`));
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(limited), { status, statusText, headers });
};
