import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildCatalog } from './config/catalog/build-catalog.ts';
import { checkAgainstCatalog } from './config/catalog/check-against-catalog.ts';
import { loadSnapshot } from './config/catalog/load-catalog.ts';
import { createCredentials } from './config/credentials.ts';
import { makeFolder } from './config/files/make-folder.ts';
import { isTrusted } from './config/files/trust.ts';
import { type LoadedConfig, loadConfig } from './config/load-config.ts';
import { mcpServersOf } from './config/mcp-servers.ts';
import type { CallAnswer } from './core/answer.ts';
import { contextUnder, delegatingTask, PARENT_TASK, withDepth } from './core/call/context-under.ts';
import { type PlannedCall, planCall } from './core/call/plan-call.ts';
import type { PreflightContext } from './core/call/preflight.ts';
import { parentToolsets } from './core/call/resolve-parent.ts';
import { type Teaching, teachDelegation } from './core/call/teach-delegation.ts';
import { DelegateError } from './core/errors.ts';
import type { EventListener } from './core/events.ts';
import { explainCall } from './core/explain.ts';
import { createMemoryPermissions, type Permissions } from './core/permissions.ts';
import { createResolver } from './core/resolve-route.ts';
import type { DelegationResult } from './core/result.ts';
import type { RouteRequest } from './core/route.ts';
import { probeTargets } from './core/route-health.ts';
import type { Session } from './core/session.ts';
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
import type { DelegateOptions, Yardmaster, YardmasterOptions } from './yardmaster.ts';

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
