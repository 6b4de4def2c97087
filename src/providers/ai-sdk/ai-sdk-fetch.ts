import type { StreamFailure } from '../stream.ts';

/** What happened on the network while a package answered one turn. */
export interface Traffic {
  /** The body of the last request, parsed; undefined = nothing left yet, or no JSON. */
  body: unknown;
  url: URL | undefined;
  request_id: string | undefined;
  /** The body of the answer came to its end, and was not cut. */
  ended: boolean;
  /** Why a request was refused or failed below the package, which may wrap or swallow it. */
  failure: StreamFailure | undefined;
}

export interface GuardOptions {
  readonly authority: string;
  readonly traffic: Traffic;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

const REQUEST_ID_HEADERS = ['x-request-id', 'request-id', 'apim-request-id', 'x-amzn-requestid', 'x-goog-request-id'];

/**
 * The only `fetch` a provider package gets: it goes to the route's authority, follows no redirect, and sees what
 * leaves and what comes back.
 */
export function guardedFetch({ authority, traffic, signal, onBytes }: GuardOptions): typeof fetch {
  function refuse(failure: StreamFailure): never {
    traffic.failure = failure;
    throw new Error(failure.upstream);
  }

  return async (input, init) => {
    signal.throwIfAborted();
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== authority) {
      refuse({ class: 'redirect', upstream: `the package wanted to send to "${url.origin}"`, unsent: true });
    }
    traffic.url = url;
    traffic.body = parsed(init?.body);
    const signals = init?.signal ? AbortSignal.any([init.signal, signal]) : signal;
    const response = await fetch(input, { ...init, redirect: 'manual', signal: signals });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      refuse({ class: 'redirect', status: response.status });
    }
    const name = REQUEST_ID_HEADERS.find((header) => response.headers.has(header));
    traffic.request_id = name === undefined ? undefined : response.headers.get(name)!;
    if (response.body === null) return response;
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          onBytes(chunk.byteLength);
          controller.enqueue(chunk);
        },
        flush() {
          traffic.ended = true;
        },
      }),
    );
    return new Response(counted, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

function parsed(body: unknown): unknown {
  if (typeof body !== 'string') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
