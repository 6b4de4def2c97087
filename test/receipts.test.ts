import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createYardmaster, type TaskResult, type Yardmaster } from '../src/index.ts';
import { createMemoryStore, type ProviderServer, type SeenRequest, startProvider } from '../src/testing.ts';

/** One provider a wire, each with its own key, port and models. */
const WIRES = { chat: 'openai-chat', responses: 'openai-responses', messages: 'anthropic-messages' } as const;
type Name = keyof typeof WIRES;
const NAMES = Object.keys(WIRES) as Name[];
const EFFORTS = [undefined, 'none', 'low', 'medium', 'high'] as const;

const servers = {} as Record<Name, ProviderServer>;
let yard: Yardmaster;

beforeAll(async () => {
  for (const name of NAMES) {
    servers[name] = await startProvider({
      wire: WIRES[name],
      key: `sk-${name}-canary-0123456789`,
      models: [`${name}-small`, `${name}-large`],
      // One in seven lies about what served it, one in eleven names nothing.
      reply: (request) => {
        const n = Number(/task-(\d+)/.exec(request.texts[0] ?? '')?.[1] ?? 0);
        if (n % 7 === 3) return { text: 'done', served_model: 'something-else' };
        if (n % 11 === 5) return { text: 'done', served_model: null };
        return { text: `I am really gpt-99, says task-${n}` };
      },
    });
  }
  yard = await createYardmaster({
    store: createMemoryStore(),
    env: Object.fromEntries(NAMES.map((name) => [`KEY_${name.toUpperCase()}`, `sk-${name}-canary-0123456789`])),
    config: {
      model: { provider: 'chat', model: 'chat-small', reasoning_effort: 'low' },
      delegation: { on_mismatch: 'warn' },
      providers: Object.fromEntries(
        NAMES.map((name) => [
          name,
          {
            wire: WIRES[name],
            base_url: servers[name].base_url,
            key_env: `KEY_${name.toUpperCase()}`,
            default_model: `${name}-large`,
            models: [`${name}-small`, `${name}-large`].map((id) => ({
              id,
              reasoning: ['none', 'low', 'medium', 'high'],
              ...(name === 'messages' ? { effort_dialect: 'output_config' } : {}),
            })),
          },
        ]),
      ),
    },
  });
});

afterAll(async () => {
  await yard?.[Symbol.asyncDispose]();
  for (const server of Object.values(servers)) await server.close();
});

describe('a receipt', () => {
  test('of three tasks on three wires: each server saw its own key, model, effort and authority alone (F24)', async () => {
    reset();
    const { results } = await yard.delegate({
      tasks: [
        { goal: 'diagonal task-7001', provider: 'chat', model: 'chat-large', reasoning_effort: 'high' },
        { goal: 'diagonal task-7002', provider: 'responses', reasoning_effort: 'medium' },
        { goal: 'diagonal task-7008', model: 'messages-small' },
      ],
    });
    expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    const seen = NAMES.map((name) =>
      servers[name].requests.map(({ key, model, effort, authority }) => ({ key, model, effort, authority })),
    );
    expect(seen).toEqual([
      [row('chat', 'chat-large', { reasoning_effort: 'high' })],
      [row('responses', 'responses-large', { reasoning: { effort: 'medium' } })],
      [row('messages', 'messages-small', null)],
    ]);
  });

  test('agrees with the servers over 1,000 random mixed batches, whatever a model says of itself (F2, F3, F12)', async () => {
    reset();
    const random = seeded(20261122);
    let next = 0;
    const checked = { tasks: 0, match: 0, mismatch: 0, unreported: 0 };
    for (let round = 0; round < 40; round++) {
      // Batches run side by side, so that a receipt that mixed up children would show.
      await Promise.all(
        Array.from({ length: 25 }, async () => {
          const tasks = Array.from({ length: 1 + random(3) }, () => randomTask(next++, random));
          const { results } = await yard.delegate({ tasks });
          results.forEach((result, at) => {
            check(result, tasks[at]!);
            checked.tasks += 1;
            checked[result.route.served.verified] += 1;
          });
        }),
      );
    }
    expect(checked.tasks).toBe(next);
    expect(checked.tasks).toBeGreaterThan(1_000);
    expect(Math.min(checked.match, checked.mismatch, checked.unreported)).toBeGreaterThan(50);
  });
});

interface Asked {
  readonly goal: string;
  readonly provider?: Name;
  readonly model?: string;
  readonly reasoning_effort?: string;
}

/** Every way of asking: nothing, a model, a provider, both, inline, with a slash; with and without effort. */
function randomTask(n: number, random: (below: number) => number): Asked {
  const name = NAMES[random(NAMES.length)]!;
  const model = `${name}-${random(2) === 0 ? 'small' : 'large'}`;
  const shapes: Omit<Asked, 'goal'>[] = [
    {},
    { model },
    { provider: name },
    { provider: name, model },
    { model: `${model} --provider ${name}` },
    { model: `${name}/${model}` },
  ];
  const effort = EFFORTS[random(EFFORTS.length)];
  return {
    goal: `random task-${n}`,
    ...shapes[random(shapes.length)],
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
  };
}

/** What the receipt says against what the one server that saw the task recorded, and what it answered. */
function check(result: TaskResult, asked: Asked): void {
  const { route } = result;
  const seen = requestsOf(asked.goal);
  expect(seen).toHaveLength(1);
  const [request] = seen as readonly [SeenRequest];
  expect({ authority: route.resolved.authority, model: route.sent?.model }).toEqual({
    authority: request.authority,
    model: request.model,
  });
  expect(route.resolved.model).toBe(request.model);
  expect(request.key).toBe(`sk-${route.resolved.provider}-canary-0123456789`);
  expect(route.served.model ?? null).toBe(request.served_model ?? null);
  expect(route.served.request_ids).toEqual([request.request_id]);
  const honest =
    request.served_model === request.model ? 'match' : request.served_model == null ? 'unreported' : 'mismatch';
  expect(route.served.verified).toBe(honest);
  expect(route.requested.task).toEqual(withoutGoal(asked));
}

function withoutGoal({ goal, ...request }: Asked): object | undefined {
  return Object.keys(request).length === 0 ? undefined : request;
}

const byGoal = new Map<string, SeenRequest[]>();
const read = new Map<Name, number>();

/** The servers' records, indexed as they grow. */
function requestsOf(goal: string): readonly SeenRequest[] {
  for (const name of NAMES) {
    const { requests } = servers[name];
    for (let at = read.get(name) ?? 0; at < requests.length; at++) {
      const request = requests[at]!;
      const key = (request.texts[0] ?? '').trim();
      byGoal.set(key, [...(byGoal.get(key) ?? []), request]);
    }
    read.set(name, requests.length);
  }
  return byGoal.get(goal) ?? [];
}

function reset(): void {
  for (const server of Object.values(servers)) server.reset();
  byGoal.clear();
  read.clear();
}

function row(name: Name, model: string, effort: unknown): object {
  return { key: `sk-${name}-canary-0123456789`, model, effort, authority: servers[name].authority };
}

/** Small, repeatable and good enough to mix cases (a linear congruential generator). */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
