import { expect, test } from 'vitest';
import { createMemoryStore } from './memory-store.ts';
import { storeContract } from './store.contract.ts';
import { aDelegation } from './test-records.ts';

storeContract('memory', async () => createMemoryStore());

test('a lease runs out by the clock that was given', async () => {
  let now = 1_000;
  const store = createMemoryStore({ now: () => now });
  await store.create(aDelegation('d', ['t']));
  await store.claim('t', 'one', 30_000);
  now = 30_999;
  expect(await store.claim('t', 'two', 30_000)).toBeUndefined();
  now = 31_000;
  expect(await store.claim('t', 'two', 30_000)).toBe(2);
});

test('what a reader does to a record changes nothing in the store', async () => {
  const store = createMemoryStore();
  await store.create(aDelegation('d', ['t']));
  const task = (await store.task('t')) as { origin: string };
  task.origin = 'forged';
  expect((await store.task('t'))?.origin).toBe('library');
});
