import { describe, expect, test } from 'vitest';
import type { ChildTools, ToolKit } from '../core/tool.ts';
import type { Transcripts } from '../core/transcript.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { call, createRig, failed, SECRET, task } from './test-rig.ts';

test('a key that a model says is kept nowhere and told to nobody, whole or in pieces (F28)', async () => {
  await using store = createMemoryStore();
  const rig = createRig({
    store,
    model: ({ count, options }) => {
      for (const piece of ['It is SEC', 'RET-KEY-01', '23456789, yes.']) {
        options.onText?.(piece);
        options.onReasoning?.(piece);
      }
      if (count === 2) throw failed('network', { partial: { text: SECRET, reasoning: '' } });
      const said = { text: `It is ${SECRET}, yes.`, reasoning: SECRET };
      return count === 1 ? { ...said, tool_calls: [call('echo', { text: SECRET })], replay: [SECRET] } : said;
    },
  });
  const [result] = (await rig.run([task({})])).results;
  expect(result).toMatchObject({ status: 'completed', summary: expect.stringContaining('It is [') });
  const kept = JSON.stringify([result, await store.journal(result!.id), rig.events, rig.asked.at(-1)?.messages]);
  expect(kept).not.toContain('SECRET');
  const told = rig.events.flatMap((event) => (event.type === 'text-delta' ? event.text : []));
  expect(told.join('')).toBe('It is [redacted], yes.'.repeat(3));
});

test('tools that cannot be closed leave a result all the same', async () => {
  await using store = createMemoryStore();
  const rig = createRig({
    store,
    model: () => ({ text: 'Done.' }),
    deps: {
      toolsFor: (workspace) => ({
        async kit() {
          const close = async () => {
            throw new Error('the folder is gone');
          };
          return { specs: [], open: () => ({ tools: new Map(), workspace, close }) };
        },
      }),
    },
  });
  const [result] = (await rig.run([task({})])).results;
  expect(result).toMatchObject({ status: 'partial', summary: 'Done.', error: { code: 'INTERNAL' } });
  expect((await store.task(result!.id))?.status).toBe('partial');
});

test('a text too long for a summary that cannot be saved leaves a result all the same', async () => {
  await using store = createMemoryStore();
  const saveFull = async () => {
    throw new Error('the disk is full');
  };
  const write = () => {};
  const transcripts = { open: () => ({ path: 'x', write, end: write }), saveFull } as unknown as Transcripts;
  const rig = createRig({ store, model: () => ({ text: 'x'.repeat(100_000) }), deps: { transcripts } });
  const [result] = (await rig.run([task({})])).results;
  expect(result).toMatchObject({ status: 'completed' });
  expect(result).not.toHaveProperty('full_ref');
});

describe('a child whose tools do not open', () => {
  const kitOf = (open: ToolKit['open']) => ({ toolsFor: () => ({ kit: async () => ({ specs: [], open }) }) });
  const numbered = [task({ goal: '0' }), task({ goal: '1' })];

  test('ends as one that never started, in its own time, and holds nobody back (F34, F38)', async () => {
    await using store = createMemoryStore();
    let open: (own: ChildTools) => void = () => {};
    const closed: boolean[] = [];
    const close = async ({ lost }: { lost: boolean }) => {
      closed.push(lost);
      return { artifacts: [] };
    };
    const own = { tools: new Map(), workspace: '/work', close };
    const late = new Promise<ChildTools>((resolve) => (open = resolve));
    const rig = createRig({
      store,
      model: () => ({ text: 'Done.' }),
      limits: { first_token_timeout_seconds: 0.02 },
      deps: kitOf(({ index }) => (index === 0 ? late : own)),
    });
    const { results } = await rig.run(numbered);
    expect(results[0]).toMatchObject({
      status: 'timeout',
      exit_reason: 'timeout',
      error: { code: 'TIMEOUT', message: expect.stringContaining('never started') },
      cost: { usd: 0, complete: true },
    });
    expect(results[1]?.status).toBe('completed');
    expect(rig.asked.map(({ goal }) => goal)).toEqual(['1']);
    // What opens when nobody waits any more is closed again.
    open(own);
    await expect.poll(() => closed).toEqual([false, false]);
  });

  test('can be stopped (F38)', async () => {
    await using store = createMemoryStore();
    const stop = new AbortController();
    const rig = createRig({
      store,
      model: () => ({ text: 'Done.' }),
      deps: kitOf(() => {
        queueMicrotask(() => stop.abort());
        return new Promise(() => {});
      }),
    });
    const { results } = await rig.run(numbered, { signal: stop.signal });
    expect(results.map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
  });

  test('has the time that its task has, if that is less', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }), deps: kitOf(() => new Promise(() => {})) });
    const [result] = (await rig.run([task({ timeout_seconds: 0.02 })])).results;
    expect(result).toMatchObject({ status: 'timeout', error: { message: expect.stringContaining('0.02 seconds') } });
  });
});
