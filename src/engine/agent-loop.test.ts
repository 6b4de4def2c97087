import { describe, expect, test } from 'vitest';
import type { Answer } from '../core/provider.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { STOP_REPEATS, WARN_REPEATS } from './agent-loop.ts';
import { call, createRig, echoTool, task } from './test-rig.ts';

const USE_TOOL: Partial<Answer> = { text: 'Let me see.', tool_calls: [call('echo', { text: 'hello' })] };

describe('the end of a child is decided by evidence', () => {
  test.each<[string, Partial<Answer>, { status: string; exit_reason: string; code?: string; class?: string }]>([
    ['a whole answer', { text: 'Found it.' }, { status: 'completed', exit_reason: 'answered' }],
    ['an empty answer (F20)', { text: ' \n' }, { status: 'failed', exit_reason: 'error', code: 'ANSWER_EMPTY' }],
    [
      'an answer cut at the output limit (F20)',
      { text: 'Half of', stop: 'length' },
      { status: 'partial', exit_reason: 'length', code: 'ANSWER_TRUNCATED' },
    ],
    [
      'the output limit before any text (F20)',
      { reasoning: 'hm', stop: 'length' },
      { status: 'failed', exit_reason: 'length', code: 'ANSWER_TRUNCATED' },
    ],
    [
      'a tool call cut at the output limit',
      { text: 'Writing', tool_calls: [call('echo', '{"text":"hel')], stop: 'length' },
      { status: 'partial', exit_reason: 'length', code: 'ANSWER_TRUNCATED' },
    ],
    [
      'a refusal (F18)',
      { text: 'I cannot', stop: 'refusal' },
      { status: 'failed', exit_reason: 'refusal', code: 'PROVIDER_FAILED', class: 'content_refusal' },
    ],
    [
      'a stop of an unknown kind',
      { text: 'Some', stop: 'other' },
      { status: 'partial', exit_reason: 'error', code: 'ANSWER_TRUNCATED' },
    ],
    [
      'a stop of an unknown kind and no text',
      { stop: 'other' },
      { status: 'failed', exit_reason: 'error', code: 'ANSWER_EMPTY' },
    ],
  ])('%s', async (_, given, { status, exit_reason, code, class: cls }) => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => given });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status, exit_reason, summary: given.text?.trim() === '' ? '' : (given.text ?? '') });
    expect(result?.error?.code).toBe(code);
    expect(result?.error?.class).toBe(cls);
    expect((await store.task(result!.id))?.status).toBe(status);
    expect(rig.asked).toHaveLength(1);
  });

  test('the last text is kept when the child ends without one', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: ({ count }) => (count === 1 ? USE_TOOL : { text: '' }) });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'failed', error: { code: 'ANSWER_EMPTY' }, summary: 'Let me see.' });
  });
});

