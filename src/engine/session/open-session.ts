import type { CallAnswer } from '../../core/answer.ts';
import type { PreflightContext } from '../../core/call/preflight.ts';
import { resolveParent } from '../../core/call/resolve-parent.ts';
import type { StopCause } from '../../core/ending.ts';
import { DelegateError } from '../../core/errors.ts';
import type { DelegationEvent } from '../../core/events.ts';
import { explainCall } from '../../core/explain.ts';
import { historyOf } from '../../core/history.ts';
import type { Permissions } from '../../core/permissions.ts';
import type { Image } from '../../core/provider.ts';
import type { DelegationResult } from '../../core/result.ts';
import { routeLabel } from '../../core/route.ts';
import type { Reply, Session, SessionOptions, SessionRoute } from '../../core/session.ts';
import type { SessionEntry, SessionLog } from '../../core/session-log.ts';
import { control, resultsOf } from '../control.ts';
import type { EngineDeps } from '../deps.ts';
import { tokensAtMost } from '../limits/budget.ts';
import { makeReply } from './make-reply.ts';
import { type Parent, type Said, said, stepsIn } from './parent.ts';
import { parentPrompt } from './parent-prompt.ts';
import { createParentTool, parentSpec } from './parent-tool.ts';
import { CUT_SHORT, pastOf, routeEntry } from './past.ts';
import { createAsk, createPermit } from './permit.ts';
import { type Decided, planOrAsk } from './plan-or-ask.ts';
import { createSpending } from './spend.ts';

export interface SessionSetup {
  readonly options: SessionOptions;
  readonly log: SessionLog;
  /** Absolute. */
  readonly workspace: string;
  /** What the parent's calls are decided by, but for the route it runs on. */
  readonly context: PreflightContext;
  /** The parent's own. */
  readonly toolsets: readonly string[];
  /** What it runs on at first. */
  readonly route: SessionRoute;
  /** Of the parent's own children: more than 1 where the session itself runs below a task. */
  readonly depth: number;
  readonly permissions: Permissions;
  readonly engine: () => Promise<EngineDeps>;
  /** The text of the workspace's AGENTS.md or CLAUDE.md. */
  readonly instructions: () => Promise<string | undefined>;
  /** Called when it is disposed. */
  readonly onClose: () => void;
  /** Does what was decided, as for every surface. */
  readonly answer: (
    decided: Decided,
    options: { readonly signal: AbortSignal; readonly on: (event: DelegationEvent) => void; readonly origin: string },
  ) => Promise<CallAnswer>;
}

