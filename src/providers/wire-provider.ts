import type {
  Answer,
  Conversation,
  ConversationSetup,
  Message,
  Provider,
  SendOptions,
  TurnListener,
} from '../core/provider.ts';
import type { CredentialRef, Route, Sent } from '../core/route.ts';
import type { Transport } from './transport.ts';

/** The key behind a reference, for this authority only; undefined = none is usable there. */
export type KeyFor = (ref: CredentialRef, authority: string) => string | undefined;

/** What every adapter gets from the outside. */
export interface ProviderOptions {
  readonly keyFor: KeyFor;
  /** Takes known secrets out of a text. */
  readonly redact: (text: string) => string;
}

/** The request bodies of one conversation. */
export interface Encoder {
  /** Encodes the message; later turns reuse the bytes. */
  append(message: Message): void;
  /** The whole body of the next request. */
  body(max_output: number | undefined): Buffer;
  /** What the last `body` said about model and effort, taken from what was put in it. */
  readonly sent: Sent;
  /** What a reader of the receipt must know about the last `body`, beyond `sent`; they go before the decoder's own. */
  readonly notes?: readonly string[];
  /**
   * Leaves an optional parameter out of every later body. `parameter` is the provider's word for it
   * (`reasoning_effort`, `reasoning.effort`, `stream_options`). False = not one that can be left out, or not sent.
   */
  omit(parameter: string): boolean;
}

/** What a wire makes of a stream; `sendTurn` adds the rest. `id` is the response's own id, if it names one. */
export type DecodedAnswer = Omit<Answer, 'sent' | 'first_token_ms' | 'request_id'> & { readonly id?: string };

/** One answer being received. Methods may throw a `StreamFailure`. */
export interface Decoder {
  /** Same contract as `StreamRequest.onEvent`. */
  event(event: string, data: string): boolean;
  /** What has arrived so far. */
  partial(): { readonly text: string; readonly reasoning: string };
  /** After a clean end of the stream; throws `{ class: 'cut' }` when the answer is not whole. */
  answer(): DecodedAnswer;
}

/** The whole difference between two wires; everything else is `createWireProvider`. */
export interface WireDialect {
  /** Path of the endpoint, from the path of `base_url` without a trailing slash (`/v1` → `/v1/chat/completions`). */
  readonly path: (base_path: string) => string;
  /** Headers of this wire, lower-case names; `key` undefined = a server without keys. */
  readonly headers: (key: string | undefined, route: Route) => Readonly<Record<string, string>>;
  readonly encoder: (route: Route, setup: ConversationSetup) => Encoder;
  readonly decoder: (route: Route, listener: TurnListener) => Decoder;
}

export type { Answer, Conversation, Provider, SendOptions, Transport };
