import { DEFAULT_FALLBACK_ON } from '../core/after-failure.ts';
import type { PlannedTask } from '../core/call/preflight.ts';
import { DelegateError } from '../core/errors.ts';
import type { DelegationEvent } from '../core/events.ts';
import type {
  Answer,
  Conversation,
  ErrorClass,
  Failure,
  Message,
  Provider,
  SendOptions,
  ToolCall,
} from '../core/provider.ts';
import type { DelegationResult } from '../core/result.ts';
import type { Route } from '../core/route.ts';
import { DEFAULT_LIMITS, type DelegationSettings, type Limits } from '../core/settings.ts';
import type { JournalEntry, Store } from '../core/store.ts';
import type { TaskInput } from '../core/task.ts';
import { createDeltaFilter } from '../core/text/redact.ts';
import type { Tool } from '../core/tool.ts';
import { delegate, type RunOptions } from './delegate.ts';
import type { EngineDeps } from './deps.ts';
import { createProcessDeps } from './process-deps.ts';

/** What a fake model sees of one request. */
interface Asked {
  readonly route: Route;
  /** The conversation as it was given to the adapter. */
  readonly messages: readonly Message[];
  /** Requests for this route so far, this one included. */
  readonly count: number;
  readonly goal: string;
  readonly options: SendOptions;
  readonly system: string;
  readonly tools: readonly string[];
}
/** A key as the delta filter knows it. */
export const SECRET = 'SECRET-KEY-0123456789';

type Model = (asked: Asked) => Partial<Answer> | Promise<Partial<Answer>>;

function answer(part: Partial<Answer>, model: string): Answer {
  const tool_calls = part.tool_calls ?? [];
  return {
    text: '',
    reasoning: '',
    tool_calls,
    stop: tool_calls.length > 0 ? 'tool_calls' : 'end',
    usage: { input: 100, output: 10, cache_read: 0, cache_write: 0, reasoning: 0 },
    served_model: model,
    request_id: 'req',
    sent: { model, reasoning: null },
    first_token_ms: 1,
    notes: [],
    ...part,
  };
}

export function call(name: string, args: unknown = {}, id = 'c1'): ToolCall {
  return { id, name, arguments: typeof args === 'string' ? args : JSON.stringify(args) };
}

export function failed(cls: ErrorClass, more: Partial<Failure> = {}): DelegateError {
  return new DelegateError('PROVIDER_FAILED', `failed with ${cls}`, { data: { class: cls, ...more } });
}

export function routeTo(label: string, more: Partial<Route> = {}): Route {
  const [provider, model] = label.split('/') as [string, string];
  const authority = `http://${provider}.test`;
  return {
    provider,
    model,
    wire: 'openai-chat',
    base_url: `${authority}/v1`,
    authority,
    credential: { kind: 'none', authority },
    price: { in: 1, out: 10 },
    max_output: 1000,
    fallback: [],
    ...more,
  };
}

export function task(
  input: Partial<TaskInput>,
  route: Partial<Route> = {},
  more: Partial<PlannedTask> = {},
): Partial<PlannedTask> & { readonly route: Route } {
  return { input: { goal: 'Do it.', ...input }, route: { ...routeTo('lab/m'), ...route }, ...more };
}

export function echoTool(more: Partial<Tool> = {}): Tool {
  return {
    spec: {
      name: 'echo',
      description: 'Says it again.',
      parameters: {
        type: 'object',
        properties: { text: { type: 'string' } },
        required: ['text'],
        additionalProperties: false,
      },
    },
    idempotent: true,
    run: async ({ text }) => ({ content: String(text), is_error: false }),
    about: ({ text }) => String(text),
    ...more,
  };
}

export interface RigOptions {
  readonly store: Store;
  readonly model: Model;
  readonly tools?: readonly Tool[];
  readonly limits?: Partial<Limits>;
  readonly settings?: Partial<DelegationSettings>;
  readonly deps?: Partial<EngineDeps>;
  /** Nobody listens. */
  readonly silent?: true;
}

