import type { Env } from './config/files/config-paths.ts';
import type { LoadedConfig } from './config/load-config.ts';
import type { CallAnswer } from './core/answer.ts';
import type { DelegateArgs, Exactly, ResultOf } from './core/call/delegate-args.ts';
import type { PreflightContext } from './core/call/preflight.ts';
import type { DelegationStream, EventListener } from './core/events.ts';
import type { Explanation } from './core/explain.ts';
import type { ToolSpec } from './core/provider.ts';
import type { RecentHealth } from './core/recent-health.ts';
import type { DelegationResult } from './core/result.ts';
import type { Route, RouteRequest } from './core/route.ts';
import type { RouteHealth, Undecided } from './core/route-health.ts';
import type { ReplySpend, Session, SessionOptions, SessionSummary } from './core/session.ts';
import type { Store } from './core/store.ts';

/** Where a Yardmaster lives and what it reads. Everything left out comes from the machine it runs on. */
export interface YardmasterOptions {
  /** The folder that children work in and that project configuration is looked for from. Default: the process's. */
  readonly cwd?: string;
  /** Where keys and settings are read from. Default: the process's environment. */
  readonly env?: Env;
  /** Read only this configuration file. */
  readonly config_file?: string;
  /** A configuration as an object, instead of any file; the keys are those of docs/configuration.md. */
  readonly config?: object;
  /**
   * Where tasks, turns and results are kept. Default: the embedded SQLite file in the data folder, with a readable
   * transcript beside it. `memory`: nowhere else, and nothing is written to disk; they are gone with the process.
   * With a store of one's own nothing is written to disk either, and that store stays open.
   */
  readonly store?: Store | 'memory';
}

/** How one call is run; none of it is an argument that a model could give. */
export interface DelegateOptions {
  /** Stops every child; what they have by then is kept. Children in the background go on; a wait ends. */
  readonly signal?: AbortSignal;
  /** Hears what happens, of children in the background too. */
  readonly on?: EventListener;
  /** Which surface asks; default `library`. */
  readonly origin?: string;
  /** What whoever asks runs on, where that is known: its children's parent layer, instead of `model` of the configuration. */
  readonly parent?: RouteRequest;
}

/**
 * What every surface calls. Surfaces parse and render; nothing else decides or runs. Disposing stops every child that
 * runs here, in the foreground too, and ends queued ones; all have their results in the store before it closes.
 */
export interface Yardmaster extends AsyncDisposable {
  /**
   * Runs a call of `delegate_task` to its end. Arguments that were written down here are checked by the compiler, and
   * type the `output` of each result by the task's `output_schema`; a value of type `unknown` may have any accepted shape.
   * Throws a `DelegateError` with all issues when it is refused; then nothing was sent or stored.
   * What happens to a child is a result, not an error.
   */
  delegate<Args>(args: Args & Unread<Args>, options?: DelegateOptions): Promise<DelegationResult>;
  delegate<const Args extends DelegateArgs>(
    args: Args & Exactly<Args>,
    options?: DelegateOptions,
  ): Promise<ResultOf<Args>>;
  /** Starts what `delegate` runs, at once, and gives its events as they happen and its result. */
  stream<Args>(args: Args & Unread<Args>, options?: DelegateOptions): DelegationStream;
  stream<const Args extends DelegateArgs>(
    args: Args & Exactly<Args>,
    options?: DelegateOptions,
  ): DelegationStream<ResultOf<Args>>;
  /**
   * Answers any call of `delegate_task`: runs it as `delegate` does, gives a handle at once (`background`), explains it
   * (`dry_run`), or lists, shows, awaits, steers or stops children, whichever process runs them. Children in the
   * background run here. Throws as `delegate` does, and `NOT_FOUND` for an id nobody knows.
   */
  call(args: unknown, options?: DelegateOptions): Promise<CallAnswer>;
  /**
   * Results of background delegations that have ended and that nobody acknowledged, oldest first, of one surface
   * (`origin`) or all: also those of processes that are gone. They come again until they are acknowledged.
   */
  collect(options?: { readonly origin?: string }): Promise<readonly DelegationResult[]>;
  /** Resolves when no children in the background run here any more. */
  idle(): Promise<void>;
  /** Says that a delegation's results have arrived; true the first time only. */
  acknowledge(delegation_id: string): Promise<boolean>;
  /**
   * Starts a conversation with the parent agent, or goes on with a saved one. Throws a `DelegateError` when its route,
   * toolsets or saved session cannot be had; then nothing was sent or stored.
   */
  session(options?: SessionOptions): Promise<Session>;
  /** Saved sessions, the one used last first; of one folder (absolute), or all. */
  sessions(options?: { readonly cwd?: string }): Promise<readonly SessionSummary[]>;
  /** What `delegate` would do with the same arguments; sends nothing. Refusals throw as `delegate`'s do. */
  explain<Args>(args: Args & Unread<Args>): Explanation;
  explain<const Args extends DelegateArgs>(args: Args & Exactly<Args>): Explanation;
  /**
   * `delegate_task` as a calling model is shown it, for calls that are waited for: name, description and JSON Schema. The
   * same bytes for the same configuration, catalog and keys. `parent`: as for `delegate`.
   */
  definition(options?: Pick<DelegateOptions, 'parent'>): ToolSpec;
  /** @internal What calls are decided by: the catalog as it holds here, the routing rules, the limits. Built on first use. */
  decisions(): PreflightContext;
  /** Tasks, journal and results. Opened on first use. */
  store(): Promise<Store>;
  /**
   * Ends tasks whose process died (their lease ran out) as `lost`, each with a result of what its journal has.
   * Gives their ids. Whoever reads tasks calls this first, so that none seems to run that does not.
   */
  recover(): Promise<readonly string[]>;
  /**
   * Asks one cheap question over every configured route, side by side, and tells what came of each. It costs a few
   * tokens a route, which are told. Each is waited for at most 30 seconds, or `first_token_timeout_seconds` if less.
   */
  probe(options?: { readonly signal?: AbortSignal; readonly on?: (health: RouteHealth) => void }): Promise<{
    readonly routes: readonly RouteHealth[];
    readonly undecided: readonly Undecided[];
    readonly skipped: readonly Undecided[];
  }>;
  /**
   * @internal How models have fared in the last day, and what their providers asked this process to wait. Sends nothing.
   */
  recentHealth(): Promise<(route: Route) => RecentHealth>;
  /** What parent agents used in saved sessions, reply by reply, since a moment (ms since the epoch). Children's are tasks. */
  spentInSessions(since: number): Promise<readonly ReplySpend[]>;
  /** What was spent of the daily budget since midnight UTC, and is set aside, in USD; undefined = there is no such budget. */
  spentToday(): Promise<{ readonly used: number; readonly held: number; readonly limit: number } | undefined>;
  /**
   * Removes delegations whose last task ended more than `keep_days` ago (default: `history.keep_days`), with their
   * journals, transcripts and texts. Tells which tasks went. Throws `REQUEST_INVALID` when no number of days is known.
   */
  prune(options?: {
    readonly keep_days?: number;
  }): Promise<readonly { readonly id: string; readonly delegation_id: string }[]>;
  /** @internal The configuration in force, with where each value stands. */
  readonly config: LoadedConfig;
}

/** Only a value nobody has looked at; what has a type is checked against `DelegateArgs`. */
type Unread<Args> = unknown extends Args ? unknown : never;
