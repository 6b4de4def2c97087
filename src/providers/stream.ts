import type { Failure } from '../core/provider.ts';

/** One streamed POST. The body is sent as given: encoding is the wire's work. */
export interface StreamRequest {
  /** `scheme://host:port` the request goes to, and the only place it can go to. */
  readonly authority: string;
  /** Path and query, starting with `/`. */
  readonly path: string;
  /** Lower-case names. Includes the credential header, which the transport never logs or echoes. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  readonly signal: AbortSignal;
  /** To the first event of the body (headers and comments alone are not a token). */
  readonly first_token_timeout_ms: number;
  /** Between any two arrivals of bytes after that. */
  readonly idle_timeout_ms: number;
  readonly onBytes?: ((count: number) => void) | undefined;
  /**
   * Each server-sent event, synchronously. `event` is '' when the stream named none. A server that ignored
   * `stream` and answered with one JSON document gives that document as one event with the name ''.
   * Return true when the answer is complete: what follows is read and thrown away.
   * It may throw a `StreamFailure`; anything else it throws becomes one of class `protocol`.
   */
  readonly onEvent: (event: string, data: string) => boolean;
}

/** How a stream ended properly (2xx, at least one event, not cut). Everything else throws a `StreamFailure`. */
export interface StreamEnd {
  readonly status: number;
  /** From the response's headers, whatever that vendor calls it. */
  readonly request_id?: string;
  /** True when `onEvent` said so; false when the server closed the stream cleanly before that. */
  readonly complete: boolean;
  readonly first_token_ms: number;
}

/**
 * What the transport saw go wrong, before a wire adds what it knows (partial text, what was sent).
 * A plain object that is thrown inside providers/ only: `providerFailure` makes the error that leaves.
 */
export type StreamFailure = Pick<
  Failure,
  'class' | 'status' | 'upstream' | 'retry_after_ms' | 'request_id' | 'parameter'
> & {
  /** No byte of the request left. */
  readonly unsent?: true;
  /** Absent = no event came. */
  readonly first_token_ms?: number;
};

/** Tells a failure of a stream from a fault of the code. */
export function isStreamFailure(thrown: unknown): thrown is StreamFailure {
  return typeof thrown === 'object' && thrown !== null && !(thrown instanceof Error) && 'class' in thrown;
}

/** What a wire threw while it read a stream: its own word, or the sign that the stream made no sense to it. */
export function asStreamFailure(thrown: unknown): StreamFailure {
  if (isStreamFailure(thrown)) return thrown;
  return { class: 'protocol', upstream: thrown instanceof Error ? thrown.message : String(thrown) };
}