export interface Rig {
  /** Every request, in order. */
  readonly asked: readonly Asked[];
  readonly events: readonly DelegationEvent[];
  /** Waits asked for, in ms; none is waited. */
  readonly slept: readonly number[];
  readonly deps: EngineDeps;
  run(tasks: readonly Partial<PlannedTask>[], options?: Partial<RunOptions>): Promise<DelegationResult>;
  /** The kinds of a task's journal entries; a message's kind is its role. */
  kinds(task_id: string): Promise<string[]>;
}

/** The engine over a fake model, a store, and a clock that does not wait. */
export function createRig({ store, model, tools = [echoTool()], limits, settings, deps, silent }: RigOptions): Rig {
  const asked: Asked[] = [];
  const events: DelegationEvent[] = [];
  const slept: number[] = [];
  let ids = 0;
  const counts = new Map<string, number>();
  const provider: Provider = {
    open(route, setup): Conversation {
      const messages: Message[] = [];
      return {
        append: (message) => void messages.push(message),
        async send(options) {
          const count = (counts.get(route.authority) ?? 0) + 1;
          counts.set(route.authority, count);
          const [first] = messages;
          const request: Asked = {
            route,
            messages: [...messages],
            count,
            goal: first?.role === 'user' ? first.text : '',
            options,
            system: setup.system,
            tools: setup.tools.map((tool) => tool.name),
          };
          asked.push(request);
          return answer(await model(request), route.model);
        },
      };
    },
    async [Symbol.asyncDispose]() {},
  };
  // A clock that sleeps by going on.
  let ahead = 0;
  const clock: EngineDeps['clock'] = {
    now: () => Date.now() + ahead,
    async sleep(ms) {
      slept.push(ms);
      ahead += ms;
    },
    every(ms, step) {
      const timer = setInterval(step, ms).unref();
      return () => clearInterval(timer);
    },
    random: () => 0.5,
  };
  const all: EngineDeps = {
    ...createProcessDeps('test', {
      store,
      clock,
      settings: {
        limits: { ...DEFAULT_LIMITS, ...limits },
        on_mismatch: 'fail',
        toolsets: ['read'],
        budget: {},
        fallback_on: DEFAULT_FALLBACK_ON,
        ...settings,
      },
    }),
    decisions: () => {
      throw new Error('this test decides nothing');
    },
    providerFor: async () => provider,
    toolsFor: (workspace) => ({
      async kit(names) {
        const own = new Map(names.length === 0 ? [] : tools.map((tool) => [tool.spec.name, tool]));
        return { specs: [...own.values()].map((tool) => tool.spec), open: () => ({ tools: own, workspace }) };
      },
    }),
    newId: (kind) => `${kind}_${++ids}`,
    redact: (text) => text.replaceAll('SECRET', '[redacted]'),
    filter: (text) => text.replaceAll('SECRET', '[filtered]'),
    filterDeltas: createDeltaFilter([SECRET]),
    validateOutput: async () => [],
    loadImage: async (ref) => ({ media_type: 'image/png', data: ref, kind: 'base64' }),
    ...deps,
  };
  return {
    asked,
    events,
    slept,
    deps: all,
    run: (tasks, options = {}) =>
      delegate(
        tasks.map((plan, index) => ({
          index,
          input: { goal: 'Do it.' },
          requested: {},
          route: routeTo('lab/m'),
          source: { provider: 'task', model: 'task' },
          notes: [],
          ...plan,
        })),
        all,
        {
          workspace: '/work',
          toolsets: ['read', 'write'],
          origin: 'test',
          ...(silent ? {} : { on: (event: DelegationEvent) => void events.push(event) }),
          ...options,
        },
      ),
    kinds: async (id) => (await store.journal(id)).map(kindOf),
  };
}

function kindOf(entry: JournalEntry): string {
  return entry.kind === 'message' ? entry.message.role : entry.kind;
}

/** Resolves when the signal aborts, with the failure an adapter would throw. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(failed('cancelled'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
}
