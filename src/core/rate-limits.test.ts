import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccountUse, accountOf, askRate, type RateAsk, type RateGrant } from './rate-limits.ts';
import type { RateLimits } from './route.ts';

const LEASE = 30_000;

/** The account, and processes that ask it by the rules: what was let go runs until it is told otherwise. */
function account(limits: RateLimits) {
  let use: AccountUse | undefined;
  const asks = (owner: string, now: number, more: Partial<RateAsk> = {}): RateGrant => {
    const ask = { owner, lease_ms: LEASE, limits, in_flight: 0, waiting: [], corrections: [], ...more };
    const [next, grant] = askRate(use, ask, now);
    use = next === undefined ? undefined : JSON.parse(JSON.stringify(next));
    return grant;
  };
  return { asks, use: () => use };
}
const ten = (tokens = 1): number[] => Array<number>(10).fill(tokens);

describe('what an account bears', () => {
  test.each<[RateLimits, number]>([
    [{}, 10],
    [{ max_in_flight: 3 }, 3],
    [{ rpm: 4 }, 4],
    [{ tpm: 550 }, 5],
    [{ max_in_flight: 8, rpm: 7, tpm: 690 }, 6],
    [{ max_in_flight: 99, rpm: 99, tpm: 99_999 }, 10],
  ])('%j lets %i of ten requests of 100 tokens start', (limits, go) => {
    expect(account(limits).asks('p', 0, { waiting: ten(100) }).go).toBe(go);
  });

  test('what ended makes room for as many', () => {
    const { asks } = account({ max_in_flight: 3 });
    expect(asks('p', 0, { waiting: ten() })).toMatchObject({ go: 3, contested: false });
    expect(asks('p', 1, { in_flight: 1, waiting: ten() }).go).toBe(2);
  });

  test('a minute counts from each start, and one asks again when the oldest is over', () => {
    const { asks } = account({ rpm: 2 });
    expect(asks('p', 500, { waiting: [1] }).go).toBe(1);
    expect(asks('p', 30_000, { waiting: [1, 1] })).toMatchObject({ go: 1, again_ms: 31_000 });
    expect(asks('p', 60_999, { waiting: [1] })).toMatchObject({ go: 0, again_ms: 1 });
    expect(asks('p', 61_000, { waiting: [1] }).go).toBe(1);
  });

  test('tokens are corrected by what was used', () => {
    const { asks } = account({ tpm: 1_000 });
    const { at } = asks('p', 0, { waiting: [600] });
    expect(asks('p', 1, { waiting: [600] }).go).toBe(0);
    expect(asks('p', 2, { waiting: [600], corrections: [[at, 0, -250]] }).go).toBe(1);
    expect(asks('p', 3, { waiting: [60], corrections: [[at, 0, 100]] }).go).toBe(0);
  });

  test('a request of more tokens than a minute has starts alone', () => {
    const { asks } = account({ tpm: 1_000 });
    expect(asks('p', 0, { waiting: [1] }).go).toBe(1);
    expect(asks('p', 1, { waiting: [5_000] }).go).toBe(0);
    expect(asks('p', 60_000, { waiting: [5_000] }).go).toBe(1);
    expect(asks('p', 60_001, { waiting: [1] }).go).toBe(0);
  });

  test('processes share it; a dead one gives its part back when its lease is over', () => {
    const { asks } = account({ max_in_flight: 3 });
    expect(asks('dead', 0, { waiting: ten() }).go).toBe(3);
    expect(asks('p', LEASE - 1, { waiting: ten() })).toMatchObject({ go: 0, again_ms: 200 });
    expect(asks('p', LEASE, { waiting: ten() }).go).toBe(3);
  });

  test('processes take turns at the only place', () => {
    const { asks } = account({ max_in_flight: 1 });
    expect(asks('a', 0, { waiting: ten() }).go).toBe(1);
    expect(asks('b', 1, { waiting: ten() }).go).toBe(0);
    expect(asks('a', 2, { waiting: ten() })).toMatchObject({ go: 1, contested: true });
    expect(asks('a', 3, { waiting: ten() }).go).toBe(0);
    expect(asks('b', 4, { waiting: ten() }).go).toBe(1);
    expect(asks('b', 5, { waiting: ten() }).go).toBe(0);
    expect(asks('a', 6, { waiting: ten() }).go).toBe(1);
  });

  test('who needs many tokens is not passed over by those who need few', () => {
    const { asks } = account({ tpm: 1_000 });
    expect(asks('few', 0, { waiting: [600] }).go).toBe(1);
    expect(asks('many', 1, { waiting: [900] }).go).toBe(0);
    expect(asks('few', 2, { waiting: [100] }).go).toBe(0);
    expect(asks('many', 60_000, { waiting: [900] }).go).toBe(1);
    expect(asks('few', 60_001, { waiting: [100] }).go).toBe(1);
  });

  test('a process that is not heard of any more loses its turn', () => {
    const { asks } = account({ max_in_flight: 1 });
    asks('a', 0, { waiting: [1] });
    asks('asleep', 1, { waiting: [1] });
    expect(asks('a', 2, { waiting: [1] }).go).toBe(0);
    expect(asks('a', 5_001, { waiting: [1] }).go).toBe(1);
  });

  test('nothing in use leaves nothing behind', () => {
    const { asks, use } = account({ max_in_flight: 1 });
    asks('p', 0, { waiting: [1] });
    asks('p', 1);
    expect(use()).toBeUndefined();
  });
});