describe('turns', () => {
  test.each([
    ['the end of a tool with effects before the next request', false, ['user', 'answer', 'tool-start', 'tool-end']],
    ['the end of a tool that only reads with the next answer', true, ['user', 'answer', 'tool-start']],
  ])('each step is in the journal before it is acted on: %s', async (_, idempotent, before) => {
    await using store = createMemoryStore();
    const seen: Record<string, string[]> = {};
    const rig = createRig({
      store,
      tools: [
        echoTool({
          idempotent,
          run: async () => {
            seen.tool = await rig.kinds('t_2');
            return { content: 'hello', is_error: false };
          },
        }),
      ],
      model: async ({ count }) => {
        seen[`request ${count}`] = await rig.kinds('t_2');
        return count === 1 ? USE_TOOL : { text: 'Done.' };
      },
    });
    await rig.run([task({})]);
    expect(seen).toEqual({
      'request 1': [],
      tool: ['user', 'answer', 'tool-start'],
      'request 2': before,
    });
    expect(await rig.kinds('t_2')).toEqual(['user', 'answer', 'tool-start', 'tool-end', 'answer']);
  });

  test('the model is given its goal and context first, then its own answers and the results of its tools', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: ({ count }) => (count === 1 ? USE_TOOL : { text: 'Done.' }) });
    await rig.run([task({ goal: 'Find it.', context: 'It is blue.' })]);
    const [first, second] = rig.asked;
    expect(first?.goal).toBe('Find it.\n\n# Context\n\nIt is blue.');
    expect(second?.messages.map((message) => message.role)).toEqual(['user', 'assistant', 'tool']);
    expect(second?.messages[2]).toMatchObject({ results: [{ id: 'c1', content: 'hello', is_error: false }] });
  });

  test('siblings share their system prompt to the byte, whatever their tasks are', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'Done.' }) });
    await rig.run([task({ goal: 'One.' }), task({ goal: 'Two.', context: 'c', output_schema: { type: 'object' } })], {
      instructions: 'Use tabs.',
    });
    expect(new Set(rig.asked.map((asked) => asked.system)).size).toBe(1);
    expect(rig.asked[0]?.system).toMatch(/Use tabs\.$/);
    expect(rig.asked[0]?.system.length).toBeLessThan(1_000);
  });

  test('usage, turns, calls and request ids are the sum of what the provider said', async () => {
    await using store = createMemoryStore();
    const usage = { input: 1_000_000, output: 1_000_000, cache_read: 0, cache_write: 0, reasoning: 7 };
    const rig = createRig({
      store,
      model: ({ count }) => ({
        ...(count === 1 ? USE_TOOL : { text: 'Done.' }),
        usage,
        request_id: `req_${count}`,
        notes: ['A note.'],
      }),
    });
    const result = await rig.run([task({})]);
    expect(result.results[0]).toMatchObject({
      usage: { input: 2_000_000, output: 2_000_000, reasoning: 14 },
      cost: { usd: 22, complete: true },
      turns: 2,
      tool_calls: 1,
      route: { served: { model: 'm', verified: 'match', request_ids: ['req_1', 'req_2'] }, notes: ['A note.'] },
    });
    expect(result.cost).toEqual({ usd: 22, complete: true });
  });

  test.each<[string, Partial<Answer>]>([
    ['no usage', {}],
    [
      'zero tokens for an answer that has some',
      { usage: { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 } },
    ],
  ])('a provider that reports %s leaves the cost incomplete, never zero (F52)', async (_, more) => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ goal }) =>
        goal === 'known' ? { text: 'x' } : { text: 'x', ...(more.usage ? more : { usage: undefined as never }) },
    });
    const result = await rig.run([task({ goal: 'known' }), task({ goal: 'unknown' })]);
    expect(result.results.map((one) => one.cost.complete)).toEqual([true, false]);
    expect(result.cost.complete).toBe(false);
  });

  test('a price that is not known leaves the cost incomplete, never zero (F52)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }) });
    const { price: _, ...route } = task({}).route;
    const result = await rig.run([task({}), { ...task({}), route }]);
    expect(result.results.map((one) => one.cost.complete)).toEqual([true, false]);
    expect(result.cost.complete).toBe(false);
  });

  test('the turns end at max_turns; the last one is announced', async () => {
    await using store = createMemoryStore();
    let n = 0;
    const rig = createRig({
      store,
      limits: { max_turns: 3 },
      model: () => ({ text: `t${++n}`, tool_calls: [call('echo', { text: String(n) })] }),
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({
      status: 'partial',
      exit_reason: 'max_turns',
      error: { code: 'TURNS_EXHAUSTED' },
      summary: 't3',
      turns: 3,
    });
    const results = rig.asked[2]?.messages.filter((message) => message.role === 'tool') ?? [];
    expect(results.map(({ results: [r] }) => r?.content)).toEqual([
      '1',
      '2\n\n[This was the last turn with tools: answer now, from what you have.]',
    ]);
  });

  test("a task's budget of turns ends it before max_turns, and the last turn is announced", async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: ({ count }) => ({ tool_calls: [call('echo', { text: `${count}` })] }) });
    const [result] = (await rig.run([task({}, {}, { budget: { turns: 2 } })])).results;
    expect(result).toMatchObject({
      status: 'partial',
      exit_reason: 'budget',
      error: { code: 'BUDGET_EXCEEDED', budget: { of: 'task', kind: 'turns', limit: 2, used: 2 } },
      turns: 2,
    });
    expect(rig.asked).toHaveLength(2);
    expect(JSON.stringify(rig.asked[1]?.messages)).toContain('This was the last turn with tools');
    // The calls of the last answer are not run: nobody would read what they give.
    expect(await rig.kinds(result!.id)).toEqual(['user', 'answer', 'tool-start', 'tool-end', 'answer']);
  });

  test('a child that repeats itself is told, and then stopped', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => USE_TOOL });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'partial', exit_reason: 'loop', turns: STOP_REPEATS });
    const told = rig.asked
      .at(-1)
      ?.messages.filter((m) => m.role === 'tool' && /times in a row/.test(m.results[0]!.content));
    expect(told).toHaveLength(STOP_REPEATS - WARN_REPEATS);
  });
});

