import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildCatalog } from './config/build-catalog.ts';
import { checkAgainstCatalog } from './config/check-against-catalog.ts';
import type { Env } from './config/config-paths.ts';
import { createCredentials } from './config/credentials.ts';
import { loadSnapshot } from './config/load-catalog.ts';
import { type LoadedConfig, loadConfig } from './config/load-config.ts';
import { isTrusted } from './config/trust.ts';
import { DelegateError } from './core/errors.ts';
import type { EventListener } from './core/events.ts';
import { type Explanation, explainCall } from './core/explain.ts';
import { planCall } from './core/plan-call.ts';
import type { PreflightContext } from './core/preflight.ts';
import { createRedactor, createSecretFilter } from './core/redact.ts';
import { createResolver } from './core/resolve-route.ts';
import type { DelegationResult } from './core/result.ts';
import type { Store } from './core/store.ts';
import type { ControlCall } from './core/task.ts';
import type { Transcripts } from './core/transcript.ts';
import type { EngineDeps } from './engine/deps.ts';
import type { KeyFor } from './providers/endpoint.ts';
import { createProviders } from './providers/provider-for.ts';

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
   * transcript beside it. With a store of one's own nothing is written to disk, and that store stays open.
   */
  readonly store?: Store;
}

export interface DelegateOptions {
  /** Stops every child; what they have by then is kept. */
  readonly signal?: AbortSignal;
  readonly on?: EventListener;
  /** Which surface asks; default `library`. */
  readonly origin?: string;
}

/** What every surface calls. Surfaces parse and render; nothing else decides or runs. */
export interface Yardmaster extends AsyncDisposable {
  /**
   * Runs a call of `delegate_task` (any accepted shape) to its end.
   * Throws a `DelegateError` with all issues when it is refused; then nothing was sent or stored.
   * What happens to a child is a result, not an error.
   */
  delegate(args: unknown, options?: DelegateOptions): Promise<DelegationResult>;
  /** What `delegate` would do with the same arguments; sends nothing. Refusals throw as `delegate`'s do. */
  explain(args: unknown): Explanation;
  /** What calls are decided by: the catalog as it holds here, the routing rules, the limits. Built on first use. */
  decisions(): PreflightContext;
  /** Tasks, journal and results. Opened on first use. */
  store(): Promise<Store>;
  /**
   * Ends tasks whose process died (their lease ran out) as `lost`, each with a result of what its journal has.
   * Gives their ids. Whoever reads tasks calls this first, so that none seems to run that does not.
   */
  recover(): Promise<readonly string[]>;
  readonly config: LoadedConfig;
}

/** Toolsets that exist in this version. */
const TOOLSETS = ['read'];

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
  const redactor = once(() => createRedactor(credentials().secrets()));
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
      toolsets: TOOLSETS.filter((name) => config.toolsets.includes(name)),
    };
  });
  const store = once(async () => options.store ?? (await openStore(config)));
  const loadDelegate = once(() => import('./engine/delegate.ts'));
  const engine = once(async (): Promise<EngineDeps> => {
    const [{ createLeases }, { createControls }, { createToolsFor }, opened, transcripts] = await Promise.all([
      import('./engine/leases.ts'),
      import('./engine/controls.ts'),
      import('./tools/tools-for.ts'),
      store(),
      options.store === undefined ? openTranscripts(config, redact) : undefined,
    ]);
    const owner = newId('p');
    return {
      store: opened,
      leases: createLeases(opened, owner),
      controls: createControls(opened, owner),
      decisions,
      providerFor: providers.providerFor,
      toolsFor: createToolsFor(),
      settings: config.delegation,
      clock: { now: Date.now, random: Math.random, sleep: pause },
      newId,
      redact,
      filter: createSecretFilter(credentials().secrets()),
      ...(transcripts === undefined ? {} : { transcripts }),
      validateOutput: async (schema, value) =>
        (await import('./tools/validate-output.ts')).validateOutput(schema, value),
      loadImage: async (ref, workspace) => (await import('./tools/load-image.ts')).loadImage(ref, workspace),
    };
  });

  return {
    config,
    decisions,
    store,
    async recover() {
      const gone = await (await store()).expired();
      if (gone.length === 0) return [];
      const [{ loseTasks }, deps] = await Promise.all([import('./engine/lose-tasks.ts'), engine()]);
      return loseTasks(gone, deps);
    },
    explain(args) {
      const { call } = planCall(args, decisions());
      if (call.action !== 'spawn') throw notHere(call.action);
      return explainCall(call, decisions());
    },
    async delegate(args, { signal, on, origin = 'library' } = {}) {
      const planned = planCall(args, decisions());
      if (!('tasks' in planned)) throw notHere(planned.call.action);
      const { call, tasks } = planned;
      if (call.dry_run) throw notHere('dry_run');
      if (call.background) throw notHere('background');
      // Adapters load while the store opens. One that cannot be loaded is its children's to tell of.
      if (!engine.started) for (const { route } of tasks) providers.providerFor(route).catch(() => {});
      const [{ delegate }, deps, instructions] = await Promise.all([
        loadDelegate(),
        engine(),
        import('./tools/read-instructions.ts').then(({ readInstructions }) => readInstructions(cwd, { trusted })),
      ]);
      return delegate(tasks, deps, {
        workspace: cwd,
        toolsets: decisions().toolsets,
        origin,
        ...(instructions === undefined ? {} : { instructions: deps.filter(instructions) }),
        ...(call.budget === undefined ? {} : { budget: call.budget }),
        ...(signal === undefined ? {} : { signal }),
        ...(on === undefined ? {} : { on }),
      });
    },
    async [Symbol.asyncDispose]() {
      if (engine.started) await (await engine()).transcripts?.[Symbol.asyncDispose]();
      await providers[Symbol.asyncDispose]();
      if (store.started && options.store === undefined) await (await store())[Symbol.asyncDispose]();
    },
  };
}

async function openStore({ paths }: LoadedConfig): Promise<Store> {
  const { openSqliteStore } = await import('./store/sqlite-store.ts');
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

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function notHere(what: 'dry_run' | 'background' | ControlCall['action']): DelegateError {
  const hints: Partial<Record<typeof what, string>> = {
    dry_run: 'Ask `explain` with the same arguments.',
    background: 'Leave it out: the call gives its results when all tasks have ended.',
  };
  return new DelegateError('REQUEST_INVALID', `"${what}" cannot be asked of delegate here.`, {
    hint: hints[what] ?? 'Running and finished tasks are in the store (`yardmaster jobs`, `status`, `result`).',
  });
}

/** Runs `make` on the first call and gives the same value ever after. */
function once<T>(make: () => T): (() => T) & { readonly started: boolean } {
  let made: { readonly value: T } | undefined;
  const get = (): T => {
    made ??= { value: make() };
    return made.value;
  };
  return Object.defineProperty(get, 'started', { get: () => made !== undefined }) as typeof get & {
    readonly started: boolean;
  };
}
