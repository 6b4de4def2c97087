import { expect, test } from 'vitest';
import { runGated } from './gate.ts';

test('the first starts in the same tick, and no more than sixteen do before the event loop has its turn', async () => {
  let started = 0;
  const all = runGated(40, 40, async () => {
    started += 1;
  });
  expect(started).toBe(16);
  await all;
  expect(started).toBe(40);
});

test('nothing to start is the end', async () => {
  await runGated(0, 10, async () => {});
});

test('a start that rejects is told', async () => {
  await expect(
    runGated(3, 1, (index) => (index === 1 ? Promise.reject(new Error('no')) : Promise.resolve())),
  ).rejects.toThrow('no');
});