test('one account is one provider and one credential', () => {
  const authority = 'https://a.test';
  const of = (provider: string, name: string): string =>
    accountOf({ provider, credential: { kind: 'env', name, authority } });
  expect(new Set([of('a', 'K1'), of('a', 'K2'), of('b', 'K1')]).size).toBe(3);
});

const limit = (max: number): fc.Arbitrary<number | undefined> =>
  fc.option(fc.integer({ min: 1, max }), { nil: undefined });
const limits = fc
  .record({ max_in_flight: limit(4), rpm: limit(6), tpm: limit(900) })
  .map((some) => Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as RateLimits);
const step = fc.record({
  owner: fc.constantFrom('a', 'b', 'c'),
  wait_ms: fc.integer({ min: 0, max: 20_000 }),
  ends: fc.integer({ min: 0, max: 4 }),
  waiting: fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 6 }),
});

test('no interleaving of any processes passes a limit (F46, F51)', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 60 }), (some, steps) => {
      const { asks } = account(some);
      const running = new Map<string, number>();
      const starts: { at: number; tokens: number }[] = [];
      let now = 0;
      for (const { owner, wait_ms, ends, waiting } of steps) {
        now += Math.min(wait_ms, LEASE / 2);
        // Everybody is heard of within the lease.
        for (const [other, in_flight] of running) asks(other, now, { in_flight });
        const in_flight = Math.max(0, (running.get(owner) ?? 0) - ends);
        const { go } = asks(owner, now, { in_flight, waiting });
        running.set(owner, in_flight + go);
        starts.push(...waiting.slice(0, go).map((tokens) => ({ at: now, tokens })));
        const minute = starts.filter(({ at }) => at > now - 60_000);
        const tokens = minute.reduce((sum, start) => sum + Math.min(start.tokens, some.tpm ?? Infinity), 0);
        expect([...running.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(
          some.max_in_flight ?? Infinity,
        );
        expect(minute.length).toBeLessThanOrEqual(some.rpm ?? Infinity);
        expect(tokens).toBeLessThanOrEqual(some.tpm ?? Infinity);
      }
    }),
  );
});

test('nobody starves, whatever each wants and in whatever order they ask', () => {
  const wants = fc.array(fc.integer({ min: 1, max: 1_200 }), { minLength: 1, maxLength: 6 });
  const orders = fc.array(fc.nat(2), { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(limits, fc.tuple(wants, wants, wants), orders, (some, queues, order) => {
      const { asks } = account(some);
      const processes = queues.map((queue, i) => ({ owner: `p${i}`, queue: [...queue], in_flight: 0 }));
      let now = 0;
      for (let round = 0; round < 1_500 && processes.some(({ queue }) => queue.length > 0); round++) {
        now += 1_000;
        const first = order[round % order.length]!;
        for (let i = 0; i < 3; i++) {
          const process = processes[(first + i) % 3]!;
          // What runs ends before the next time the process asks.
          const { go } = asks(process.owner, now, { waiting: process.queue, in_flight: 0 });
          process.queue.splice(0, go);
        }
      }
      expect(processes.map(({ queue }) => queue)).toEqual([[], [], []]);
    }),
    { numRuns: 50 },
  );
});
