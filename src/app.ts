import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildCatalog } from './config/catalog/build-catalog.ts';
import { checkAgainstCatalog } from './config/catalog/check-against-catalog.ts';
import { loadSnapshot } from './config/catalog/load-catalog.ts';
import { createCredentials } from './config/credentials.ts';
import type { Env } from './config/files/config-paths.ts';
import { makeFolder } from './config/files/make-folder.ts';
import { isTrusted } from './config/files/trust.ts';
import { type LoadedConfig, loadConfig } from './config/load-config.ts';
import { mcpServersOf } from './config/mcp-servers.ts';
import type { CallAnswer } from './core/answer.ts';
import { contextUnder, delegatingTask, PARENT_TASK, withDepth } from './core/call/context-under.ts';
import type { DelegateArgs, Exactly, ResultOf } from './core/call/delegate-args.ts';
import { type PlannedCall, planCall } from './core/call/plan-call.ts';
import type { PreflightContext } from './core/call/preflight.ts';
import { parentToolsets } from './core/call/resolve-parent.ts';
import { type Teaching, teachDelegation } from './core/call/teach-delegation.ts';
import { DelegateError } from './core/errors.ts';
import type { DelegationStream, EventListener } from './core/events.ts';
import { type Explanation, explainCall } from './core/explain.ts';
import { createMemoryPermissions, type Permissions } from './core/permissions.ts';
import type { ToolSpec } from './core/provider.ts';
import type { RecentHealth } from './core/recent-health.ts';
import { createResolver } from './core/resolve-route.ts';
import type { DelegationResult } from './core/result.ts';
import type { Route, RouteRequest } from './core/route.ts';
import { probeTargets, type RouteHealth, type Undecided } from './core/route-health.ts';
import type { ReplySpend, Session, SessionOptions, SessionSummary } from './core/session.ts';
import type { SessionLogs } from './core/session-log.ts';
import type { Store, TaskRecord } from './core/store.ts';
import type { ControlCall } from './core/task.ts';
import { createDeltaFilter, createRedactor, createSecretFilter, redactError } from './core/text/redact.ts';
import type { Transcripts } from './core/transcript.ts';
import type { Started } from './engine/delegate.ts';
import type { EngineDeps } from './engine/deps.ts';
import { streamDelegation } from './engine/stream-delegation.ts';
import type { KeyFor } from './providers/http/endpoint.ts';
import { createProviders } from './providers/provider-for.ts';

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

/** For models that get results as the answer to each call, and have no other tool of ours. */
const WAITED_FOR: Teaching = {
  finding: '"dry_run" says what a call would do and cost',
  elsewhere: 'name one as provider/model',
  afterwards: 'Results come back with a receipt each: which model was asked for, which one served, cost.',
  waits: true,
};

const DAY_MS = 86_400_000;
/** So many of the newest tasks tell how routes fare. */
const HEALTH_TASKS = 200;

/** The longest that `probe` waits for a route. */
const PROBE_SECONDS = 30;

/** Toolsets that exist in this version. */
const TOOLSETS = ['read', 'write', 'terminal', 'web', 'delegation'];

/**
 * Wires everything together. Reads the configuration (and throws `CONFIG_INVALID` for all that is wrong with it);
 * opens no store, socket or catalog until a call needs one.
 */
