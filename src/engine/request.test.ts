import { describe, expect, test } from 'vitest';
import { CLASS_POLICY, DEFAULT_FALLBACK_ON, MAX_ATTEMPTS } from '../core/after-failure.ts';
import { ERROR_CLASSES } from '../core/provider.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { call, createRig, failed, routeTo, task, untilAborted } from './test-rig.ts';

const USE_TOOL = { text: 'Let me see.', tool_calls: [call('echo', { text: 'hello' })] };

describe('retries', () => {
  test.each(ERROR_CLASSES)('a route without a chain is the only one ever asked (F14): %s', async (cls) => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: () => {
        throw failed(cls, { status: 400, upstream: '{"error":"the SECRET cause"}' });
      },
    });
    const [result] = (await rig.run([task({})])).results;
    const attempts = CLASS_POLICY[cls] === 'retry' ? MAX_ATTEMPTS : 1;
    expect(rig.asked.map(({ route }) => route.authority)).toEqual(Array(attempts).fill('http://lab.test'));
    expect(result?.status).toMatch(cls.startsWith('timeout') ? 'timeout' : 'failed');
    expect(result).toMatchObject({
      error: { class: cls, upstream: '{"error":"the [redacted] cause"}' },
      route: { hops: [] },
      turns: 0,
      summary: '',
    });
  });

  test('a failure after a tool ran goes on with the conversation; the tool is not run again (F19)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ count }) => {
        if (count === 1) return USE_TOOL;
        if (count < 4) throw failed('unavailable', { status: 503 });
        return { text: 'Done.' };
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'completed', turns: 2, tool_calls: 1 });
    expect(await rig.kinds(result!.id)).toEqual(['user', 'answer', 'tool-start', 'tool-end', 'answer']);
    expect(rig.asked.map(({ messages }) => messages.length)).toEqual([1, 3, 3, 3]);
    expect(rig.events.filter((event) => event.type === 'retry')).toMatchObject([
      { class: 'unavailable', attempt: 1, wait_ms: 250 },
      { class: 'unavailable', attempt: 2, wait_ms: 500 },
    ]);
  });

  test('Retry-After is the least wait; a longer one than the child may wait ends it', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ count }) => {
        if (count < 3) throw failed('rate_limit', { retry_after_ms: count === 1 ? 2_000 : 3_600_000 });
        return { text: 'Done.' };
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(rig.slept).toEqual([2_250]);
    expect(result).toMatchObject({ status: 'failed', error: { class: 'rate_limit' } });
  });

  test('many on an account that refuses everything end without each asking as often as it may (F46)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      limits: { max_concurrent_children: 50 },
      model: () => {
        throw failed('rate_limit');
      },
    });
    const { results } = await rig.run(Array.from({ length: 50 }, () => task({})));
    expect(new Set(results.map(({ status, error }) => `${status} ${error?.class}`))).toEqual(
      new Set(['failed rate_limit']),
    );
    expect(rig.asked.length).toBeLessThan(120);
  });

  test('what arrived before a cut is kept, and its cost is unknown (F42, F52)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: () => {
        throw failed('cut', {
          partial: { text: 'Half an answ', reasoning: '' },
          sent: { model: 'm', reasoning: null },
        });
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'failed', summary: 'Half an answ', cost: { complete: false } });
  });

  test.each([
    ['network', { sent: { model: 'm', reasoning: null } }, false],
    ['network', {}, true],
    ['unknown', { sent: { model: 'm', reasoning: null } }, false],
    ['auth', { sent: { model: 'm', reasoning: null } }, true],
  ] as const)('the cost after a request that failed with %s and %j is complete: %j', async (cls, failure, complete) => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: () => {
        throw failed(cls, failure);
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'failed', cost: { usd: 0, complete } });
  });

  test('an adapter that throws something else ends the child as our own defect', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: () => {
        throw new TypeError('undefined is not a SECRET function');
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'INTERNAL', message: 'undefined is not a [redacted] function' },
    });
  });
});

