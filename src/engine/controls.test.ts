import { expect, test } from 'vitest';
import type { Control, Store } from '../core/store.ts';
import { createControls } from './controls.ts';

/** A store that is asked for controls only, and counts how often. */
function storeOf(controls: Control[]): { store: Store; readonly asked: number[] } {
  const asked: number[] = [];
  const store = {
    controls: async (_: string, after: number) => {
      asked.push(after);
      return controls.filter(({ id }) => id > after);
    },
  } as unknown as Store;
  return { store, asked };
}

const stop = (id: number, task_id: string): Control => ({ kind: 'stop', id, task_id });

test('what is asked is heard once, by whose task it is', async () => {
  const all = [stop(1, 'a'), stop(2, 'b'), stop(3, 'elsewhere')];
  const { store, asked } = storeOf(all);
  const controls = createControls(store, 'me');
  const heard: string[] = [];
  const leave = controls.watch({
    delegation_id: 'd',
    task_ids: ['a', 'b'],
    on: ({ id, task_id }) => heard.push(`${task_id}${id}`),
  });
  await controls.look();
  await controls.look();
  all.push(stop(4, 'a'));
  await controls.look();
  leave();
  expect(heard).toEqual(['a1', 'b2', 'a4']);
  expect(asked).toEqual([0, 3, 3]);
});

test('the store is asked a few times a second while children run, and not at all without', async () => {
  const { store, asked } = storeOf([]);
  const controls = createControls(store, 'me');
  const leave = [1, 2].map((n) => controls.watch({ delegation_id: `d${n}`, task_ids: [`t${n}`], on: () => {} }));
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThanOrEqual(3);
  for (const end of leave) end();
  const count = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(asked).toHaveLength(count);
});

test('a look that fails loses nothing', async () => {
  let works = false;
  const store = {
    controls: async () => {
      if (!works) throw new Error('locked');
      return [stop(1, 'a')];
    },
  } as unknown as Store;
  const controls = createControls(store, 'me');
  const heard: number[] = [];
  const leave = controls.watch({ delegation_id: 'd', task_ids: ['a'], on: ({ id }) => heard.push(id) });
  await controls.look();
  works = true;
  await controls.look();
  leave();
  expect(heard).toEqual([1]);
});

test('what runs here is stopped by task or delegation without the store', () => {
  const controls = createControls({} as Store, 'me');
  const heard: string[] = [];
  const leave = controls.watch({ delegation_id: 'd', task_ids: ['a', 'b'], on: ({ task_id }) => heard.push(task_id) });
  controls.stopHere('b');
  controls.stopHere('d');
  controls.stopHere('x');
  leave();
  controls.stopHere('d');
  expect(heard).toEqual(['b', 'a', 'b']);
});

test('who waits is woken by an end, by time or by a signal, and leaves nothing behind', async () => {
  const controls = createControls({} as Store, 'me');
  const stopWaiting = new AbortController();
  const waits = [
    controls.nextEnd(60_000),
    controls.nextEnd(1),
    controls.nextEnd(60_000, stopWaiting.signal),
    controls.nextEnd(60_000, AbortSignal.abort()),
  ];
  stopWaiting.abort();
  await Promise.all(waits.slice(1));
  controls.ended();
  await waits[0];
});
