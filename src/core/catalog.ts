import type { Effort, EffortDialect } from './effort.ts';
import type { CredentialRef, Price, RateLimits, Wire } from './route.ts';

/** One model as one provider offers it. Absent facts are unknown, never false or zero. */
export interface ModelEntry {
  readonly id: string;
  readonly name?: string;
  /** Tokens. */
  readonly context?: number;
  readonly max_output?: number;
  readonly price?: Price;
  /** Levels the model takes, weakest first; `[]` = takes none; absent = unknown (passed as asked). */
  readonly reasoning?: readonly Effort[];
  /** Wire words for levels where the endpoint's word differs (`{ xhigh: 'max' }`). */
  readonly effort_words?: Partial<Readonly<Record<Effort, string>>>;
  readonly effort_dialect?: EffortDialect;
  readonly tools?: boolean;
  readonly vision?: boolean;
  /** ISO date (`2026-08-01`). */
  readonly released?: string;
  /** Where this model's endpoint differs from its provider's. */
  readonly wire?: Wire;
  readonly base_url?: string;
  readonly served_as?: readonly string[];
  readonly router?: true;
  readonly tags?: readonly string[];
}

/**
 * One provider as it can be used here: the catalog's entry with config's on top.
 * Everything of a route except the model's own facts comes from one of these.
 */
export interface ProviderEntry extends RateLimits {
  /** Canonical id, lower case; `custom:<name>` is folded to `<name>`. */
  readonly id: string;
  readonly name?: string;
  readonly wire: Wire;
  readonly base_url: string;
  readonly credential: CredentialRef;
  /** Names of environment variables that could hold its key, for messages. */
  readonly key_env: readonly string[];
  /** A usable credential is present (or none is needed). Presence only: never the key. */
  readonly usable: boolean;
  /** `closed`: the list is complete, an unlisted id is an error. `open`: unlisted ids pass with a note. */
  readonly listing: 'closed' | 'open';
  readonly models: ReadonlyMap<string, ModelEntry>;
  readonly default_model?: string;
  /** The family whose newest model is the default, for model vendors (`anthropic` → `sonnet`). */
  readonly default_family?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly package?: string;
  readonly tags?: readonly string[];
  readonly simulated?: true;
  /** It stands in the user's configuration (named first in suggestions). */
  readonly configured: boolean;
}

/** Every provider and model that can be named here: the dated snapshot of the package with what the configuration adds. */
export interface Catalog {
  /** By canonical id. */
  readonly providers: ReadonlyMap<string, ProviderEntry>;
  /** Other names of providers → canonical id (`gemini` → `google`). Keys are lower case. */
  readonly provider_aliases: ReadonlyMap<string, string>;
  /**
   * Family alias → the name tokens a model id must start with, and the vendor prefix it may carry
   * (`sonnet` → tokens [`claude`, `sonnet`]). Data of the catalog, so that no code names a model.
   */
  readonly families: ReadonlyMap<string, ModelFamily>;
  /** The day the snapshot was made, ISO. */
  readonly as_of: string;
}

/** What a bare name such as `sonnet` stands for: the newest model of a provider whose id fits. */
export interface ModelFamily {
  /** Every one of these tokens is in the id, in any order (`["claude", "sonnet"]`). */
  readonly tokens: readonly string[];
  /** None of these tokens is in the id: variants that the bare name does not mean (`mini`, `batch`). Absent = none. */
  readonly without?: readonly string[];
  /** Canonical ids of the vendors whose own models these are; used to break ties, never to choose a provider. */
  readonly vendors: readonly string[];
}