describe('hops', () => {
  const chain = [routeTo('spare/n', { reasoning_effort: 'low', wire: 'anthropic-messages' }), routeTo('third/o')];

  test.each(ERROR_CLASSES)('%s goes along the chain only where the class allows it (F15, F17, F18)', async (cls) => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ route }) => {
        if (route.provider === 'lab') throw failed(cls);
        return { text: 'Done.' };
      },
    });
    const [result] = (await rig.run([task({}, { fallback: chain })])).results;
    const hops = DEFAULT_FALLBACK_ON.includes(cls);
    expect(result?.route.hops).toEqual(hops ? [{ from: 'lab/m', to: 'spare/n', because: cls }] : []);
    expect(result?.status === 'completed').toBe(hops);
    expect(rig.asked.some(({ route }) => route.provider === 'third')).toBe(false);
  });

  test('a refused key goes along the chain only where the operator lists it', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      settings: { fallback_on: ['auth'] },
      model: ({ route }) => {
        if (route.provider === 'lab') throw failed('auth', { status: 401 });
        throw failed('quota');
      },
    });
    const [result] = (await rig.run([task({}, { fallback: chain })])).results;
    expect(result).toMatchObject({
      error: { class: 'quota' },
      route: { hops: [{ from: 'lab/m', to: 'spare/n', because: 'auth' }] },
    });
    expect(rig.asked).toHaveLength(2);
  });

  test('what was sent and served belongs to the route it ran on, and so does what it cost (F26)', async () => {
    await using store = createMemoryStore();
    const sent = { model: 'm', reasoning: null };
    const rig = createRig({
      store,
      model: ({ route, count }) => {
        if (route.provider !== 'lab') return { text: 'Done.' };
        if (count > 1) throw failed('unavailable', { sent });
        return { ...USE_TOOL, served_model: '' };
      },
      settings: { fallback_on: ['unavailable'] },
    });
    const [result] = (await rig.run([task({}, { fallback: [routeTo('spare/n', { price: { in: 5, out: 5 } })] })]))
      .results;
    expect(result?.route).toMatchObject({
      resolved: { provider: 'lab' },
      ran_on: { provider: 'spare', model: 'n' },
      sent: { model: 'n' },
      served: { model: 'n', verified: 'match' },
    });
    expect(result?.by_route?.map(({ route, cost }) => [route.provider, cost.usd])).toEqual([
      ['lab', expect.closeTo(0.0002, 10)],
      ['spare', expect.closeTo(0.00055, 10)],
    ]);
  });

  test('a hop to a route that nothing left for is in the hops alone', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ route }) => {
        throw route.provider === 'lab' ? failed('quota', { sent: { model: 'm', reasoning: null } }) : failed('network');
      },
      limits: { timeout_seconds: 1 },
    });
    const [result] = (await rig.run([task({}, { fallback: [routeTo('spare/n')] })])).results;
    expect(result?.route).toMatchObject({ resolved: { provider: 'lab' }, sent: { model: 'm' } });
    expect(result?.route.hops).toHaveLength(1);
    expect(result?.route).not.toHaveProperty('ran_on');
    expect(result).not.toHaveProperty('by_route');
  });

  test('another model than the one asked for is no reason to go along the chain (F14)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'I am it.', served_model: 'other-9' }) });
    const [result] = (await rig.run([task({}, { fallback: chain })])).results;
    expect(result).toMatchObject({
      status: 'failed',
      exit_reason: 'mismatch',
      summary: 'I am it.',
      route: { hops: [], served: { model: 'other-9', verified: 'mismatch' } },
    });
    expect(rig.asked).toHaveLength(1);
  });

  test('a hop carries the finished conversation over, without what only the first model can read (F16, F19)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ route, count }) => {
        if (route.provider === 'lab' && count === 1) {
          return {
            ...USE_TOOL,
            replay: { signature: 'x' },
            tool_calls: [{ ...call('echo', { text: 'hello' }), extra: 1 }],
          };
        }
        if (route.provider !== 'third') throw failed('quota');
        return { text: 'Done.' };
      },
    });
    const [result] = (await rig.run([task({ goal: 'Find it.' }, { fallback: chain })])).results;
    const last = rig.asked.at(-1)!;
    expect(last.route).toEqual(chain[1]);
    expect(last.messages.map((message) => message.role)).toEqual(['user', 'assistant', 'tool']);
    expect(last.messages[1]).toMatchObject({ answer: { text: 'Let me see.' } });
    expect(JSON.stringify(last.messages)).not.toMatch(/signature|extra/);
    expect(result).toMatchObject({
      status: 'completed',
      turns: 2,
      tool_calls: 1,
      route: {
        resolved: { provider: 'lab', model: 'm' },
        ran_on: { provider: 'third', model: 'o', authority: 'http://third.test' },
        sent: { model: 'o' },
        served: { model: 'o', verified: 'match' },
        hops: [
          { from: 'lab/m', to: 'spare/n', because: 'quota' },
          { from: 'spare/n', to: 'third/o', because: 'quota' },
        ],
      },
    });
    expect(result?.by_route).toMatchObject([
      { route: { provider: 'lab' }, turns: 1, cost: { complete: true } },
      { route: { provider: 'third' }, turns: 1, cost: { complete: true } },
    ]);
    expect(result?.by_route?.reduce((sum, { cost }) => sum + cost.usd, 0)).toBeCloseTo(result!.cost.usd, 12);
    expect(await rig.kinds(result!.id)).toEqual(['user', 'answer', 'tool-start', 'tool-end', 'hop', 'hop', 'answer']);
    expect(rig.events.find((event) => event.type === 'task-end')).toMatchObject({ route: chain[1] });
  });

  test('a chain that is used up ends the child with the last cause', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ route }) => {
        throw failed('quota', { upstream: route.provider });
      },
    });
    const [result] = (await rig.run([task({}, { fallback: chain })])).results;
    expect(result).toMatchObject({ status: 'failed', error: { class: 'quota', upstream: 'third' } });
    expect(rig.asked).toHaveLength(3);
  });

  test("cost counts at each route's own price", async () => {
    await using store = createMemoryStore();
    const usage = { input: 1_000_000, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 };
    const rig = createRig({
      store,
      model: ({ route, count }) => {
        if (route.provider === 'lab' && count === 2) throw failed('quota');
        return { ...(route.provider === 'lab' ? USE_TOOL : { text: 'Done.' }), usage };
      },
    });
    const fallback = [routeTo('spare/n', { price: { in: 3, out: 1 } })];
    const [result] = (await rig.run([task({}, { fallback })])).results;
    expect(result?.cost).toEqual({ usd: 4, complete: true });
  });
});

