import { expect, test } from 'vitest';
import { createPlaces, runGated } from './gate.ts';

test('the first starts in the same tick, and no more than sixteen do before the event loop has its turn', async () => {
  let started = 0;
  const all = runGated(40, createPlaces(40), async () => {
    started += 1;
  });
  expect(started).toBe(16);
  await all;
  expect(started).toBe(40);
});

test.each(['resolves', 'rejects'])(
  'sixty-four start before what they wait for; the others come when it %s',
  async (how) => {
    let settle = (): void => {};
    const ready = new Promise<void>((resolve, reject) => {
      settle = how === 'resolves' ? resolve : () => reject(new Error('no'));
    });
    let started = 0;
    const start = async (): Promise<void> => {
      started += 1;
    };
    const all = runGated(100, createPlaces(100), start, ready);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(started).toBe(64);
    settle();
    await all;
    expect(started).toBe(100);
  },
);

test('nothing to start is the end', async () => {
  await runGated(0, createPlaces(10), async () => {});
});

test('a start that rejects is told', async () => {
  await expect(
    runGated(3, createPlaces(1), (index) => (index === 1 ? Promise.reject(new Error('no')) : Promise.resolve())),
  ).rejects.toThrow('no');
});

/** A start whose end is the test's. */
function starts(): { start: (index: number) => Promise<void>; begun: number[]; end: (index: number) => Promise<void> } {
  const ends = new Map<number, () => void>();
  const begun: number[] = [];
  return {
    begun,
    start: (index) => {
      begun.push(index);
      return new Promise((resolve) => ends.set(index, resolve));
    },
    end: (index) => {
      ends.get(index)?.();
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('runs that share places stay within them together; who asked last is served first', async () => {
  const places = createPlaces(2);
  const outer = starts();
  const inner = starts();
  const all = [runGated(4, places, outer.start), runGated(2, places, inner.start)];
  expect([outer.begun, inner.begun]).toEqual([[0, 1], []]);
  await outer.end(0);
  await outer.end(1);
  expect([outer.begun, inner.begun]).toEqual([
    [0, 1],
    [0, 1],
  ]);
  await inner.end(0);
  await inner.end(1);
  expect(outer.begun).toEqual([0, 1, 2, 3]);
  await outer.end(2);
  await outer.end(3);
  await Promise.all(all);
});

test('a place is lent while its holder waits, and taken back when one is free', async () => {
  const places = createPlaces(1);
  const inner = starts();
  const told: string[] = [];
  const outer = runGated(1, places, () =>
    places
      .lend(() => runGated(1, places, inner.start), new AbortController().signal)
      .then(() => {
        told.push('back');
      }),
  );
  expect(inner.begun).toEqual([0]);
  const next = starts();
  const later = runGated(1, places, next.start);
  await inner.end(0);
  expect([next.begun, told]).toEqual([[0], []]);
  await next.end(0);
  await Promise.all([outer, later]);
  expect(told).toEqual(['back']);
});

test('a holder that is stopped goes on at once, and the places are as many as before', async () => {
  const places = createPlaces(1);
  const stop = new AbortController();
  let finish: () => void = () => {};
  const outer = runGated(1, places, () =>
    places.lend(() => new Promise<void>((resolve) => (finish = resolve)), stop.signal),
  );
  const taken = starts();
  const other = runGated(1, places, taken.start);
  expect(taken.begun).toEqual([0]);
  finish();
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await outer;
  await taken.end(0);
  await other;
  const two = starts();
  void runGated(2, places, two.start);
  expect(two.begun).toEqual([0]);
});
