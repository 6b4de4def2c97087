import { expect, test } from 'vitest';
import type { Store } from '../core/store.ts';
import { createLeases } from './leases.ts';

function beats(): { store: Store; beat: Promise<void>[]; next: () => Promise<string> } {
  let woken: (owner: string) => void = () => {};
  const store = {
    heartbeat: async (owner: string) => {
      woken(owner);
      throw new Error('a heartbeat that fails is not the end');
    },
  } as unknown as Store;
  return { store, beat: [], next: () => new Promise((resolve) => (woken = resolve)) };
}

test('one heartbeat serves all, from the first that keeps a lease to the last that lets go', async () => {
  const { store, next } = beats();
  const leases = createLeases(store, 'process-1', 30);
  const first = leases.keep();
  const second = leases.keep();
  first();
  expect(await next()).toBe('process-1');
  expect(await next()).toBe('process-1');
  second();
  let late = false;
  void next().then(() => (late = true));
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(late).toBe(false);
});

test('it beats again for a delegation that comes later', async () => {
  const { store, next } = beats();
  const leases = createLeases(store, 'process-1', 30);
  leases.keep()();
  const release = leases.keep();
  expect(await next()).toBe('process-1');
  release();
});
