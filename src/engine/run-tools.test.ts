import { describe, expect, test } from 'vitest';
import type { ToolCall, ToolResult } from '../core/provider.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { MAX_CALLS_AN_ANSWER } from './run-tools.ts';
import { call, createRig, echoTool, type RigOptions, task } from './test-rig.ts';

/** The results the model reads after it asked for these calls. */
async function resultsOf(
  tool_calls: readonly ToolCall[],
  options: Partial<RigOptions> = {},
): Promise<readonly ToolResult[]> {
  await using store = createMemoryStore();
  const rig = createRig({
    store,
    model: ({ count }) => (count === 1 ? { tool_calls } : { text: 'Done.' }),
    ...options,
  });
  const [result] = (await rig.run([task({})])).results;
  expect(result?.status).toBe('completed');
  const last = rig.asked.at(-1)?.messages.at(-1);
  return last?.role === 'tool' ? last.results : [];
}

describe('a call that cannot be run is an error the model reads', () => {
  test.each<[string, ToolCall, RegExp]>([
    ['an unknown tool', call('ecko', {}), /no tool "ecko".*: echo\./],
    ['arguments that are not JSON', call('echo', '{"text": "hel'), /not JSON/],
    ['arguments that are no object', call('echo', '["x"]'), /one JSON object/],
    ['a missing argument', call('echo', {}), /"text" is missing/],
    ['no arguments at all', call('echo', ''), /"text" is missing/],
    ['an argument of the wrong type', call('echo', { text: 1 }), /"text" must be of type string, not number/],
    ['an argument that does not exist', call('echo', { text: 'x', txt: 1 }), /"txt" is not an argument/],
    ['a name from Object.prototype', call('constructor', {}), /no tool "constructor"/],
    ['an argument from Object.prototype', call('echo', '{"text":"x","__proto__":1}'), /"__proto__" is not an argument/],
  ])('%s', async (_, given, expected) => {
    expect(await resultsOf([given])).toMatchObject([
      { id: 'c1', is_error: true, content: expect.stringMatching(expected) },
    ]);
  });

  test('a tool that throws', async () => {
    const tools = [
      echoTool({
        run: () => {
          throw new Error('no SECRET here');
        },
      }),
    ];
    expect(await resultsOf([call('echo', { text: 'x' })], { tools })).toMatchObject([
      { is_error: true, content: 'It failed: no [filtered] here' },
    ]);
  });

  test('a tool that never returns ends at tool_timeout_seconds; its siblings keep their results (F34)', async () => {
    const aborted: boolean[] = [];
    const tools = [
      echoTool({
        run: ({ text }, signal) => {
          if (text === 'quick') return Promise.resolve({ content: 'quick', is_error: false });
          signal.addEventListener('abort', () => aborted.push(true));
          return new Promise(() => {});
        },
      }),
    ];
    const calls = [call('echo', { text: 'hang' }, 'a'), call('echo', { text: 'quick' }, 'b')];
    expect(await resultsOf(calls, { tools, limits: { tool_timeout_seconds: 0.03 } })).toMatchObject([
      { id: 'a', is_error: true, content: 'It gave no result within 0.03 s and was stopped.' },
      { id: 'b', is_error: false, content: 'quick' },
    ]);
    expect(aborted).toEqual([true]);
  });

  test('ten thousand calls in one answer', async () => {
    let runs = 0;
    const tools = [
      echoTool({
        run: async () => {
          runs += 1;
          return { content: 'x', is_error: false };
        },
      }),
    ];
    const calls = Array.from({ length: 10_000 }, (_, i) => call('echo', { text: 'x' }, `c${i}`));
    const results = await resultsOf(calls, { tools });
    expect(runs).toBe(MAX_CALLS_AN_ANSWER);
    expect(results.map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
    expect(results.filter(({ is_error }) => is_error)).toHaveLength(10_000 - MAX_CALLS_AN_ANSWER);
  });
});

test('results come in the order of the calls, however long each took', async () => {
  const tools = [
    echoTool({
      run: ({ text }) =>
        new Promise((resolve) =>
          setTimeout(resolve, text === 'slow' ? 20 : 0, { content: String(text), is_error: false }),
        ),
    }),
  ];
  const calls = [call('echo', { text: 'slow' }, 'a'), call('echo', { text: 'fast' }, 'b')];
  expect((await resultsOf(calls, { tools })).map(({ content }) => content)).toEqual(['slow', 'fast']);
});

test.each([
  ['idempotent tools run side by side', true, 2],
  ['others run one by one', false, 1],
])('%s', async (_, idempotent, together) => {
  let running = 0;
  let most = 0;
  const tools = [
    echoTool({
      idempotent,
      run: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return { content: 'x', is_error: false };
      },
    }),
  ];
  await resultsOf([call('echo', { text: '1' }, 'a'), call('echo', { text: '2' }, 'b')], { tools });
  expect(most).toBe(together);
});

test('a tool that can answer in place does, and runs when it says that it cannot', async () => {
  const tools = [
    echoTool({
      runNow: ({ text }) => {
        if (text === 'broken') throw new Error('no such luck');
        return text === 'now' ? { content: 'at once', is_error: false } : undefined;
      },
      run: async () => ({ content: 'later', is_error: false }),
    }),
  ];
  const calls = ['later', 'now', 'broken', 'now'].map((text, index) => call('echo', { text }, `c${index}`));
  expect(await resultsOf(calls, { tools })).toMatchObject([
    { id: 'c0', is_error: false, content: 'later' },
    { id: 'c1', is_error: false, content: 'at once' },
    { id: 'c2', is_error: true, content: 'It failed: no such luck' },
    { id: 'c3', is_error: false, content: 'at once' },
  ]);
  expect(await resultsOf(calls.slice(1, 2), { tools })).toMatchObject([{ id: 'c1', content: 'at once' }]);
});

test('a result of a million characters is cut, and says so', async () => {
  const tools = [echoTool({ run: async () => ({ content: 'x'.repeat(1_000_000), is_error: false }) })];
  const [result] = await resultsOf([call('echo', { text: 'x' })], { tools });
  expect(result?.content.length).toBe(100_000);
  expect(result?.content).toContain('the whole has 1000000 characters');
});

test('a secret that a tool brought up does not reach the model', async () => {
  const tools = [echoTool({ run: async () => ({ content: 'KEY=SECRET', is_error: false }) })];
  expect(await resultsOf([call('echo', { text: 'x' })], { tools })).toMatchObject([{ content: 'KEY=[filtered]' }]);
});
