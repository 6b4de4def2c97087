import type { Effort } from './effort.ts';

/** The layers that can ask for a route, nearest first. This array is the precedence. */
export const LAYERS = ['task', 'call', 'config', 'parent'] as const;
/** Who can ask for a route, nearest first: the nearest that speaks for a field decides it. */
export type Layer = (typeof LAYERS)[number];

/**
 * What somebody asked for at one layer, as written. An absent field says nothing:
 * it never means "the default" by itself.
 */
export interface RouteRequest {
  readonly model?: string;
  readonly provider?: string;
  readonly reasoning_effort?: string;
  /** The name of a route in config `routes`. */
  readonly route?: string;
}

/**
 * Where a field of a route came from: the layer that spoke for it; or, where no layer spoke,
 * the catalog search that found it, the alias that carried it, or the provider's own default.
 */
export type Source = Layer | 'catalog' | 'alias' | 'provider';

/** Where each field of a route came from. */
export interface RouteSource {
  readonly provider: Source;
  readonly model: Source;
  /** Absent when no effort was asked for. */
  readonly reasoning_effort?: Source;
}

/** The dialect spoken to a provider. `ai-sdk` goes through an AI SDK provider package. */
export const WIRES = ['openai-chat', 'openai-responses', 'anthropic-messages', 'ai-sdk'] as const;
/** The dialect spoken to a provider. */
export type Wire = (typeof WIRES)[number];

/**
 * How to find a key, never the key. It belongs to exactly one authority:
 * the adapter refuses to send it anywhere else.
 */
export type CredentialRef =
  | { readonly kind: 'env'; readonly name: string; readonly authority: string }
  /** `api_key:` of the provider's entry in config; may be a `${VAR}` reference. */
  | { readonly kind: 'config'; readonly provider: string; readonly authority: string }
  /** `auth: none`: a server without keys. */
  | { readonly kind: 'none'; readonly authority: string };

/** USD per million tokens. A kind that is absent has no known price (which is not zero). */
export interface Price {
  readonly in?: number;
  readonly out?: number;
  readonly cache_read?: number;
  readonly cache_write?: number;
  /** Prices that hold from `above` input tokens of one request upwards, ascending. */
  readonly tiers?: readonly (Price & { readonly above: number })[];
}

/** What an account bears at a provider; an absent kind is unlimited. */
export interface RateLimits {
  readonly max_in_flight?: number;
  /** Requests, and tokens, that may start within any 60 seconds. */
  readonly rpm?: number;
  readonly tpm?: number;
}

/**
 * What was decided for one child. One atomic bundle: every field comes from the same provider
 * entry and the same model entry; no field is ever replaced by one of another route.
 */
export interface Route extends RateLimits {
  readonly provider: string;
  readonly model: string;
  readonly wire: Wire;
  readonly base_url: string;
  /** `scheme://host:port` of `base_url`: the only place the credential may go. */
  readonly authority: string;
  readonly credential: CredentialRef;
  /** Static extra headers of the provider's entry in config. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The npm package of an `ai-sdk` provider. */
  readonly package?: string;
  /** After clamping to what the model takes; absent = nothing about effort on the wire. */
  readonly reasoning_effort?: Effort;
  /** How this model wants effort written; absent = the wire's plain form. See `EffortDialect`. */
  readonly effort_dialect?: import('./effort.ts').EffortDialect;
  /** The endpoint's own word for `reasoning_effort` where it differs (`ModelEntry.effort_words`). */
  readonly effort_word?: string;
  /** By the catalog or config: false = the model takes no reasoning parameters at all; absent = unknown. */
  readonly reasons?: boolean;
  /** Tokens. Absent = unknown. */
  readonly context?: number;
  readonly max_output?: number;
  readonly price?: Price;
  /** Abilities by the catalog or config; absent = unknown (allowed). */
  readonly tools?: boolean;
  readonly vision?: boolean;
  /** Ids the provider reports for this model although they differ from `model`. */
  readonly served_as?: readonly string[];
  /** Set for a model that stands for others (`openrouter/auto`): whatever serves is a match. */
  readonly router?: true;
  /** Answers come from a scripted server, not a model. Every surface says so. */
  readonly simulated?: true;
  readonly tags?: readonly string[];
  /** The named route it came from. */
  readonly name?: string;
  /** Tried in order, only for the error classes that allow it. Empty = no fallback. */
  readonly fallback: readonly Route[];
}

/** From one route of the chain to the next, as `provider/model`. */
export interface Hop {
  readonly from: string;
  readonly to: string;
  readonly because: string;
}

/** Proof for one child: requested → resolved → sent → served. */
export interface Receipt {
  /** Verbatim, one entry a layer that spoke. */
  readonly requested: Partial<Readonly<Record<Layer, RouteRequest>>>;
  /** What was decided before it started; no hop changes it. */
  readonly resolved: ReceiptRoute;
  readonly source: RouteSource;
  /** The route of the last request that left, which `sent` and `served` speak of; absent = `resolved`. */
  readonly ran_on?: ReceiptRoute;
  /** What left in the last request; absent when no request left. */
  readonly sent?: Sent;
  /** Answers of the route it ran on, each held to that route; a mismatch anywhere before stays. */
  readonly served: {
    /** As the provider's own answer named it; absent when it named none. */
    readonly model?: string;
    readonly verified: Verdict;
    readonly request_ids: readonly string[];
  };
  readonly hops: readonly Hop[];
  readonly notes: readonly string[];
}

/** A route as a receipt names it. */
export interface ReceiptRoute {
  readonly provider: string;
  readonly model: string;
  readonly wire: Wire;
  readonly authority: string;
  readonly reasoning_effort?: Effort;
  readonly name?: string;
  readonly simulated?: true;
}

/** `reasoning` is the fragment of the body that carried the effort, as sent; null = none was sent. */
export interface Sent {
  readonly model: string;
  readonly reasoning: unknown;
}

/** `unreported`: an answer came but named no model, or no answer came. */
export type Verdict = 'match' | 'mismatch' | 'unreported';

/** `provider/model`, the way a route is written for people. */
export function routeLabel(route: { readonly provider: string; readonly model: string }): string {
  return `${route.provider}/${route.model}`;
}
