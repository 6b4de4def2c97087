import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type CallAnswer,
  createYardmaster,
  type DelegationEvent,
  type TaskResult,
  type Yardmaster,
} from '../src/index.ts';
import { createMemoryStore, type ProviderServer, type ReplyFor, startProvider, type TestWire } from '../src/testing.ts';

const WIRES: readonly TestWire[] = ['openai-chat', 'openai-responses', 'anthropic-messages'];
const LOOK = { name: 'list_files', arguments: { path: '.' } };

interface Lab {
  readonly yard: Yardmaster;
  readonly server: ProviderServer;
}

/** One simulated provider, `lab/m`, and a Yardmaster that has only it. */
async function openLab(reply: ReplyFor, options: { wire?: TestWire; limits?: object } = {}): Promise<Lab> {
  const server = await startProvider({ wire: options.wire ?? 'openai-chat', key: 'sk-lab', reply });
  const yard = await createYardmaster({
    env: {},
    store: createMemoryStore(),
    config: {
      model: 'lab/m',
      providers: { lab: { ...server.config, models: [{ id: 'm', price: { in: 1, out: 10 } }] } },
      delegation: { ...options.limits },
    },
  });
  onTestFinished(async () => {
    await yard[Symbol.asyncDispose]();
    await server.close();
  });
  return { yard, server };
}

const tasks = (count: number): { goal: string }[] =>
  Array.from({ length: count }, (_, i) => ({ goal: `Look into part-${i} of it.` }));

/** The answer, known to be of a kind. */
function of<Kind extends CallAnswer['kind']>(kind: Kind, answer: CallAnswer): Extract<CallAnswer, { kind: Kind }> {
  expect(answer.kind).toBe(kind);
  return answer as Extract<CallAnswer, { kind: Kind }>;
}

async function start(yard: Yardmaster, args: object, on?: (event: DelegationEvent) => void) {
  return of('handle', await yard.call({ ...args, background: true }, on && { on }));
}

async function until(true_: () => boolean): Promise<void> {
  while (!true_()) await sleep(2);
}

async function waitFor(yard: Yardmaster, id: string): Promise<readonly TaskResult[]> {
  const answer = of('wait', await yard.call({ action: 'wait', id }));
  expect(answer).toMatchObject({ done: true, pending: [] });
  return answer.results;
}

