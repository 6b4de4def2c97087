import type {
  Answer,
  Conversation,
  ConversationSetup,
  Failure,
  Message,
  Provider,
  SendOptions,
  TurnListener,
} from '../core/provider.ts';
import type { Route, Sent } from '../core/route.ts';
import { providerFailure, UPSTREAM_CHARS } from './failure/provider-failure.ts';
import { boundedAnswer } from './http/bounded-answer.ts';
import { type Endpoint, endpointOf, type KeyFor, keyOf } from './http/endpoint.ts';
import type { Transport } from './http/transport.ts';
import { createKeyRedactor } from './redact-key.ts';
import { asStreamFailure, type StreamEnd, type StreamFailure } from './stream.ts';

/** What every adapter gets from the outside. */
export interface ProviderOptions {
  readonly keyFor: KeyFor;
  /** Takes known secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Folders whose `node_modules` may hold AI SDK packages; where this package is installed is always looked at. */
  readonly package_roots?: readonly string[];
}

/** The request bodies of one conversation. */
export interface Encoder {
  /** Encodes the message; later turns reuse the bytes. */
  append(message: Message): void;
  /** The whole body of the next request. */
  body(max_output: number | undefined, room?: number): Buffer;
  /** What the last `body` said about model and effort, taken from what was put in it. */
  sent(): Sent;
  /** What the last `body` could not say as asked, for the receipt. */
  notes?(): readonly string[];
  /**
   * Stops sending an optional parameter, or sends it under its other name. `parameter` is the provider's word for
   * it (`reasoning_effort`, `reasoning.effort`, `stream_options`). False = it must be sent, or was not.
   */
  omit(parameter: string): boolean;
}

/** What a wire makes of a stream. Its `request_id` is the response's own; one in the headers is better. */
export type DecodedAnswer = Omit<Answer, 'sent' | 'first_token_ms'>;

/** One answer being received. Methods may throw a `StreamFailure`. */
export interface Decoder {
  /** Same contract as `StreamRequest.onEvent`. */
  event(event: string, data: string): boolean;
  /** What has arrived so far. */
  partial(): { readonly text: string; readonly reasoning: string };
  /** Throws `{ class: 'cut' }` when what arrived is not a whole answer. */
  answer(): DecodedAnswer;
}

/** The whole difference between two wires. */
export interface WireDialect {
  /** Path of the endpoint, from the path of `base_url` without a trailing slash (`/v1` → `/v1/chat/completions`). */
  readonly path: (base_path: string) => string;
  /** Headers of this wire, lower-case names; `key` undefined = a server without keys. */
  readonly headers: (key: string | undefined, route: Route) => Readonly<Record<string, string>>;
  readonly encoder: (route: Route, setup: ConversationSetup) => Encoder;
  /** `taken`: ids of the tool calls that the conversation holds already. */
  readonly decoder: (route: Route, listener: TurnListener, taken: ReadonlySet<string>) => Decoder;
}

/** Provider adapter of a native wire: everything that wires have in common. The transport is the caller's to close. */
export function createWireProvider(
  dialect: WireDialect,
  { transport, keyFor, redact }: ProviderOptions & { readonly transport: Transport },
): Provider {
  /** Siblings mostly share their route. */
  const targets = new WeakMap<Route, Target>();

  /** The key is looked up for every request; the rest is made anew when it has changed. */
  function targetOf(route: Route): Target {
    let target = targets.get(route);
    const endpoint = target?.endpoint ?? endpointOf(route);
    const key = keyOf(route, keyFor);
    if (target === undefined || target.key !== key) {
      const path = dialect.path(endpoint.base_path) + endpoint.query;
      const headers = { ...COMMON_HEADERS, ...endpoint.headers, ...dialect.headers(key, route) };
      target = { endpoint, key, path, headers, withoutKey: createKeyRedactor(key) };
      targets.set(route, target);
    }
    return target;
  }

  function open(route: Route, setup: ConversationSetup): Conversation {
    const encoder = dialect.encoder(route, setup);
    const taken = new Set<string>();

    async function send(options: SendOptions): Promise<Answer> {
      const { endpoint, key, path, headers, withoutKey } = targetOf(route);
      let refused: string | undefined;
      for (;;) {
        const body = encoder.body(options.max_output, options.room);
        const sent = encoder.sent();
        const decoder = dialect.decoder(route, options, taken);
        let end: StreamEnd | undefined;
        try {
          end = await transport.streamPost({
            authority: endpoint.authority,
            path,
            headers,
            body,
            signal: options.signal,
            first_token_timeout_ms: options.first_token_timeout_ms,
            idle_timeout_ms: options.idle_timeout_ms,
            onBytes: options.onBytes,
            onEvent: decoder.event,
          });
          return withoutKey(answerOf(end, { decoder, encoder, sent, refused }));
        } catch (thrown) {
          const failure = { ...seenOf(end), ...asStreamFailure(thrown) };
          const whole = wholeAnswer(decoder, failure);
          if (whole !== undefined) return withoutKey(answerOf(whole, { decoder, encoder, sent, refused }));
          const partial = decoder.partial();
          const nothing = partial.text === '' && partial.reasoning === '';
          const { parameter } = failure;
          if (failure.class === 'unsupported_parameter' && parameter !== undefined && nothing) {
            if (refused === undefined && encoder.omit(parameter)) {
              refused = parameter;
              continue;
            }
          }
          throw providerFailure(
            failureOf(failure, { sent, partial: nothing ? undefined : partial, key, redact }),
            route,
          );
        }
      }
    }

    return {
      append(message) {
        if (message.role === 'assistant') for (const call of message.answer.tool_calls) taken.add(call.id);
        encoder.append(message);
      },
      send,
    };
  }

  return { open, [Symbol.asyncDispose]: async () => {} };
}