describe('limits on time', () => {
  test('a child past its timeout ends as timeout with the text it had (F34, F42)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ count, options }) => (count === 1 ? USE_TOOL : untilAborted(options.signal)),
    });
    const [result] = (await rig.run([task({ timeout_seconds: 0.05 })])).results;
    expect(result).toMatchObject({
      status: 'timeout',
      exit_reason: 'timeout',
      error: { code: 'TIMEOUT' },
      summary: 'Let me see.',
    });
  });

  test.each([
    ['the task asks for less', 0.02, 5],
    ['the operator allows less', 5, 0.02],
  ])('the lower limit holds: %s', async (_, timeout_seconds, allowed) => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      limits: { timeout_seconds: allowed },
      model: ({ options }) => untilAborted(options.signal),
    });
    const [result] = (await rig.run([task({ timeout_seconds })])).results;
    expect(result?.error?.message).toContain('0.02 seconds');
  });

  test('a limit longer than a timer can hold does not fire at once', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }) });
    const [result] = (await rig.run([task({ timeout_seconds: 1e12 })])).results;
    expect(result?.status).toBe('completed');
  });

  test("the wire gets the operator's limits (F34, F49)", async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      limits: { first_token_timeout_seconds: 7, idle_timeout_seconds: 9 },
      model: () => ({ text: 'x' }),
    });
    await rig.run([task({})]);
    expect(rig.asked[0]?.options).toMatchObject({ first_token_timeout_ms: 7_000, idle_timeout_ms: 9_000 });
    expect(rig.asked[0]?.options).not.toHaveProperty('max_output');
  });
});