describe('a call', () => {
  test('that is waited for gives what delegate gives', async () => {
    const { yard } = await openLab(() => ({ text: 'Done.' }));
    const answer = of('results', await yard.call({ tasks: tasks(2) }));
    expect(answer.results.map(({ summary }) => summary)).toEqual(['Done.', 'Done.']);
    expect(answer.cost_on_parent_route).toEqual(answer.cost);
  });

  test('with dry_run is explained, and nothing is sent', async () => {
    const { yard, server } = await openLab(() => ({ text: 'Done.' }));
    const answer = of('explanation', await yard.call({ tasks: tasks(2), dry_run: true, background: true }));
    expect(answer.tasks).toHaveLength(2);
    expect(server.requests).toHaveLength(0);
  });

  test.each(['status', 'wait', 'stop'])('with action %s and an unknown id is refused', async (action) => {
    const { yard } = await openLab(() => ({ text: 'Done.' }));
    await expect(yard.call({ action, id: 'd_nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(yard.call({ action: 'steer', id: 't_nobody', message: 'x' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('of delegate for anything but results is refused, and says what to call', async () => {
    const { yard } = await openLab(() => ({ text: 'Done.' }));
    for (const args of [{ goal: 'Do it.', background: true }, { goal: 'Do it.', dry_run: true }, { action: 'list' }]) {
      await expect(yard.delegate(args as unknown)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    }
  });
});

describe('children in the background', () => {
  test('are handed over at once, while no model has answered; their results are there when they end', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { yard } = await openLab(async () => {
      await held;
      return { text: 'Done.' };
    });
    const { delegation_id, ids, hint } = await start(yard, { tasks: tasks(3) });
    expect(ids).toHaveLength(3);
    expect(hint).toContain(delegation_id);
    const listed = of('list', await yard.call({ action: 'list' }));
    expect(listed).toMatchObject({ more: false });
    expect(listed.tasks.map(({ id }) => id)).toEqual(ids);
    expect(of('wait', await yard.call({ action: 'wait', id: delegation_id, wait_seconds: 0 }))).toMatchObject({
      done: false,
      results: [],
    });
    expect(await yard.collect()).toEqual([]);
    release();
    expect((await waitFor(yard, delegation_id)).map(({ id }) => id)).toEqual(ids);
    expect(await waitFor(yard, ids[1]!)).toHaveLength(1);
  });

  test('nine end while one hangs: their results are readable at once, and the whole is bounded (F36, F38)', async () => {
    const { yard } = await openLab(
      ({ texts }) => (texts[0]?.includes('part-3 ') ? { hang: true } : { text: 'Done.' }),
      { limits: { first_token_timeout_seconds: 0.5 } },
    );
    const { delegation_id } = await start(yard, { tasks: tasks(9) });
    const early = of('wait', await yard.call({ action: 'wait', id: delegation_id, wait_seconds: 0.3 }));
    expect(early.results.map(({ status }) => status)).toEqual(Array(8).fill('completed'));
    expect(early.pending).toMatchObject([{ index: 3, status: 'running' }]);
    const { tasks: shown } = of('status', await yard.call({ action: 'status', id: delegation_id }));
    expect(shown.filter(({ result }) => result !== undefined)).toHaveLength(8);
    expect(shown[3]).toMatchObject({ status: 'running', turns: 0 });
    const results = await waitFor(yard, delegation_id);
    expect(results[3]).toMatchObject({ status: 'timeout', error: { class: 'timeout_first_token' } });
  });

  test('wait until somebody has their results: collected again and again, acknowledged once (F39)', async () => {
    const { yard } = await openLab(() => ({ text: 'Done.' }));
    const first = await start(yard, { tasks: tasks(2) });
    const second = await start(yard, { goal: 'Another one.' });
    await yard.delegate({ goal: 'In the foreground.' });
    for (const { delegation_id } of [first, second]) await waitFor(yard, delegation_id);
    const collected = await yard.collect();
    expect(collected.map(({ delegation_id }) => delegation_id)).toEqual([first.delegation_id, second.delegation_id]);
    expect(collected[0]?.results.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(await yard.collect({ origin: 'library' })).toEqual(collected);
    expect(await yard.collect({ origin: 'mcp' })).toEqual([]);
    expect(await yard.acknowledge(first.delegation_id)).toBe(true);
    expect(await yard.acknowledge(first.delegation_id)).toBe(false);
    expect((await yard.collect()).map(({ delegation_id }) => delegation_id)).toEqual([second.delegation_id]);
  });
});

describe('steering', () => {
  test.each(WIRES)(
    '%s: what a child is told is on the wire with its next turn, after the tool results',
    async (wire) => {
      let told: Promise<unknown> | undefined;
      const lab = await openLab(
        async ({ turn, texts }) => {
          if (turn > 0) return { text: `I heard: ${texts.at(-1)}` };
          told ??= lab.yard.call({ action: 'steer', id: handle.ids[0], message: 'Only the newest.' });
          await told;
          return { tool_calls: [LOOK] };
        },
        { wire },
      );
      const { yard, server } = lab;
      const events: DelegationEvent[] = [];
      const handle = await start(yard, { goal: 'List what is here.' }, (event) => events.push(event));
      const [result] = await waitFor(yard, handle.delegation_id);
      expect(result).toMatchObject({
        status: 'completed',
        summary: 'I heard: Only the newest.',
        turns: 2,
        steers: [{ message: 'Only the newest.', state: 'delivered', turn: 2 }],
      });
      expect(server.requests.map(({ status }) => status)).toEqual([200, 200]);
      expect(server.requests[1]?.tool_results).toHaveLength(1);
      expect(server.requests[1]?.texts).toHaveLength(2);
      const states = events.flatMap((event) => (event.type === 'steer' ? [[event.state, event.turn]] : []));
      expect(states).toEqual([
        ['queued', undefined],
        ['delivered', 2],
      ]);
      const journal = await (await yard.store()).journal(handle.ids[0]!);
      expect(journal.map(({ kind }) => kind)).toEqual([
        'message',
        'answer',
        'tool-start',
        'tool-end',
        'steer',
        'answer',
      ]);
      expect(of('status', await yard.call({ action: 'status', id: handle.ids[0] })).tasks[0]?.steers).toEqual(
        result?.steers,
      );
    },
  );

  test('a queued child hears it with its first turn', async () => {
    const { yard, server } = await openLab(
      async ({ texts }) => {
        await sleep(50);
        return { text: texts.join(' | ') };
      },
      { limits: { max_concurrent_children: 1 } },
    );
    const { delegation_id, ids } = await start(yard, { tasks: tasks(2) });
    const answer = of('steer', await yard.call({ action: 'steer', id: ids[1], message: 'Be brief.' }));
    expect(answer.steers).toEqual([{ task_id: ids[1], state: 'queued', id: expect.any(Number) }]);
    const results = await waitFor(yard, delegation_id);
    expect(results[1]?.summary).toBe('Look into part-1 of it. | Be brief.');
    expect(results[1]?.steers).toMatchObject([{ state: 'delivered', turn: 1 }]);
    expect(server.requests).toHaveLength(2);
  });

  test('what comes too late was missed, in the result and in the answer', async () => {
    let told: Promise<CallAnswer> | undefined;
    const lab = await openLab(async () => {
      told ??= lab.yard.call({ action: 'steer', id: handle.delegation_id, message: 'Wait!' });
      await told;
      return { text: 'Done.' };
    });
    const handle = await start(lab.yard, { goal: 'Do it at once.' });
    const [result] = await waitFor(lab.yard, handle.delegation_id);
    expect(result?.steers).toMatchObject([{ message: 'Wait!', state: 'missed' }]);
    expect(of('steer', await told!).steers).toMatchObject([{ state: 'queued' }]);
    const late = of('steer', await lab.yard.call({ action: 'steer', id: handle.delegation_id, message: 'Hello?' }));
    expect(late.steers).toEqual([{ task_id: handle.ids[0], state: 'missed' }]);
  });
});

describe('stopping', () => {
  test('a delegation of 100 running children: no request leaves after 100 ms, none of the queued starts, texts are kept', async () => {
    const { yard, server } = await openLab(
      async ({ turn }) => {
        await sleep(200 + 100 * Math.random());
        return {
          text: `turn ${turn}`,
          tool_calls: [{ name: 'list_files', arguments: { path: '.', glob: `*${turn}` } }],
        };
      },
      { limits: { max_concurrent_children: 100, max_children_per_call: 150 } },
    );
    const told: [type: string, at: number][] = [];
    const { delegation_id, ids } = await start(yard, { tasks: tasks(150) }, ({ type }) =>
      told.push([type, Date.now()]),
    );
    await until(() => server.requests.length > 250);
    await yard.call({ action: 'status', id: delegation_id });
    const asked = Date.now();
    const answer = of('stop', await yard.call({ action: 'stop', id: delegation_id }));
    expect(answer.tasks).toHaveLength(150);
    expect(answer.tasks.every(({ status }) => status === 'cancelled')).toBe(true);
    const turns = told.filter(([type]) => type === 'turn-start');
    expect(turns.at(-1)![1] - asked).toBeLessThanOrEqual(100);
    // From the first end on, and the ends come at once, nobody asks.
    expect(told.slice(told.findIndex(([type]) => type === 'task-end')).map(([type]) => type)).not.toContain(
      'turn-start',
    );
    await sleep(300);
    // What was on its way when it was stopped may arrive; nothing that was not.
    expect(server.requests.length).toBeLessThanOrEqual(turns.length);
    expect(server.in_flight).toBe(0);
    const results = await waitFor(yard, delegation_id);
    expect(results.map(({ id }) => id)).toEqual(ids);
    expect(results.filter(({ turns }) => turns > 0).every(({ summary }) => summary.startsWith('turn '))).toBe(true);
    expect(results.slice(100).every(({ turns }) => turns === 0)).toBe(true);
  });

  test('one child leaves its siblings alone', async () => {
    const { yard } = await openLab(({ texts }) => (texts[0]?.includes('part-1 ') ? { hang: true } : { text: 'Done.' }));
    const { delegation_id, ids } = await start(yard, { tasks: tasks(3) });
    await sleep(30);
    const { tasks: told } = of('stop', await yard.call({ action: 'stop', id: ids[1] }));
    expect(told).toMatchObject([{ id: ids[1], status: 'cancelled' }]);
    expect((await waitFor(yard, delegation_id)).map(({ status }) => status)).toEqual([
      'completed',
      'cancelled',
      'completed',
    ]);
  });

  test('a queued child ends at once, while all places are taken', async () => {
    const { yard } = await openLab(() => ({ hang: true }), { limits: { max_concurrent_children: 1 } });
    const { delegation_id, ids } = await start(yard, { tasks: tasks(3) });
    await sleep(30);
    await yard.call({ action: 'stop', id: ids[2] });
    const { tasks: shown } = of('status', await yard.call({ action: 'status', id: delegation_id }));
    expect(shown.map(({ status }) => status)).toEqual(['running', 'queued', 'cancelled']);
    await yard.call({ action: 'stop', id: delegation_id });
    expect((await waitFor(yard, delegation_id)).map(({ status }) => status)).toEqual(Array(3).fill('cancelled'));
  });
});

test('stops and steers at random moments lose no result and double none', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          after: fc.integer({ min: 0, max: 12 }),
          which: fc.integer({ min: -1, max: 5 }),
          ask: fc.constantFrom('stop', 'steer'),
        }),
        { maxLength: 8 },
      ),
      fc.integer({ min: 1, max: 6 }),
      async (asks, places) => {
        const server = await startProvider({
          wire: 'anthropic-messages',
          reply: async ({ turn }) => {
            await sleep(Math.random() * 6);
            return turn < 3 ? { tool_calls: [LOOK] } : { text: 'Done.' };
          },
        });
        const store = createMemoryStore();
        const ended: string[] = [];
        const yard = await createYardmaster({
          env: {},
          store,
          config: { providers: { lab: server.config }, delegation: { max_concurrent_children: places } },
        });
        const { delegation_id, ids } = await start(yard, { tasks: tasks(6), provider: 'lab', model: 'm' }, (event) => {
          if (event.type === 'task-end') ended.push(event.task_id);
        });
        const told = new Map<string, number>();
        await Promise.all(
          asks.map(async ({ after, which, ask }) => {
            await sleep(after * 3);
            const id = ids[which] ?? delegation_id;
            if (ask === 'stop') return yard.call({ action: 'stop', id });
            const { steers } = of('steer', await yard.call({ action: 'steer', id, message: `${after}` }));
            for (const { task_id, state } of steers)
              if (state === 'queued') told.set(task_id, (told.get(task_id) ?? 0) + 1);
          }),
        );
        const results = await waitFor(yard, delegation_id);
        expect(results.map(({ id }) => id)).toEqual(ids);
        await until(() => ended.length >= ids.length);
        expect([...ended].sort()).toEqual([...ids].sort());
        for (const result of results) {
          expect(['completed', 'cancelled']).toContain(result.status);
          const record = await store.task(result.id);
          expect(record?.result).toEqual(result);
          expect(record?.steers?.length ?? 0).toBe(told.get(result.id) ?? 0);
          const delivered = (record?.steers ?? []).filter(({ state }) => state === 'delivered');
          expect(delivered).toEqual((result.steers ?? []).filter(({ state }) => state === 'delivered'));
          const journal = await store.journal(result.id);
          expect(journal.filter(({ kind }) => kind === 'steer')).toHaveLength(delivered.length);
          expect(journal.filter(({ kind }) => kind === 'answer')).toHaveLength(result.turns);
        }
        expect(server.requests.every(({ status }) => status === undefined || status === 200)).toBe(true);
        await yard[Symbol.asyncDispose]();
        await server.close();
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

test.each([true, false])(
  'disposing ends what runs and what is queued as cancelled; background: %s',
  async (background) => {
    const store = createMemoryStore();
    const server = await startProvider({
      wire: 'openai-chat',
      reply: { hang: 'after-first', text: 'So far', deltas: 2 },
    });
    const yard = await createYardmaster({
      env: {},
      store,
      config: { providers: { lab: server.config }, delegation: { max_concurrent_children: 2 } },
    });
    const asked = yard.call({ tasks: tasks(3), provider: 'lab', model: 'm', background });
    await until(() => server.in_flight === 2);
    await yard[Symbol.asyncDispose]();
    const left = await store.tasks();
    expect(left.map(({ status, result }) => [status, result?.status])).toEqual(
      Array(3).fill(['cancelled', 'cancelled']),
    );
    expect(await asked).toMatchObject(
      background ? { kind: 'handle' } : { kind: 'results', results: Array(3).fill({ status: 'cancelled' }) },
    );
    await expect(yard.call({ goal: 'More.', provider: 'lab', model: 'm' })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    await server.close();
  },
);

test('one signal may stop any number of calls, and Node does not take that for a leak', async () => {
  const { yard } = await openLab(() => ({ text: 'Done.' }));
  const warned: string[] = [];
  const hear = ({ name }: Error): void => void warned.push(name);
  process.on('warning', hear);
  onTestFinished(() => void process.off('warning', hear));
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 20 }, (_, i) => yard.delegate({ goal: `Do this, number ${i}.` }, { signal })));
  await new Promise((resolve) => setImmediate(resolve));
  expect(warned).not.toContain('MaxListenersExceededWarning');
});