function refusal(parameter: string): string {
  return `The provider refused the parameter "${parameter}"; the request was repeated once without it.`;
}

const COMMON_HEADERS = {
  'content-type': 'application/json',
  accept: 'text/event-stream',
  'user-agent': 'yardmaster',
};

interface Target {
  readonly endpoint: Endpoint;
  readonly key: string | undefined;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly withoutKey: <T>(value: T) => T;
}

interface Finished {
  readonly decoder: Decoder;
  readonly encoder: Encoder;
  readonly sent: Sent;
  /** The parameter that was left out. */
  readonly refused: string | undefined;
}

function answerOf(
  end: Pick<StreamEnd, 'request_id' | 'first_token_ms'>,
  { decoder, encoder, sent, refused }: Finished,
): Answer {
  // The decoded answer is nobody else's: it is completed and not copied.
  const answer = boundedAnswer(decoder.answer()) as { -readonly [Field in keyof Answer]: Answer[Field] };
  answer.sent = sent;
  answer.first_token_ms = Math.round(end.first_token_ms * 100) / 100;
  if (end.request_id !== undefined) answer.request_id = end.request_id;
  answer.notes = [...answer.notes, ...(encoder.notes?.() ?? []), ...(refused === undefined ? [] : [refusal(refused)])];
  return answer;
}

/** A connection that breaks or falls silent after the last word takes nothing away from the answer. */
function wholeAnswer(
  decoder: Decoder,
  failure: StreamFailure,
): Pick<StreamEnd, 'request_id' | 'first_token_ms'> | undefined {
  if (failure.first_token_ms === undefined) return undefined;
  if (failure.class !== 'timeout_idle' && failure.class !== 'cut') return undefined;
  try {
    boundedAnswer(decoder.answer());
  } catch {
    return undefined;
  }
  const { request_id, first_token_ms } = failure;
  return request_id === undefined ? { first_token_ms } : { request_id, first_token_ms };
}

/** What a stream that ended properly, without a whole answer, adds to the failure. */
function seenOf(end: StreamEnd | undefined): Partial<StreamFailure> {
  if (end === undefined) return {};
  return { status: end.status, ...(end.request_id === undefined ? {} : { request_id: end.request_id }) };
}

export interface Circumstances {
  readonly sent: Sent;
  readonly partial: Failure['partial'];
  readonly key: string | undefined;
  readonly redact: (text: string) => string;
}

/** A failure as it may leave: with what was sent and what had arrived, without any secret. */
export function failureOf(failure: StreamFailure, { sent, partial, key, redact }: Circumstances): Failure {
  const { unsent, first_token_ms: _, upstream, ...seen } = failure;
  const whole: Failure = {
    ...seen,
    // A secret may straddle the cut, so the cut is made last.
    ...(upstream === undefined ? {} : { upstream: redact(upstream.slice(0, 4 * UPSTREAM_CHARS)) }),
    ...(unsent === true ? {} : { sent }),
    ...(partial === undefined ? {} : { partial }),
  };
  const clean = createKeyRedactor(key)(whole);
  return clean.upstream === undefined ? clean : { ...clean, upstream: clean.upstream.slice(0, UPSTREAM_CHARS) };
}
