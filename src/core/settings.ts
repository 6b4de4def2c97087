import type { ErrorClass } from './provider.ts';
import type { RouteRequest } from './route.ts';
import type { Budget } from './task.ts';

/** Limits of a delegation, with the names they have in config and docs/delegation.md. Seconds where the name says so. */
export interface Limits {
  readonly max_concurrent_children: number;
  readonly max_children_per_call: number;
  readonly max_spawn_depth: number;
  readonly max_descendants: number;
  readonly max_turns: number;
  readonly first_token_timeout_seconds: number;
  readonly idle_timeout_seconds: number;
  readonly tool_timeout_seconds: number;
  readonly timeout_seconds?: number;
  readonly max_summary_chars: number;
}

/** Defaults and their reasons stand in docs/delegation.md, "Limits". */
export const DEFAULT_LIMITS: Limits = {
  max_concurrent_children: 10,
  max_children_per_call: 100,
  max_spawn_depth: 1,
  max_descendants: 200,
  max_turns: 250,
  first_token_timeout_seconds: 120,
  idle_timeout_seconds: 300,
  tool_timeout_seconds: 600,
  max_summary_chars: 24_000,
};

/** A fallback entry as configured: a whole route request of its own. */
export type FallbackRequest = RouteRequest;

export interface NamedRoute extends RouteRequest {
  readonly provider: string;
  readonly model: string;
  readonly description?: string;
  readonly fallback?: readonly FallbackRequest[];
  readonly tags?: readonly string[];
}

/** The operator's word on what callers may choose. */
export interface RoutingPolicy {
  readonly selection: 'open' | 'routes' | 'off';
  /** Patterns `provider/model` with `*`, or `tag:<name>`. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** USD per million output tokens. A model without a known price is refused when it is set. */
  readonly max_price?: number;
  readonly above_parent_price: 'allow' | 'ask' | 'deny';
  readonly effort_policy: 'clamp' | 'strict';
}

/** Everything of config that routing needs, already validated. */
export interface RoutingSettings {
  /** The parent agent's own route request (`model:`), if any. */
  readonly parent?: RouteRequest;
  /** `delegation.model / provider / reasoning_effort / route`. */
  readonly delegation: RouteRequest;
  /** `delegation.fallback`, for children that pinned nothing. */
  readonly fallback: readonly FallbackRequest[];
  /** User aliases: name → `provider/model` or a model id. Keys are lower case. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly routes: ReadonlyMap<string, NamedRoute>;
  readonly policy: RoutingPolicy;
}

/** What config says of an agent that uses Yardmaster as an MCP server. */
export interface HostSettings {
  /** How long a call is waited for before it becomes a handle. */
  readonly wait_seconds?: number;
  /** What the host itself runs on. */
  readonly parent?: RouteRequest;
}

/** How commands of children are kept apart from the rest of the machine (docs/security.md). */
export interface SandboxSettings {
  readonly kind: 'none' | 'bubblewrap' | 'docker';
  /** Whether commands reach the network. Of no meaning with `none`, which keeps nothing apart. */
  readonly network: boolean;
  /** For `docker`. */
  readonly image?: string;
  /** Absolute paths that commands may read besides, such as toolchains in a home folder. */
  readonly read_only: readonly string[];
}

/** Everything of config that running needs. */
export interface DelegationSettings {
  readonly limits: Limits;
  readonly on_mismatch: 'fail' | 'warn';
  /** Ceiling for children. */
  readonly toolsets: readonly string[];
  /** Per root call. */
  readonly budget: Budget;
  /** USD of a UTC day, over all calls of all processes of this store; absent = unlimited. */
  readonly daily_usd?: number;
  /** Failures after which a child goes on along its route's chain. */
  readonly fallback_on: readonly ErrorClass[];
}
