import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Usage } from '../provider.ts';
import type { Price } from '../route.ts';
import { costOf, highestOutputPrice, priceBand, sumBands, sumCosts } from './cost.ts';

const usage = (over: Partial<Usage> = {}): Usage => ({
  input: 0,
  output: 0,
  cache_read: 0,
  cache_write: 0,
  reasoning: 0,
  ...over,
});
const M = 1_000_000;

describe('cost of a request', () => {
  test.each<[string, Usage | undefined, Price | undefined, number, boolean]>([
    ['input and output', usage({ input: M, output: M }), { in: 3, out: 15 }, 18, true],
    [
      'reasoning is part of output and not counted twice',
      usage({ output: M, reasoning: M }),
      { in: 3, out: 15 },
      15,
      true,
    ],
    [
      'cached input at its own price',
      usage({ input: M, cache_read: M / 2 }),
      { in: 4, out: 1, cache_read: 1 },
      2.5,
      true,
    ],
    ['cached input without a price of its own', usage({ input: M, cache_read: M / 2 }), { in: 4, out: 1 }, 4, true],
    ['writing the cache', usage({ input: M, cache_write: M }), { in: 4, out: 1, cache_write: 5 }, 5, true],
    ['writing the cache without a price of its own', usage({ input: M, cache_write: M }), { in: 4, out: 1 }, 4, false],
    [
      'writing the cache of a model that costs nothing',
      usage({ input: M, cache_write: M }),
      { in: 0, out: 0 },
      0,
      true,
    ],
    [
      'a tier by the size of the request',
      usage({ input: 300_000, output: M }),
      { in: 1, out: 2, tiers: [{ above: 200_000, in: 2, out: 4 }] },
      4.6,
      true,
    ],
    [
      'below the tier',
      usage({ input: 100_000, output: M }),
      { in: 1, out: 2, tiers: [{ above: 200_000, in: 2, out: 4 }] },
      2.1,
      true,
    ],
    [
      'the highest tier reached',
      usage({ input: 600_000 }),
      {
        in: 1,
        out: 1,
        tiers: [
          { above: 200_000, in: 2 },
          { above: 500_000, in: 10 },
        ],
      },
      6,
      true,
    ],
    ['a known price of zero', usage({ input: M, output: M }), { in: 0, out: 0 }, 0, true],
    ['an unknown price (F52)', usage({ input: M }), undefined, 0, false],
    ['an unknown usage (F52)', undefined, { in: 1, out: 1 }, 0, false],
    ['one kind without a price (F52)', usage({ input: M, output: M }), { in: 3 }, 3, false],
    ['a kind without a price that did not occur', usage({ input: M }), { in: 3 }, 3, true],
    [
      'more cached than read, as some providers report',
      usage({ input: 10, cache_read: M }),
      { in: 3, out: 1, cache_read: 1 },
      1,
      true,
    ],
  ])('%s', (_name, used, price, usd, complete) => {
    const cost = costOf(used, price);
    expect(cost.usd).toBeCloseTo(usd, 9);
    expect(cost.complete).toBe(complete);
  });

  test('the sum is complete only if every part is (F52)', () => {
    expect(sumCosts([])).toEqual({ usd: 0, complete: true });
    expect(
      sumCosts([
        { usd: 1, complete: true },
        { usd: 2, complete: false },
      ]),
    ).toEqual({ usd: 3, complete: false });
  });

  test('it is never negative and never NaN', () => {
    const count = fc.nat({ max: 10_000_000 });
    const arbitraryUsage = fc.record({
      input: count,
      output: count,
      cache_read: count,
      cache_write: count,
      reasoning: count,
    });
    const rate = fc.double({ min: 0, max: 1_000, noNaN: true });
    const arbitraryPrice = fc.record(
      { in: rate, out: rate, cache_read: rate, cache_write: rate },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Price>;
    fc.assert(
      fc.property(arbitraryUsage, arbitraryPrice, (used, price) => {
        expect(costOf(used, price).usd).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

test('the dearest output price counts every tier', () => {
  expect(highestOutputPrice({ in: 1, out: 2, tiers: [{ above: 1, out: 9 }] })).toBe(9);
  expect(highestOutputPrice({ in: 1 })).toBeUndefined();
  expect(highestOutputPrice(undefined)).toBeUndefined();
});

describe('price band', () => {
  const price = { in: 3, out: 15 };

  test('it has a low and a high end, and grows with the prompt', () => {
    const small = priceBand(price, 400);
    const large = priceBand(price, 400_000);
    expect(small).toEqual({ low_usd: expect.any(Number), high_usd: expect.any(Number), complete: true });
    expect(small.low_usd!).toBeLessThan(small.high_usd!);
    expect(small.high_usd!).toBeLessThan(large.high_usd!);
  });

  test('a budget caps it', () => {
    expect(priceBand(price, 400_000, 0.01)).toEqual({ low_usd: 0.01, high_usd: 0.01, complete: true });
  });

  test('an unknown price has no low end, and no high end but a budget', () => {
    expect(priceBand(undefined, 400)).toEqual({ complete: false });
    expect(priceBand(undefined, 400, 2)).toEqual({ high_usd: 2, complete: false });
  });

  test('a sum with an unknown part has no high end', () => {
    const known = { low_usd: 1, high_usd: 2, complete: true };
    expect(sumBands([known, known])).toEqual({ low_usd: 2, high_usd: 4, complete: true });
    expect(sumBands([known, { complete: false }])).toEqual({ low_usd: 1, complete: false });
    expect(sumBands([known, { high_usd: 5, complete: false }])).toEqual({ low_usd: 1, high_usd: 7, complete: false });
  });
});
