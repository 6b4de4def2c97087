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

  test.each<[RateLimits, number, number]>([
    [{ max_in_flight: 90 }, 20, Infinity],
    [{ rpm: 90 }, 20, Infinity],
    [{ rpm: 89 }, 10, Infinity],
    [{ tpm: 9_000 }, 1_010, 2_000],
    [{ rpm: 90, tpm: 8_900 }, 10, 1_000],
    [{ rpm: 1e9, tpm: 9_000 }, 1_010, 2_000],
  ])(
    '%j lets %d start of ten that ask, of %d tokens together: more only where much is free',
    (some, requests, tokens) => {
      expect(account(some).asks('p', 0, { waiting: ten(100) })).toMatchObject({ go: 10, requests, tokens });
    },
  );

  test('what may start without asking counts until it is corrected; while another waits, nothing may', () => {
    const { asks } = account({ rpm: 90 });
    const { at, requests } = asks('a', 1, { waiting: ten() });
    expect([at, requests]).toEqual([1_000, 20]);
    expect(asks('b', 2, { waiting: Array(75).fill(1) }).go).toBe(70);
    expect(asks('a', 3, { in_flight: 10, waiting: [1], corrections: [[at, -10, 0]] }).requests).toBe(1);
    expect(asks('b', 4, { in_flight: 70, waiting: ten() }).go).toBe(9);
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
  fc.option(fc.oneof(fc.integer({ min: 1, max }), fc.integer({ min: max, max: 20 * max })), { nil: undefined });
const limits = fc
  .record({ max_in_flight: limit(4), rpm: limit(6), tpm: limit(900) })
  .map((some) => Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as RateLimits);
const step = fc.record({
  owner: fc.constantFrom('a', 'b', 'c'),
  wait_ms: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 20_000 })),
  ends: fc.integer({ min: 0, max: 4 }),
  waiting: fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 6 }),
  /** Starts without asking. */
  more: fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 20 }),
});
interface Process {
  in_flight: number;
  allowed: { at: number; requests: number; tokens: number };
}

test('no interleaving of any processes passes a limit (F46, F51)', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 60 }), (some, steps) => {
      const { asks } = account(some);
      const { tpm = Infinity } = some;
      const processes = new Map<string, Process>();
      const starts: { at: number; tokens: number }[] = [];
      let now = 0;
      /** Gives back what was not started, and starts of what waits as much as it is let. */
      const ask = (owner: string, in_flight: number, waiting: readonly number[]): Process => {
        const { at, requests, tokens } = processes.get(owner)?.allowed ?? { at: 0, requests: 0, tokens: 0 };
        const corrections: RateAsk['corrections'] = [[at, -requests, tokens === Infinity ? 0 : -tokens]];
        const { go, ...allowed } = asks(owner, now, { in_flight, waiting, corrections });
        const process = { in_flight, allowed };
        processes.set(owner, process);
        for (const wanted of waiting.slice(0, go)) start(process, wanted);
        return process;
      };
      const start = (process: Process, wanted: number): void => {
        const { allowed } = process;
        if (allowed.requests < 1 || allowed.tokens < Math.min(wanted, tpm) || now > allowed.at) return;
        allowed.requests -= 1;
        allowed.tokens -= Math.min(wanted, tpm);
        process.in_flight += 1;
        starts.push({ at: now, tokens: wanted });
      };
      for (const { owner, wait_ms, ends, waiting, more } of steps) {
        now += Math.min(wait_ms, LEASE / 2);
        // Everybody is heard of within the lease.
        if (wait_ms > 600) for (const [other, { in_flight }] of processes) ask(other, in_flight, []);
        const process = ask(owner, Math.max(0, (processes.get(owner)?.in_flight ?? 0) - ends), waiting);
        for (const wanted of more) start(process, wanted);
        for (const [other, known] of processes) if (other < owner) for (const wanted of more) start(known, wanted);
        const minute = starts.filter(({ at }) => at > now - 60_000);
        const tokens = minute.reduce((sum, started) => sum + Math.min(started.tokens, tpm), 0);
        expect([...processes.values()].reduce((sum, { in_flight }) => sum + in_flight, 0)).toBeLessThanOrEqual(
          some.max_in_flight ?? Infinity,
        );
        expect(minute.length).toBeLessThanOrEqual(some.rpm ?? Infinity);
        expect(tokens).toBeLessThanOrEqual(tpm);
      }
    }),
  );
});
