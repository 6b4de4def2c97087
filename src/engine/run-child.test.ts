import { expect, test } from 'vitest';
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