export async function createYardmaster(options: YardmasterOptions = {}): Promise<Yardmaster> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const env = options.env ?? process.env;
  const config = await loadConfig({
    cwd,
    env,
    ...(options.config_file === undefined ? {} : { file: options.config_file }),
    ...(options.config === undefined ? {} : { given: options.config }),
  });
  const snapshot = once(() => loadSnapshot(config.paths));
  const credentials = once(() => createCredentials({ env, snapshot: snapshot(), providers: config.providers }));
  const mcp = once(() => mcpServersOf(config.config, { env, cwd }));
  const secrets = once(() => [...credentials().secrets(), ...mcp().secrets]);
  const redactor = once(() => createRedactor(secrets()));
  const secretFilter = once(() => createSecretFilter(secrets()));
  const redact = (text: string): string => redactor()(text);
  const keyFor: KeyFor = (ref, authority) => credentials().key(ref, authority);
  const trusted = isTrusted(cwd, config.paths);
  // Loading a package runs it: a folder's own packages need the same trust as its settings.
  const package_roots = trusted ? [cwd] : [];
  const providers = createProviders({ keyFor, redact, package_roots });

  const decisions = once((): PreflightContext => {
    const { where } = config;
    const catalog = buildCatalog({ snapshot: snapshot(), providers: config.providers, env, where });
    checkAgainstCatalog(config, catalog);
    return {
      resolver: createResolver(catalog, config.routing),
      limits: config.delegation.limits,
      settings: config.delegation,
      routing: config.routing,
      toolsets: withDepth(
        [...TOOLSETS, ...mcp().servers.map(({ name }) => `mcp:${name}`)].filter((name) =>
          config.toolsets.includes(name),
        ),
        { depth: 0, max_spawn_depth: config.delegation.limits.max_spawn_depth },
      ),
      holdsKey: (text) => secretFilter()(text) !== text,
    };
  });
  const given = options.store === 'memory' ? undefined : options.store;
  const store = once(async () => {
    if (options.store === 'memory') return (await import('./store/memory-store.ts')).createMemoryStore();
    return given ?? openStore(config);
  });
  const outside = once(async () => {
    const { createOutside } = await import('./tools/files/outside.ts');
    const { allow_hosts } = config.config.web;
    const filter = secretFilter();
    return createOutside({ allow_hosts, servers: mcp().servers, env: { ...process.env, ...env }, filter, redact });
  });
  const loadDelegate = once(() => import('./engine/delegate.ts'));
  const engine = once(async (): Promise<EngineDeps> => {
    const [{ createProcessDeps }, { createToolsFor }, beyond, opened, transcripts] = await Promise.all([
      import('./engine/process-deps.ts'),
      import('./tools/tools-for.ts'),
      outside(),
      store(),
      options.store === undefined ? openTranscripts(config, redact) : undefined,
    ]);
    const filter = secretFilter();
    return {
      ...createProcessDeps(newId('p'), { store: opened, clock, settings: config.delegation }),
      decisions,
      providerFor: providers.providerFor,
      toolsFor: createToolsFor({
        env: { ...process.env, ...env },
        sandbox: config.sandbox,
        worktrees: config.paths.worktrees,
        tool_timeout_seconds: config.delegation.limits.tool_timeout_seconds,
        filter,
        keep: async (name, text) => transcripts?.saveFull(name, text),
        outside: beyond,
      }),
      worktreeOf: async (task_id) =>
        (await import('./tools/worktree/worktree-of.ts')).worktreeOf(config.paths.worktrees, task_id),
      newId,
      redact,
      filter,
      filterDeltas: createDeltaFilter(secrets()),
      ...(transcripts === undefined ? {} : { transcripts }),
      validateOutput: async (schema, value) =>
        (await import('./tools/validate-output.ts')).validateOutput(schema, value),
      loadImage: async (ref, workspace) => (await import('./tools/files/load-image.ts')).loadImage(ref, workspace),
    };
  });

  const parent = once(async (): Promise<TaskRecord | undefined> => {
    const id = env[PARENT_TASK];
    if (id === undefined || id === '') return undefined;
    const { findParent } = await import('./engine/find-parent.ts');
    return findParent(id, await store());
  });
  /** A refusal quotes what was asked, and that may hold a key. */
  const refusingInPrivate = <T>(decide: () => T): T => {
    try {
      return decide();
    } catch (error) {
      throw error instanceof DelegateError ? redactError(error, redact) : error;
    }
  };
  const planOrRefuse = (args: unknown, context: PreflightContext): PlannedCall =>
    refusingInPrivate(() => planCall(args, context));
  /** What a call is decided by, and whose it is. */
  const plan = async (args: unknown, asker?: RouteRequest): Promise<PlannedCall & Asking> => {
    const above = await parent();
    const context =
      above === undefined
        ? withParent(decisions(), asker)
        : contextUnder(decisions(), delegatingTask(above, decisions()));
    return { ...planOrRefuse(args, context), context, above };
  };
  const recover = async (): Promise<readonly string[]> => {
    const gone = await (await store()).expired();
    if (gone.length === 0) return [];
    const [{ loseTasks }, deps] = await Promise.all([import('./engine/lose-tasks.ts'), engine()]);
    return loseTasks(gone, deps);
  };
  const instructions = async (): Promise<string | undefined> =>
    (await import('./tools/read-instructions.ts')).readInstructions(cwd, { trusted });
  /** Those of a process that writes nothing to disk are gone with it. */
  const sessionLogs = once(async (): Promise<SessionLogs> => {
    const ids = { newId: () => newId('s'), now: Date.now };
    if (options.store !== undefined) return (await import('./store/memory-sessions.ts')).createMemorySessions(ids);
    const { createSessionFiles } = await import('./store/session-files.ts');
    return createSessionFiles({ folder: config.paths.sessions, makeFolder, redact, ...ids });
  });
  const permissions = once(async (): Promise<Permissions> => {
    if (options.store !== undefined) return createMemoryPermissions();
    return (await import('./config/files/permissions-file.ts')).createPermissions(config.paths.permissions_file, cwd);
  });
  const sessions = new Set<Session>();
  /** All delegations that were started here, until they have ended. */
  const running = new Set<Promise<Started>>();
  const disposing = new AbortController();
  /** Those in the background, by id. */
  const background = new Map<string, Promise<unknown>>();

  const startNow = async (
    { call, tasks, context, above }: Extract<PlannedCall, { tasks: unknown }> & Asking,
    { signal, on, origin = 'library' }: DelegateOptions,
  ): Promise<Started> => {
    // Adapters load while the store opens. One that cannot be loaded is refused before anything is stored.
    if (!engine.started) for (const { route } of tasks) providers.providerFor(route).catch(() => {});
    const [{ startDelegation }, deps, rules] = await Promise.all([loadDelegate(), engine(), instructions()]);
    const parent_route = above?.route ?? context.resolver.parent;
    const stop = call.background ? disposing.signal : (signal ?? disposing.signal);
    // One signal may stop many calls: Node would take that for a leak.
    setMaxListeners(0, stop);
    return startDelegation(tasks, deps, {
      workspace: cwd,
      toolsets: context.toolsets,
      origin,
      background: call.background,
      ...(rules === undefined ? {} : { instructions: deps.filter(rules) }),
      ...(call.budget === undefined ? {} : { budget: call.budget }),
      ...(parent_route === undefined ? {} : { parent_route }),
      ...(above && {
        parent: {
          task_id: above.id,
          root_id: above.root_id,
          depth: above.depth + 1,
          ...(above.budget && { budget: above.budget }),
        },
      }),
      signal: stop,
      ...(on === undefined ? {} : { on }),
    });
  };

  const start: typeof startNow = (planned, options) => {
    if (disposing.signal.aborted) throw new DelegateError('CANCELLED', 'It was disposed; nothing was started.');
    const started = startNow(planned, options);
    const over = (): void => void running.delete(started);
    running.add(started);
    started.then(({ done }) => done).then(over, over);
    return started;
  };

  const answer = async (planned: PlannedCall & Asking, options: DelegateOptions): Promise<CallAnswer> => {
    if (!('tasks' in planned)) {
      const [{ control }, deps] = await Promise.all([import('./engine/control.ts'), engine()]);
      return control(planned.call, deps, options.signal);
    }
    if (planned.call.dry_run) return { kind: 'explanation', ...explainCall(planned.call, planned.context) };
    const { delegation_id, ids, done } = await start(planned, options);
    if (!planned.call.background) return { kind: 'results', ...(await done) };
    background.set(
      delegation_id,
      done.catch(() => {}).finally(() => background.delete(delegation_id)),
    );
    return { kind: 'handle', delegation_id, ids, hint: handleHint(delegation_id) };
  };

  const delegate = (async (args: unknown, options: DelegateOptions = {}): Promise<DelegationResult> => {
    const planned = await plan(args, options.parent);
    if (!('tasks' in planned)) throw notHere(planned.call.action);
    if (planned.call.dry_run) throw notHere('dry_run');
    if (planned.call.background) throw notHere('background');
    return (await start(planned, options)).done;
  }) as Yardmaster['delegate'];

  return {
    config,
    decisions,
    store,
    call: async (args, options = {}) => answer(await plan(args, options.parent), options),
    async collect({ origin } = {}) {
      const [{ resultsOf }, deps] = await Promise.all([import('./engine/control.ts'), engine()]);
      await recover();
      const results = (await deps.store.undelivered(origin)).map((id) => resultsOf(id, deps));
      return (await Promise.all(results)).filter((result) => result !== undefined);
    },
    async idle() {
      while (background.size > 0) await Promise.all(background.values());
    },
    acknowledge: async (delegation_id) => (await store()).acknowledge(delegation_id),
    async session(options = {}) {
      const [{ openSession }, { firstRoute }, logs, above] = await Promise.all([
        import('./engine/session/open-session.ts'),
        import('./engine/session/past.ts'),
        sessionLogs(),
        parent(),
      ]);
      const base = above === undefined ? decisions() : contextUnder(decisions(), delegatingTask(above, decisions()));
      const toolsets = parentToolsets(options.toolsets, base.toolsets);
      const context = { ...base, toolsets };
      const { resume, request } = options;
      const log = resume === undefined ? logs.create({ cwd }) : await logs.open(resume, { cwd });
      try {
        const session: Session = openSession({
          options,
          log,
          workspace: cwd,
          context,
          toolsets,
          route: refusingInPrivate(() => firstRoute(log.saved, request, context)),
          depth: (above?.depth ?? 0) + 1,
          permissions: await permissions(),
          engine,
          instructions,
          onClose: () => sessions.delete(session),
          answer: ({ planned, context }, how) => answer({ ...planned, context, above }, how),
        });
        sessions.add(session);
        return session;
      } catch (error) {
        await log[Symbol.asyncDispose]();
        throw error;
      }
    },
    sessions: async (of) => (await sessionLogs()).list(of),
    spentInSessions: async (since) => (await sessionLogs()).spent(since),
    recover,
    async probe(options = {}) {
      const { targets, undecided, skipped } = probeTargets(decisions().resolver);
      const [{ probe }, deps] = await Promise.all([import('./engine/probe.ts'), engine()]);
      const timeout_seconds = Math.min(PROBE_SECONDS, config.delegation.limits.first_token_timeout_seconds);
      return { routes: await probe(targets, deps, { ...options, timeout_seconds }), undecided, skipped };
    },
    async recentHealth() {
      const now = Date.now();
      const [{ readHealth }, opened] = await Promise.all([import('./core/recent-health.ts'), store()]);
      const read = readHealth(await opened.tasks({ since: now - DAY_MS, limit: HEALTH_TASKS }));
      const governor = engine.started ? (await engine()).governor : undefined;
      return (route) => {
        const ms = governor?.resting(route);
        return read(route, ms === undefined ? undefined : now + ms);
      };
    },
    async spentToday() {
      const { daily_usd: limit } = config.delegation;
      if (limit === undefined) return undefined;
      const [{ spentToday }, opened] = await Promise.all([import('./engine/limits/daily-budget.ts'), store()]);
      return { ...(await spentToday({ store: opened, clock })), limit };
    },
    async prune({ keep_days = config.config.history?.keep_days } = {}) {
      if (keep_days === undefined) {
        throw new DelegateError('REQUEST_INVALID', 'Nothing says how many days to keep.', {
          hint: 'Give the days (`yardmaster prune --days 30`), or set `history.keep_days`.',
        });
      }
      const removed = await (await store()).prune(Date.now() - keep_days * DAY_MS);
      await (await engine()).transcripts?.remove(removed);
      return removed;
    },
    explain(args: unknown) {
      const { call } = planOrRefuse(args, decisions());
      if (call.action !== 'spawn') throw notHere(call.action);
      return explainCall(call, decisions());
    },
    definition: ({ parent: asker } = {}) => teachDelegation(withParent(decisions(), asker), WAITED_FOR),
    delegate,
    stream: ((args: unknown, options: DelegateOptions = {}) =>
      streamDelegation((tell) => {
        const on: EventListener = (event) => {
          tell(event);
          options.on?.(event);
        };
        return delegate(args, { ...options, on });
      })) as Yardmaster['stream'],
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...sessions].map((session) => session[Symbol.asyncDispose]()));
      disposing.abort();
      // What runs ends as cancelled, and what is queued never starts, while there is a store to write that to.
      await Promise.allSettled(
        [...running].map(async (started) => {
          const { delegation_id, done } = await started;
          (await engine()).controls.stopHere(delegation_id);
          await done;
        }),
      );
      if (outside.started) await (await outside())[Symbol.asyncDispose]();
      if (engine.started) await (await engine()).transcripts?.[Symbol.asyncDispose]();
      await providers[Symbol.asyncDispose]();
      if (store.started && given === undefined) await (await store())[Symbol.asyncDispose]();
    },
  };
}

