import type { Effort, EffortDialect } from '../../core/effort.ts';
import type { ErrorClass } from '../../core/provider.ts';
import type { Price, Wire } from '../../core/route.ts';
import type { Limits, RoutingPolicy, SandboxSettings } from '../../core/settings.ts';
import type { Budget } from '../../core/task.ts';

/** What a configuration file may say. Every key is optional; docs/configuration.md has them all in one table. */
export interface ConfigFile {
  /** The parent agent: `anthropic/sonnet`, or its parts. */
  readonly model?: RouteConfig;
  readonly providers?: Readonly<Record<string, ProviderConfig>>;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly routes?: Readonly<Record<string, NamedRouteConfig>>;
  readonly delegation?: DelegationConfig;
  readonly budgets?: BudgetsConfig;
  /** The parent agent's own toolsets. */
  readonly toolsets?: readonly string[];
  readonly mcp_servers?: Readonly<Record<string, McpServerConfig>>;
  readonly web?: WebConfig;
  readonly profiles?: Readonly<Record<string, ProfileConfig>>;
  /** Agents that use Yardmaster as an MCP server, by the name they give themselves. */
  readonly hosts?: Readonly<Record<string, HostConfig>>;
  readonly store?: StoreConfig;
  readonly history?: HistoryConfig;
}

/** A route request as a file writes it. `reasoning_effort: false` means `none`. */
export interface RouteFields {
  readonly model?: string;
  readonly provider?: string;
  readonly reasoning_effort?: Effort | false;
  readonly route?: string;
}

/** `provider/model` or a model's name, or the fields. */
export type RouteConfig = string | RouteFields;

export interface NamedRouteConfig {
  readonly provider: string;
  readonly model: string;
  readonly reasoning_effort?: Effort | false;
  readonly description?: string;
  readonly fallback?: readonly RouteConfig[];
  readonly tags?: readonly string[];
}

export interface ProviderConfig {
  readonly name?: string;
  readonly base_url?: string;
  readonly wire?: Wire;
  /** One variable, or several in the order they are looked up. */
  readonly key_env?: string | readonly string[];
  readonly api_key?: string;
  readonly auth?: 'none';
  readonly headers?: Readonly<Record<string, string>>;
  /** `open`: ids that nobody lists are taken too. */
  readonly models?: 'open' | readonly (string | ModelConfig)[];
  readonly default_model?: string;
  readonly max_in_flight?: number;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly tags?: readonly string[];
  /** The npm package of an `ai-sdk` provider. */
  readonly package?: string;
  /** A scripted server, not a model: every surface marks its answers. */
  readonly simulated?: boolean;
}

export interface ModelConfig {
  readonly id: string;
  readonly name?: string;
  readonly context?: number;
  readonly max_output?: number;
  readonly price?: Price;
  readonly reasoning?: readonly Effort[];
  readonly effort_words?: Partial<Readonly<Record<Effort, string>>>;
  readonly effort_dialect?: EffortDialect;
  readonly tools?: boolean;
  readonly vision?: boolean;
  readonly released?: string;
  readonly served_as?: readonly string[];
  readonly router?: boolean;
  readonly tags?: readonly string[];
}

export interface DelegationConfig
  extends RouteFields,
    Partial<Limits>,
    Partial<Pick<RoutingPolicy, 'selection' | 'allow' | 'deny' | 'above_parent_price' | 'effort_policy'>> {
  /** USD per million output tokens. */
  readonly max_price?: number;
  readonly on_mismatch?: 'fail' | 'warn';
  readonly toolsets?: readonly string[];
  readonly sandbox?: SandboxConfig;
  readonly budget?: Budget;
  readonly fallback?: readonly RouteConfig[];
  readonly fallback_on?: readonly ErrorClass[];
}

/** A kind alone, or with what goes with it. */
export type SandboxConfig = SandboxSettings['kind'] | SandboxFields;

export interface SandboxFields extends Partial<Omit<SandboxSettings, 'kind'>> {
  readonly kind: SandboxSettings['kind'];
}

export interface BudgetsConfig {
  readonly daily_usd?: number;
}

/** Either a program (`command`, `env`, `cwd`) or an address (`url`, `headers`). */
export interface McpServerConfig {
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tools?: readonly string[];
}

export interface WebConfig {
  readonly allow_hosts?: readonly string[];
}

export interface ProfileConfig {
  readonly prompt_file?: string;
  readonly toolsets?: readonly string[];
  readonly route?: string;
}

export interface HostConfig {
  /** How long a call is waited for before it becomes a handle. */
  readonly wait_seconds?: number;
  /** The route of the host itself. */
  readonly parent?: RouteConfig;
}

export interface StoreConfig {
  /** Absent = the embedded SQLite file in the data folder. */
  readonly url?: string;
}

export interface HistoryConfig {
  readonly keep_days?: number;
}