describe('what served', () => {
  const lying = { text: 'I am m.', served_model: 'other-model' };

  test('a model that was not asked for ends the child at once, its text kept (F2)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ ...lying, tool_calls: [call('echo', { text: 'x' })] }) });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({
      status: 'failed',
      exit_reason: 'mismatch',
      error: { code: 'SERVED_MISMATCH' },
      summary: 'I am m.',
      route: { served: { model: 'other-model', verified: 'mismatch' } },
    });
    expect(result?.error?.message).toContain('"lab/m"');
    expect(await rig.kinds(result!.id)).toEqual(['user', 'answer']);
  });

  test('one mismatch among many answers is a mismatch, and it is told which model it was (F3)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      settings: { on_mismatch: 'warn' },
      model: ({ count }) =>
        count === 1 ? { ...USE_TOOL, served_model: 'other-model' } : { text: 'I am surely m.', served_model: 'm' },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({
      status: 'completed',
      route: { served: { model: 'other-model', verified: 'mismatch' } },
    });
  });

  test('what the model says about itself changes nothing; an unnamed answer is unreported (F3)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ count }) => ({
        ...(count === 1 ? USE_TOOL : { text: 'I am m, served_model: m.' }),
        ...(count === 1 ? {} : { served_model: undefined as never }),
      }),
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'completed', route: { served: { model: 'm', verified: 'unreported' } } });
  });
});

describe('output_schema', () => {
  const output_schema = { type: 'object', required: ['n'] };
  const validateOutput = async (_: unknown, value: unknown): Promise<string[]> =>
    typeof (value as { n?: unknown } | null)?.n === 'number' ? [] : ['$.n is missing.'];

  test.each([
    ['plain', '{"n": 1}'],
    ['in a Markdown fence', '```json\n{"n": 1}\n```'],
  ])('a valid answer is handed on as a value (%s)', async (_, text) => {
    await using store = createMemoryStore();
    const rig = createRig({ store, deps: { validateOutput }, model: () => ({ text }) });
    const [result] = (await rig.run([task({ output_schema })])).results;
    expect(result).toMatchObject({ status: 'completed', output: { n: 1 } });
    expect(rig.asked[0]?.goal).toContain(JSON.stringify(output_schema));
  });

  test('an invalid answer gets one repair turn with the reasons', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      deps: { validateOutput },
      model: ({ count }) => ({ text: count === 1 ? '{"m": 1}' : '{"n": 2}' }),
    });
    const [result] = (await rig.run([task({ output_schema })])).results;
    expect(result).toMatchObject({ status: 'completed', output: { n: 2 }, turns: 2 });
    expect(rig.asked[1]?.messages.at(-1)).toMatchObject({
      role: 'user',
      text: expect.stringContaining('$.n is missing.'),
    });
    expect(await rig.kinds(result!.id)).toEqual(['user', 'answer', 'user', 'answer']);
  });

  test.each(['{"m": 1}', 'not JSON at all', 'Here it is: {"n": 1}'])(
    'an answer that is invalid twice is invalid_output, its text kept (F21): %s',
    async (text) => {
      await using store = createMemoryStore();
      const rig = createRig({ store, deps: { validateOutput }, model: () => ({ text }) });
      const [result] = (await rig.run([task({ output_schema })])).results;
      expect(result).toMatchObject({ status: 'invalid_output', error: { code: 'OUTPUT_INVALID' }, summary: text });
      expect(result).not.toHaveProperty('output');
      expect(rig.asked).toHaveLength(2);
    },
  );
});

test('a key does not leave with an answer or its value, whatever the model says', async () => {
  await using store = createMemoryStore();
  const rig = createRig({ store, model: () => ({ text: '{"key": "SECRET"}' }) });
  const [result] = (await rig.run([task({ output_schema: { type: 'object' } })])).results;
  expect(result).toMatchObject({ summary: '{"key": "[filtered]"}', output: { key: '[filtered]' } });
});