/** The same rules for another parent agent than the configured one. */
function withParent(context: PreflightContext, parent: RouteRequest | undefined): PreflightContext {
  if (parent === undefined) return context;
  const routing = { ...context.routing, parent };
  return { ...context, routing, resolver: createResolver(context.resolver.catalog, routing) };
}

async function openStore({ paths }: LoadedConfig): Promise<Store> {
  const { openSqliteStore } = await import('./store/sqlite-store.ts');
  try {
    makeFolder(paths.data);
  } catch (error) {
    throw new DelegateError(
      'STORE_FAILED',
      `The data folder "${paths.data}" cannot be made: ${(error as Error).message}.`,
      {
        hint: 'Set YARDMASTER_HOME to a folder that can be written to.',
        cause: error,
      },
    );
  }
  return openSqliteStore({ file: paths.store_file });
}

async function openTranscripts({ paths }: LoadedConfig, redact: (text: string) => string): Promise<Transcripts> {
  const { createTranscripts } = await import('./store/transcript-files.ts');
  return createTranscripts({ paths, redact, now: Date.now });
}

/** Sorts by time; 48 random bits keep apart what starts in the same millisecond, here or on another machine. */
function newId(kind: string): string {
  return `${kind}_${Date.now().toString(36)}${randomUUID().slice(-12)}`;
}

