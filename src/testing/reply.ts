import type { StopReason, Usage } from '../core/provider.ts';
import type { Json } from '../core/task.ts';
import type { SeenRequest } from './seen-request.ts';

/** A tool call of a scripted model. */
export interface ReplyToolCall {
  readonly name: string;
  /** An object, or a string that is sent as it is (broken JSON, too). */
  readonly arguments: { readonly [key: string]: Json } | string;
  /** Default: made from the turn and the position, so that the same script gives the same ids. */
  readonly id?: string;
  /**
   * openai-chat: `extra_content` of the call, which the client must send back (thought signatures).
   * openai-responses: an object of further members of the call (`namespace`).
   */
  readonly extra?: Json;
}

/** Absent parts are filled as the vendor would for that status. */
export interface ReplyError {
  readonly message?: string;
  readonly type?: string;
  readonly code?: string | null;
  readonly param?: string | null;
}

/**
 * One answer of a test server. Every field is optional; `{}` is an empty answer that ends normally.
 * What is sent is exactly what is said here: a reply can lie, break off or never come.
 */
export interface Reply {
  readonly text?: string;
  readonly reasoning?: string;
  /** What makes the reasoning replayable. Default on wires that have one: made from the reasoning. */
  readonly signature?: string;
  readonly tool_calls?: readonly ReplyToolCall[];
  /** Default: `tool_calls` when there are any, else `end`. Words that are no `StopReason` are sent as they are. */
  readonly stop?: StopReason | (string & {});
  /** Kinds left out are 0. Absent: estimated, 4 characters a token. null: none is reported. */
  readonly usage?: Partial<Usage> | null;
  /** Default: the model that was asked for. null: the answer names none. */
  readonly served_model?: string | null;
  /** Default: unique over all servers. null: none. */
  readonly request_id?: string | null;

  /** HTTP status; default 200. From 400 on the body is the vendor's own for that status, unless `error` or `body` say more. */
  readonly status?: number;
  /** Added to, and winning over, the server's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** With a status: the body in the vendor's shape. Without: an error event inside the 200 stream, after the deltas. */
  readonly error?: ReplyError | true;
  /** The body as it is: a string, or anything JSON. */
  readonly body?: Json;
  /** A `location`; status 307 unless `status` says another. */
  readonly redirect?: string;
  /** The bytes of the 200 event stream as they are, in place of the wire's own events. */
  readonly raw?: string | Uint8Array;

  /** Before the first byte of the answer, its headers included. */
  readonly first_token_delay_ms?: number;
  /** Before each further delta. */
  readonly delta_delay_ms?: number;
  /** In how many deltas a text, a reasoning or the arguments of a call are sent; default 3. */
  readonly deltas?: number;
  /** One socket write a delta. Default: everything that needs no waiting in one write. */
  readonly live?: boolean;
  /** The answer goes out one byte at a time, this long apart. */
  readonly drip_ms?: number;
  /** true: nothing is ever sent. `after-headers`, `after-first`: only the headers, or up to the first delta. */
  readonly hang?: true | 'after-headers' | 'after-first';
  /** The connection breaks after this many events, or bytes of the body. */
  readonly cut_after_events?: number;
  readonly cut_after_bytes?: number;
  /** Where it would be cut, the answer ends cleanly instead, unfinished. */
  readonly end_early?: boolean;
}

/** Decides an answer. Contract: decide from `request` alone where children run in parallel. */
export type ReplyFor = (request: SeenRequest) => Reply | Promise<Reply>;
