import { describe, expect, test } from 'vitest';
import type { Usage } from '../../core/provider.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import { call, createRig, failed, routeTo, task } from '../test-rig.ts';

const usage = (input: number, output: number): Usage => ({
  input,
  output,
  cache_read: 0,
  cache_write: 0,
  reasoning: 0,
});
const USE_TOOL = { text: 'So far.', tool_calls: [call('echo', { text: 'hello' })] };

describe('a budget is kept before the request, not counted after it (F51)', () => {
  test('the request that could pass it does not leave; what exists is kept', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ ...USE_TOOL, usage: usage(800, 1_000) }) });
    const [result] = (await rig.run([task({}, {}, { budget: { tokens: 2_600 } })])).results;
    expect(result).toMatchObject({
      status: 'partial',
      exit_reason: 'budget',
      error: {
        code: 'BUDGET_EXCEEDED',
        message: expect.stringMatching(
          /could pass the task's budget: of 2600 tokens, 1800 are used and 0 set aside, and it needs at least \d+/,
        ),
        budget: { of: 'task', id: 't_2', kind: 'tokens', limit: 2_600, used: 1_800, set_aside: 0 },
      },
      summary: 'So far.',
      turns: 1,
    });
    expect(rig.asked).toHaveLength(1);
  });

  test('the output of a request is capped by what is left', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'Half', stop: 'length' }) });
    const [result] = (await rig.run([task({}, {}, { budget: { usd: 0.009 } })])).results;
    const cap = rig.asked[0]?.options.max_output;
    expect(cap).toBeGreaterThan(256);
    expect(cap).toBeLessThan(1_000);
    expect(result).toMatchObject({ status: 'partial', exit_reason: 'budget', error: { code: 'ANSWER_TRUNCATED' } });
  });

  test('with room enough, the cap is what the model can write', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }) });
    await rig.run([task({}, {}, { budget: { usd: 5 } })]);
    expect(rig.asked[0]?.options.max_output).toBe(1_000);
  });

  test.each([
    ['tokens', { tokens: 3_500 }],
    ['usd', { usd: 0.0225 }],
    ['turns', { turns: 2 }],
  ])('room for two, three at once: exactly two leave together, whatever the kind (%s)', async (_, budget) => {
    await using store = createMemoryStore();
    let running = 0;
    let most = 0;
    const rig = createRig({
      store,
      model: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return { text: 'x', usage: usage(700, 1_000) };
      },
    });
    const { results } = await rig.run([task({}), task({}), task({})], { budget });
    expect(most).toBe(2);
    expect(results.map(({ status }) => status).sort()).toEqual(['completed', 'completed', 'denied']);
    expect(results.find(({ status }) => status === 'denied')).toMatchObject({
      exit_reason: 'budget',
      error: {
        code: 'BUDGET_EXCEEDED',
        budget: { of: 'call', id: 'd_1', kind: Object.keys(budget)[0], limit: Object.values(budget)[0], set_aside: 0 },
      },
    });
  });

  test('what was set aside and not used serves those who waited', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return { text: 'x', usage: usage(10, 10) };
      },
    });
    const { results } = await rig.run([task({}), task({}), task({})], { budget: { tokens: 2_500 } });
    expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    expect(new Set(rig.asked.map(({ options }) => options.max_output))).toEqual(new Set([1_000]));
  });

  test('an answer without usage is booked at its worst case', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ ...USE_TOOL, usage: undefined as never }) });
    const [result] = (await rig.run([task({}, {}, { budget: { tokens: 1_600 } })])).results;
    expect(result).toMatchObject({ exit_reason: 'budget', turns: 1 });
  });

  test('a request that failed for nothing gives its turn back; one that was billed does not give its money back', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ count }) => {
        if (count < 3) throw failed('unavailable');
        return { text: 'Done.', usage: usage(100, 10) };
      },
    });
    const [done] = (await rig.run([task({}, {}, { budget: { turns: 1, tokens: 2_000 } })])).results;
    expect(done).toMatchObject({ status: 'completed', turns: 1 });

    const cut = createRig({
      store: createMemoryStore(),
      model: () => {
        throw failed('cut', { sent: { model: 'm', reasoning: null }, partial: { text: 'Half', reasoning: '' } });
      },
    });
    const [result] = (await cut.run([task({}, {}, { budget: { tokens: 1_600 } })])).results;
    expect(result).toMatchObject({ status: 'partial', exit_reason: 'budget', summary: 'Half', turns: 0 });
    expect(cut.asked).toHaveLength(1);
  });

  test('a hop is kept to the budget at the price of its new route', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ route }) => {
        if (route.provider === 'lab') throw failed('quota', { sent: { model: 'm', reasoning: null } });
        return { text: 'Done.', usage: usage(100, 100) };
      },
    });
    const fallback = [routeTo('dear/n', { price: { in: 100, out: 1_000 } })];
    const [result] = (await rig.run([task({}, { fallback }, { budget: { usd: 0.05 } })])).results;
    expect(result).toMatchObject({ status: 'partial', exit_reason: 'budget', error: { budget: { kind: 'usd' } } });
    expect(rig.asked.map(({ route }) => route.provider)).toEqual(['lab']);
  });

  test('a usd budget on a route whose price is unknown is refused, never taken as free (F52)', async () => {
    await using store = createMemoryStore();
    const { price: _, ...route } = routeTo('lab/m');
    const rig = createRig({ store, model: () => ({ text: 'x' }) });
    const [result] = (await rig.run([{ route, budget: { usd: 100 } }])).results;
    expect(result).toMatchObject({ status: 'denied', error: { code: 'BUDGET_EXCEEDED' } });
    expect(rig.asked).toEqual([]);
  });

  test('a child that waits for the budget of its siblings can be stopped', async () => {
    await using store = createMemoryStore();
    const stop = new AbortController();
    const rig = createRig({
      store,
      model: ({ options }) =>
        new Promise((_, reject) => {
          options.signal.addEventListener('abort', () => reject(new Error('aborted')));
          setTimeout(() => stop.abort(), 5);
        }),
    });
    const { results } = await rig.run([task({}), task({})], { signal: stop.signal, budget: { tokens: 1_500 } });
    expect(results.map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect(rig.asked).toHaveLength(1);
  });

  test('a child that waits for budget says so, and says when it goes on', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { text: 'x', usage: usage(10, 10) };
      },
    });
    await rig.run([task({}), task({})], { budget: { tokens: 1_500 } });
    expect(rig.events.filter((event) => event.type === 'waiting')).toMatchObject([
      { index: 1, reason: 'budget', state: 'begun' },
      { index: 1, reason: 'budget', state: 'over' },
    ]);
  });
});