const clock: EngineDeps['clock'] = { now: Date.now, random: Math.random, sleep: pause, every };

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function every(ms: number, step: () => void): () => void {
  const timer = setInterval(step, ms).unref();
  return () => clearInterval(timer);
}

/** What every call is decided with. */
interface Asking {
  readonly context: PreflightContext;
  /** The task this process runs in; absent = the parent agent's own process. */
  readonly above: TaskRecord | undefined;
}

function handleHint(id: string): string {
  return `They run in the background. {"action":"wait","id":"${id}"} gives the results, "status" how they stand, "stop" ends them.`;
}

function notHere(what: 'dry_run' | 'background' | ControlCall['action']): DelegateError {
  return new DelegateError('REQUEST_INVALID', `"${what}" cannot be asked of \`delegate\`, which gives results.`, {
    hint: 'Ask `call` with the same arguments (`yardmaster explain`, `jobs`, `status`, `wait`, `steer`, `stop`).',
  });
}

/** Runs `make` on the first call and gives the same value ever after, unless it failed. */
function once<T>(make: () => T): (() => T) & { readonly started: boolean } {
  let made: { readonly value: T } | undefined;
  const get = (): T => {
    if (made !== undefined) return made.value;
    const value = make();
    made = { value };
    // What could not be opened now may open the next time.
    if (value instanceof Promise)
      value.catch(() => {
        made = undefined;
      });
    return value;
  };
  return Object.defineProperty(get, 'started', { get: () => made !== undefined }) as typeof get & {
    readonly started: boolean;
  };
}
