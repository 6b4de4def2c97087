import type { ErrorCode } from './errors.ts';
import type { Route, Sent } from './route.ts';
import type { Json } from './task.ts';

/** Tokens of one or more requests. `input` counts all input, cached or not; `output` counts reasoning too. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write: number;
  readonly reasoning: number;
}

/** A tool as a model is shown it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object. */
  readonly parameters: { readonly [key: string]: Json };
}

/** What a model asks a tool for. */
export interface ToolCall {
  /** Unique within the conversation; made up by the adapter when the provider sent none. */
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them; parsing is the engine's (bad JSON is a tool error, not a crash). */
  readonly arguments: string;
  /** What this provider needs to see again on replay (thought signatures and the like). Opaque. */
  readonly extra?: Json;
}

/** What a model is told of its call, under the same `id`. */
export interface ToolResult {
  readonly id: string;
  readonly name: string;
  readonly content: string;
  readonly is_error: boolean;
}

/** A picture for a model with vision. */
export interface Image {
  readonly media_type: string;
  /** base64 without a prefix, or an http(s) URL. */
  readonly data: string;
  readonly kind: 'base64' | 'url';
}

/** One step of a conversation, whatever the wire. */
export type Message =
  | { readonly role: 'user'; readonly text: string; readonly images?: readonly Image[] }
  | { readonly role: 'assistant'; readonly answer: Answer }
  | { readonly role: 'tool'; readonly results: readonly ToolResult[] };

/** Why the model stopped. `length`: cut at the output limit. `refusal`: the provider withheld content. */
export type StopReason = 'end' | 'tool_calls' | 'length' | 'refusal' | 'other';

/** One finished answer of a model. It exists only when the stream ended properly. */
export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  readonly tool_calls: readonly ToolCall[];
  readonly stop: StopReason;
  /** Absent = the provider reported none: unknown, not zero. */
  readonly usage?: Usage;
  /** As the response named it; absent = it named none. Never from what the model says of itself. */
  readonly served_model?: string;
  readonly request_id?: string;
  readonly sent: Sent;
  /** What this wire needs replayed besides text and calls (thinking blocks with signatures, reasoning items). */
  readonly replay?: Json;
  readonly first_token_ms: number;
  /** Notes for the receipt, such as a parameter that was stripped and the request repeated once. */
  readonly notes: readonly string[];
}

/**
 * The class of a failed request, from status and structured code (never from matching prose).
 * The table of recorded bodies in docs/errors.md is the reference.
 */
export const ERROR_CLASSES = [
  'auth',
  'permission',
  'quota',
  'rate_limit',
  'overloaded',
  'unavailable',
  'timeout_first_token',
  'timeout_idle',
  'network',
  'cut',
  'protocol',
  'redirect',
  'model_not_found',
  'context_overflow',
  'too_large',
  'unsupported_parameter',
  'bad_request',
  'content_refusal',
  'cancelled',
  'unknown',
] as const;
/** What kind of failure a request had, by status and structured code: what decides whether it is tried again, goes on along the fallback chain, or ends the child (docs/errors.md). */
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/**
 * What a failed request leaves. Adapters throw a `DelegateError` whose `data` is this
 * (made by `providerFailure`); the engine reads nothing else of it.
 */
export interface Failure {
  readonly class: ErrorClass;
  readonly status?: number;
  /** The provider's own body or event, redacted, at most 4,000 characters. */
  readonly upstream?: string;
  /** From `Retry-After` (seconds or date) or the body's own field. */
  readonly retry_after_ms?: number;
  readonly request_id?: string;
  /** What arrived before the failure; kept as partial work. */
  readonly partial?: { readonly text: string; readonly reasoning: string };
  /** What left, if anything did. */
  readonly sent?: Sent;
  /** A structured code named this request parameter as not supported. */
  readonly parameter?: string;
}
export const PROVIDER_FAILED: ErrorCode = 'PROVIDER_FAILED';

/** Called synchronously while bytes arrive. It must not throw and should do next to nothing. */
export interface TurnListener {
  /** Any byte of the response body: the sign of life that idle limits count. */
  readonly onBytes?: (count: number) => void;
  readonly onText?: (delta: string) => void;
  readonly onReasoning?: (delta: string) => void;
}

export interface SendOptions extends TurnListener {
  readonly signal: AbortSignal;
  readonly first_token_timeout_ms: number;
  readonly idle_timeout_ms: number;
  /** Output cap of this request; absent = the wire's own choice (where the wire demands one: the model's limit). */
  readonly max_output?: number;
  /** Tokens that the window has left for the answer, where that is less than the model may write: a wire that demands a cap states no more. */
  readonly room?: number;
}

/**
 * One child's conversation with one route. Each message is encoded once, when it is appended:
 * a turn costs what it adds, not what the history holds.
 *
 * Contract: one `send` at a time; `send` does not append its own answer (the engine journals it first,
 * then appends it); a conversation holds no socket or timer between sends.
 */
export interface Conversation {
  append(message: Message): void;
  /** Resolves with a whole answer, or throws a `DelegateError` with a `Failure` as its data. Never retries. */
  send(options: SendOptions): Promise<Answer>;
}

export interface ConversationSetup {
  readonly system: string;
  readonly tools: readonly ToolSpec[];
  /** Stable for siblings of one delegation: providers that take a cache key get it. */
  readonly cache_key?: string;
}

/**
 * The Provider port: one implementation a wire.
 *
 * Contract: the key is looked up at request time through `CredentialRef` and leaves only to the route's
 * authority; a redirect to another authority is refused; nothing thrown, logged or returned holds a key.
 */
export interface Provider extends AsyncDisposable {
  open(route: Route, setup: ConversationSetup): Conversation;
}

/** Gives the provider adapter for a route's wire, loading it on first use. */
export type ProviderFor = (route: Route) => Promise<Provider>;
