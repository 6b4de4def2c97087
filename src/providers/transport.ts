import type { Failure } from '../core/provider.ts';

/** One streamed POST. The body is sent as given: encoding is the wire's work. */
export interface StreamRequest {
  /** `scheme://host:port` the request may go to; anything else is refused before a byte leaves. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** Lower-case names. Includes the credential header, which the transport never logs or echoes. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  readonly signal: AbortSignal;
  /** To the first event of the body (headers alone are not a token). */
  readonly first_token_timeout_ms: number;
  /** Between any two arrivals of bytes after that. */
  readonly idle_timeout_ms: number;
  readonly onBytes?: (count: number) => void;
  /**
   * Each server-sent event, synchronously. `event` is '' when the stream named none.
   * Return true when the answer is complete: what follows is read and thrown away.
   */
  readonly onEvent: (event: string, data: string) => boolean;
}

/** How a stream ended properly (2xx, event stream, not cut). Everything else throws a `StreamFailure`. */
export interface StreamEnd {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** True when `onEvent` said so; false when the server closed the stream cleanly before that. */
  readonly complete: boolean;
  readonly first_token_ms: number;
}

/** What the transport saw go wrong, before a wire adds what it knows (partial text, what was sent). */
export type StreamFailure = Pick<Failure, 'class' | 'status' | 'upstream' | 'retry_after_ms' | 'request_id'>;
