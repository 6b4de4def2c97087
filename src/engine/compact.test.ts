import { describe, expect, test } from 'vitest';
import { historyOf } from '../core/history.ts';
import type { Message } from '../core/provider.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { call, createRig, echoTool, failed, type Rig, routeTo, task } from './test-rig.ts';

const LONG = 'x'.repeat(30_000);
const long = echoTool({ run: async ({ text }) => ({ content: `${text} ${LONG} end`, is_error: false }) });
const looks = (n: number) => ({ text: `t${n}`, tool_calls: [call('echo', { text: `look ${n}` }, `c${n}`)] });
/** About as long as the journal says. */
const sizes = (messages: readonly Message[]): number[] =>
  messages.flatMap((message) => (message.role === 'tool' ? message.results.map(({ content }) => content.length) : []));

function rigOf(
  options: Partial<Parameters<typeof createRig>[0]> & Pick<Parameters<typeof createRig>[0], 'store' | 'model'>,
): Rig {
  return createRig({ tools: [long], ...options });
}

describe('a conversation that outgrew the window of its route', () => {
  test('is shortened once, written down, and asked again; the newest turns are whole', async () => {
    await using store = createMemoryStore();
    let overflowed = false;
    const rig = rigOf({
      store,
      model: ({ count, messages }) => {
        if (count === 5 && !overflowed) {
          overflowed = true;
          throw failed('context_overflow', { status: 400 });
        }
        return messages.length < 9 ? looks(count) : { text: 'Done.' };
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'completed', turns: 5, tool_calls: 4 });
    expect(result?.route.notes).toMatchObject([
      expect.stringContaining('compacted: what tools gave in the first 2 turns'),
    ]);
    const again = rig.asked.at(-1)!.messages;
    expect(again.map(({ role }) => role)).toEqual(rig.asked.at(-2)!.messages.map(({ role }) => role));
    expect(sizes(rig.asked.at(-2)!.messages).every((size) => size > 30_000)).toBe(true);
    const [first, second, third, fourth] = sizes(again);
    expect([first! <= 1_000, second! <= 1_000, third! > 30_000, fourth! > 30_000]).toEqual([true, true, true, true]);
    expect(JSON.stringify(again)).toMatch(/look 1 x+.*outgrown the window.*x+ end/);
    expect(await rig.kinds(result!.id)).toContain('compaction');
    // The journal is the conversation: read back, it is what the model was asked with.
    const [, ...written] = historyOf(await store.journal(result!.id), { portable: false });
    expect(written.slice(0, -1)).toEqual(again.slice(1));
  });

  test('is an error with its class when it overflows again', async () => {
    await using store = createMemoryStore();
    const rig = rigOf({
      store,
      model: ({ count }) => {
        if (count > 4) throw failed('context_overflow', { status: 400, upstream: 'too long' });
        return looks(count);
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'PROVIDER_FAILED', class: 'context_overflow', upstream: 'too long' },
      summary: 't4',
      route: { hops: [] },
    });
    expect(rig.asked).toHaveLength(6);
    expect((await rig.kinds(result!.id)).filter((kind) => kind === 'compaction')).toHaveLength(1);
  });

  test('that has nothing to shorten fails at once', async () => {
    await using store = createMemoryStore();
    const rig = rigOf({
      store,
      model: () => {
        throw failed('context_overflow');
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'failed', error: { class: 'context_overflow' } });
    expect(rig.asked).toHaveLength(1);
  });

  test("is judged by its own route's window alone, before it is sent (F49)", async () => {
    await using store = createMemoryStore();
    const model: Parameters<typeof createRig>[0]['model'] = ({ messages, count }) =>
      messages.length < 9 ? { ...looks(count), usage: undefined as never } : { text: 'Done.' };
    const narrow = rigOf({ store, model });
    const [short] = (await narrow.run([task({}, { context: 25_000 })])).results;
    expect(short).toMatchObject({ status: 'completed', turns: 5 });
    expect(sizes(narrow.asked.at(-1)!.messages)[0]).toBeLessThanOrEqual(1_000);

    const wide = rigOf({ store, model, deps: { newId: (kind) => `${kind}_wide` } });
    const [whole] = (await wide.run([task({}, { context: 200_000 })])).results;
    expect(whole?.route.notes).toEqual([]);
    expect(sizes(wide.asked.at(-1)!.messages).every((size) => size > 30_000)).toBe(true);
  });

  test('is never shortened for a rate limit', async () => {
    await using store = createMemoryStore();
    const rig = rigOf({
      store,
      model: ({ count }) => {
        if (count > 2) throw failed('rate_limit');
        return looks(count);
      },
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ error: { class: 'rate_limit' } });
    expect(await rig.kinds(result!.id)).not.toContain('compaction');
  });

  test('goes on shortened on the next route, without what only the first could read', async () => {
    await using store = createMemoryStore();
    const rig = rigOf({
      store,
      model: ({ route, count }) => {
        if (route.provider === 'spare') return { text: 'Done.' };
        if (count > 6) throw failed('quota');
        if (count === 5) throw failed('context_overflow');
        return { ...looks(count), replay: { signature: count } };
      },
    });
    const [result] = (await rig.run([task({}, { fallback: [routeTo('spare/n')] })])).results;
    expect(result?.status).toBe('completed');
    const replayed = rig.asked[5]!.messages;
    expect(JSON.stringify(replayed)).toContain('signature');
    const last = rig.asked.at(-1)!;
    expect(last.route.provider).toBe('spare');
    expect(JSON.stringify(last.messages)).not.toContain('signature');
    expect(sizes(last.messages)[0]).toBeLessThanOrEqual(1_000);
  });
});
