import { expect, test } from 'vitest';
import type { Store } from '../core/store.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { call, createRig, failed, type Rig, routeTo, task } from './test-rig.ts';

/** Tells the first task something, and has it heard. */
async function tell(rig: Rig, store: Store, message: string): Promise<void> {
  const [first] = await store.tasks();
  await store.control(first!.id, { kind: 'steer', message });
  await rig.deps.controls.look();
}

test('a hop carries what was told over to the next route, in its place', async () => {
  await using store = createMemoryStore();
  const rig: Rig = createRig({
    store,
    model: async ({ route, count }) => {
      if (route.provider === 'spare') return { text: 'Done.' };
      if (count === 2) throw failed('quota');
      await tell(rig, store, 'Only the newest.');
      return { tool_calls: [call('echo', { text: 'x' })] };
    },
  });
  const [result] = (await rig.run([task({}, { fallback: [routeTo('spare/n')] })])).results;
  const roles = rig.asked.at(-1)?.messages.map((message) => (message.role === 'user' ? message.text : message.role));
  expect(roles).toEqual(['Do it.', 'assistant', 'tool', 'Only the newest.']);
  expect(result?.steers).toMatchObject([{ message: 'Only the newest.', state: 'delivered', turn: 2 }]);
});

test('what stood in a request that was never answered was missed', async () => {
  await using store = createMemoryStore();
  const rig: Rig = createRig({
    store,
    model: async ({ count }) => {
      if (count === 2) throw failed('auth');
      await tell(rig, store, 'Only the newest.');
      return { tool_calls: [call('echo', { text: 'x' })] };
    },
  });
  const [result] = (await rig.run([task({})])).results;
  expect(result).toMatchObject({ status: 'failed', steers: [{ state: 'missed' }] });
  expect(await rig.kinds(result!.id)).not.toContain('steer');
  expect((await store.task(result!.id))?.steers).toEqual(result?.steers);
});

test('several are delivered in the order they were asked, each once', async () => {
  await using store = createMemoryStore();
  const rig: Rig = createRig({
    store,
    model: async ({ count }) => {
      for (const text of ['one', 'two']) await tell(rig, store, `${count} ${text}`);
      return count < 3 ? { tool_calls: [call('echo', { text: `${count}` })] } : { text: 'Done.' };
    },
  });
  const [result] = (await rig.run([task({})])).results;
  expect(result?.steers?.map(({ message, state, turn }) => [message, state, turn])).toEqual([
    ['1 one', 'delivered', 2],
    ['1 two', 'delivered', 2],
    ['2 one', 'delivered', 3],
    ['2 two', 'delivered', 3],
    ['3 one', 'missed', undefined],
    ['3 two', 'missed', undefined],
  ]);
  const users = rig.asked.at(-1)?.messages.flatMap((message) => (message.role === 'user' ? [message.text] : []));
  expect(users).toEqual(['Do it.', '1 one', '1 two', '2 one', '2 two']);
});
