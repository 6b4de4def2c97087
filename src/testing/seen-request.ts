import type { Wire } from '../core/route.ts';
import type { Json } from '../core/task.ts';

/** The wires a test server speaks. */
export type TestWire = Exclude<Wire, 'ai-sdk'>;

/** What the body says, whatever the wire. Of a body that makes no sense: empty. */
export interface Conversation {
  /** Instructions, joined by blank lines. */
  readonly system: string;
  /** The user's texts, oldest first. */
  readonly texts: readonly string[];
  /** Answers of the model so far: 0 in the first request of a conversation. */
  readonly turn: number;
  readonly tools: readonly { readonly name: string; readonly parameters: { readonly [key: string]: unknown } }[];
  /** Results of the model's last tool calls. `is_error` is always false on the OpenAI wires, which cannot say it. */
  readonly tool_results: readonly SeenToolResult[];
}

/** What a request says a tool gave, joined with the call it answers. */
export interface SeenToolResult {
  readonly id: string;
  readonly name: string;
  /** Of the call, as the client sent it back: JSON. */
  readonly arguments: string;
  readonly content: string;
  readonly is_error: boolean;
}

/** One request as it arrived, refused ones too. */
export interface SeenRequest extends Conversation {
  /** Position among all requests of the server, from 0. */
  readonly index: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly wire: TestWire;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** `http://host:port`, from the Host header: where the client believed it was sending to. */
  readonly authority: string;
  /** The credential, whichever header carried it; absent = none. */
  readonly key?: string;
  /** The body's text. */
  readonly body: string;
  /** The body parsed; undefined = not JSON. */
  readonly json: unknown;
  /** `''` when the body names none. */
  readonly model: string;
  /** The members of the body that carry reasoning effort, as sent (`{ reasoning_effort: "low" }`); null = none. */
  readonly effort: { readonly [key: string]: Json } | null;
  /** Number of the TCP connection, from 1. */
  readonly connection: number;
  /** Requests being answered when it arrived, itself included. */
  readonly in_flight: number;

  // What became of it; these change while it is answered.
  readonly status?: number;
  readonly request_id?: string;
  /** The model the answer claimed. */
  readonly served_model?: string;
  /** The whole answer was handed to the socket. */
  readonly done: boolean;
  /** The client left before that. */
  readonly aborted: boolean;
}