interface Waiting {
  readonly message: Said;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** A session over a new or a saved log. Nothing is loaded or sent before something is said, unless results are awaited. */
export function openSession(setup: SessionSetup): Session {
  const { options, log, workspace, context, toolsets, permissions } = setup;
  const origin = options.origin ?? 'library';
  const attended = options.ask !== undefined;
  const ask = createAsk(options.ask, permissions);
  const emit = options.on && quiet(options.on);
  const entries: SessionEntry[] = [...log.saved];
  const past = pastOf(log.saved);
  const spending = createSpending(past.spend, past.whole);
  const foreground: Parent['foreground'] = new Map();
  const waiting: Waiting[] = [];
  const arrived: DelegationResult[] = [];
  /** Background delegations that run, or whose results the parent has not read yet. */
  const following = new Map<string, Promise<void>>();
  /** … and those that a call of the parent waits for: whether it has read the results. */
  const reading = new Map<string, Promise<boolean>>();
  const closing = new AbortController();
  let route = setup.route;
  /** What the reply under way runs on. */
  let speaking = route;
  /** To be written with the next step, which holds the ends of their calls. */
  const settled: SessionEntry[] = [];
  /** To be written with the next reply. */
  let before: SessionEntry[] = past.whole ? [routeEntry(route)] : [CUT_SHORT, routeEntry(route)];
  let explained: Decided | undefined;
  let current: AbortController | undefined;
  let working: Promise<void> | undefined;
  let prepared: Promise<Parent> | undefined;
  let closed: Promise<void> | undefined;
  let filled: () => number | undefined = () => undefined;

  const append = async (added: readonly SessionEntry[]): Promise<void> => {
    await log.append(added);
    entries.push(...added);
  };
  /** A switch in the middle of a reply is for the next one, and so for its children. */
  const contextNow = (): PreflightContext => ({ ...context, resolver: context.resolver.under(speaking.route) });

  const prepare = async (): Promise<Parent> => {
    const [deps, instructions] = await Promise.all([setup.engine(), setup.instructions()]);
    const names = toolsets.filter((name) => name !== 'delegation');
    const of = deps.toolsFor(workspace);
    const kit = await of.kit(names, { worktree: false });
    const own = await kit.open({ task_id: log.id, index: 0, parent: true });
    const toolsetOf = new Map<string, string>();
    for (const name of names) {
      for (const spec of (await of.kit([name], { worktree: false })).specs) toolsetOf.set(spec.name, name);
    }
    const spec = parentSpec({ ...context, resolver: context.resolver.under(setup.route.route) });
    const specs = [...kit.specs, spec];
    const system = parentPrompt({ workspace, attended, instructions: instructions && deps.filter(instructions) });
    const delegate = createParentTool(spec, (args, call) => answer(deps, args, call));
    const parent: Parent = {
      id: log.id,
      deps,
      own,
      tools: new Map([...own.tools, [spec.name, waitedFor(delegate)]]),
      setup: { system, tools: specs, cache_key: log.id },
      tokens: tokensAtMost(system) + tokensAtMost(JSON.stringify(specs)),
      permit: (signal) => createPermit({ ask, attended, toolsetOf, signal }),
      foreground,
      spending,
      authors: past.authors,
      record: { entries, append: (added) => append([...added, ...settled.splice(0)]) },
      ...(emit && { emit }),
      context: 0,
      filled: undefined,
    };
    filled = () => parent.filled;
    return parent;
  };
  const ready = (): Promise<Parent> => {
    prepared ??= prepare().catch((error) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };

  /** A call whose end is waited for, even when the reply was interrupted: what its children have is kept. */
  const waitedFor = (tool: ReturnType<typeof createParentTool>): typeof tool => ({
    ...tool,
    run(args, signal, call_id = '') {
      const outcome = tool.run(args, signal, call_id).catch((error: Error) => ({
        content: `It failed: ${error.message}`,
        is_error: true,
      }));
      foreground.set(call_id, { name: tool.spec.name, outcome });
      void outcome.then(() => {
        if (!signal.aborted) foreground.delete(call_id);
      });
      return outcome;
    },
  });

  const onChild = (event: DelegationEvent, { leases: { owner } }: EngineDeps): void => {
    if (event.type === 'delegation-start' && event.depth === setup.depth) {
      // What cannot be saved now cannot be saved with the next step either, which says so.
      append([{ kind: 'delegated', delegation_id: event.delegation_id, owner }]).catch(() => {});
    }
    if (event.type === 'task-end') spending.addChild(event.result, event.depth - setup.depth + 1);
    emit?.({ type: 'child', event });
  };

  const answer = async (
    deps: EngineDeps,
    args: unknown,
    { signal, call_id }: { readonly signal: AbortSignal; readonly call_id: string },
  ): Promise<CallAnswer> => {
    const decided = await planOrAsk(args, contextNow(), { ask, attended, call_id, signal });
    const { call } = decided.planned;
    if (call.action === 'spawn') explained = decided;
    const answering = setup.answer(decided, { signal, on: (event) => onChild(event, deps), origin });
    if (call.action === 'wait' && call.id !== undefined && following.has(call.id)) {
      reading.set(
        call.id,
        answering.then(
          (given) => given.kind === 'wait' && given.done,
          () => false,
        ),
      );
    }
    const given = await answering;
    if (given.kind === 'results') settled.push({ kind: 'delivered', delegation_id: given.delegation_id });
    if (given.kind === 'handle') follow(given.delegation_id);
    if (given.kind !== 'wait' || call.action !== 'wait' || call.id === undefined) return given;
    if (given.done && reading.has(call.id)) {
      settled.push({ kind: 'delivered', delegation_id: call.id });
      await deps.store.acknowledge(call.id);
    }
    return control({ action: 'status', id: call.id }, deps);
  };

  const follow = (id: string): void => {
    const collect = async (): Promise<void> => {
      const { deps } = await ready();
      const owner = past.untold.get(id);
      // Its process is dead: nothing of it needs to be waited for.
      if (log.crashed && owner !== undefined) await deps.store.heartbeat(owner, 0);
      await control({ action: 'wait', id }, deps, closing.signal);
      const result = await resultsOf(id, deps);
      if (closing.signal.aborted || result === undefined) return;
      for (const each of result.results) spending.addChild(each, 1);
      if (await reading.get(id)) return;
      arrived.push(result);
      wake();
    };
    // What nobody knows any more has no results to bring.
    const over = (): void => {
      if (!closing.signal.aborted) following.delete(id);
    };
    following.set(id, collect().then(over, over));
  };

  /** Reply after reply, as long as there is something to answer to. */
  const work = async (): Promise<void> => {
    while (!closing.signal.aborted && (waiting.length > 0 || arrived.length > 0)) {
      await workOnce(waiting.shift(), arrived.splice(0));
    }
    working = undefined;
  };
  const workOnce = async (next: Waiting | undefined, results: readonly DelegationResult[]): Promise<void> => {
    const controller = new AbortController();
    const stop = (): void => controller.abort('cancelled' satisfies StopCause);
    current = controller;
    if (next?.signal?.aborted) stop();
    else next?.signal?.addEventListener('abort', stop);
    let held: SessionEntry[] = [];
    try {
      const parent = await ready();
      // From here to the first write there is no gap for a switch to come between.
      held = before;
      before = [];
      speaking = route;
      const prompt = { ...(next && { message: next.message }), results, before: held };
      const reply = await makeReply(parent, prompt, { on: speaking, controller });
      next?.resolve(reply);
    } catch (error) {
      before = [...held, ...before];
      // Results that could not be told stay undelivered: they come again when the session is resumed.
      next?.reject(error);
    } finally {
      current = undefined;
      next?.signal?.removeEventListener('abort', stop);
    }
  };
  const wake = (): void => {
    if (working === undefined && !closing.signal.aborted) working = work();
  };

  const load = async (images: readonly string[]): Promise<readonly Image[]> => {
    if (route.route.vision === false && images.length > 0) {
      throw new DelegateError('ABILITY_MISSING', `"${routeLabel(route.route)}" cannot see images.`, {
        hint: 'Switch to a model with vision, or leave the images out.',
      });
    }
    const { deps } = await ready();
    return Promise.all(images.map((ref) => deps.loadImage(ref, workspace)));
  };

  const close = async (): Promise<void> => {
    closing.abort();
    current?.abort('cancelled' satisfies StopCause);
    for (const { reject } of waiting.splice(0)) {
      reject(new DelegateError('CANCELLED', 'The session was closed; nothing was said.'));
    }
    await working;
    const parent = await prepared?.catch(() => undefined);
    if (parent !== undefined) {
      const { deps, own } = parent;
      await Promise.all([...following.keys()].map((id) => control({ action: 'stop', id }, deps).catch(() => {})));
      await own.close?.({ lost: false });
    }
    await log[Symbol.asyncDispose]();
    setup.onClose();
  };

  for (const id of past.untold.keys()) follow(id);

  return {
    id: log.id,
    toolsets,
    get route() {
      return route;
    },
    get messages() {
      return historyOf(stepsIn(entries), { portable: false });
    },
    get context() {
      return filled();
    },
    get busy() {
      return working !== undefined;
    },
    async send(text, { images = [], signal } = {}) {
      if (text.trim() === '' && images.length === 0) {
        throw new DelegateError('REQUEST_INVALID', 'There is nothing to say: the message is blank.');
      }
      if (context.holdsKey?.(text)) {
        throw new DelegateError(
          'REQUEST_INVALID',
          'The message holds a key that is configured here, and it would be sent to the provider of the parent.',
          { hint: 'Take it out: requests carry their keys by themselves, and no model needs to know one.' },
        );
      }
      const loaded = images.length === 0 ? [] : await load(images);
      if (closing.signal.aborted) throw new DelegateError('CANCELLED', 'The session was closed; nothing was said.');
      const message: Said = loaded.length === 0 ? said(text) : { ...said(text), images: loaded };
      return new Promise((resolve, reject) => {
        waiting.push({ message, signal, resolve, reject });
        wake();
      });
    },
    interrupt() {
      current?.abort('cancelled');
    },
    async switch(request) {
      route = resolveParent(request, context, route);
      // It is saved with the first thing that is said.
      if (before.length > 0) before = before.map((entry) => (entry.kind === 'route' ? routeEntry(route) : entry));
      else await append([routeEntry(route)]);
      return route;
    },
    explain: () =>
      explained !== undefined && 'tasks' in explained.planned
        ? explainCall(explained.planned.call, explained.context)
        : undefined,
    spend: () => spending.total,
    async idle() {
      while (!closing.signal.aborted && (working !== undefined || following.size > 0)) {
        await Promise.race(working === undefined ? following.values() : [working]);
      }
    },
    [Symbol.asyncDispose]() {
      closed ??= close();
      return closed;
    },
  };
}

/** A listener is a guest: what it throws changes nothing. */
function quiet(on: NonNullable<SessionOptions['on']>): NonNullable<SessionOptions['on']> {
  return (event) => {
    try {
      on(event);
    } catch {}
  };
}
