import { describe, expect, test } from 'vitest';
import { ago, count, duration, money, priceRange } from './amounts.ts';

describe('amounts', () => {
  test.each([
    [{ usd: 0, complete: true }, '$0'],
    [{ usd: 0.01234, complete: true }, '$0.0123'],
    [{ usd: 12.3456, complete: true }, '$12.35'],
    [{ usd: 0.00001, complete: true }, '$1.0e-5'],
    [{ usd: 0.5, complete: false }, '≥ $0.5000'],
    [{ usd: 0, complete: false }, '$ unknown'],
  ])('%j is written %s: an unknown cost is never a zero (F52)', (cost, text) => {
    expect(money(cost)).toBe(text);
  });

  test.each([
    [340, '340 ms'],
    [4_210, '4.2 s'],
    [185_000, '3m 05s'],
    [7_800_000, '2h 10m'],
  ])('%i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test.each([
    [999, '999'],
    [1_234, '1.2k'],
    [12_345, '12k'],
    [2_500_000, '2.5M'],
  ])('%i tokens are %s', (n, text) => {
    expect(count(n)).toBe(text);
  });

  test.each([
    [{ low_usd: 0.01, high_usd: 0.4, complete: true }, '$0.0100 to $0.4000 estimated'],
    [{ complete: false }, 'price unknown'],
    [{ low_usd: 0.01, complete: false }, '$0.0100 to no known upper bound estimated, and a part without a known price'],
  ])('a price band %j is %s', (band, text) => {
    expect(priceRange(band)).toBe(text);
  });

  test.each([
    [5_000, '5 s ago'],
    [300_000, '5 min ago'],
    [7_200_000, '2 h ago'],
    [3 * 86_400_000, '1970-01-01'],
  ])('a time %i ms back is %s', (back, text) => {
    expect(ago(0, back)).toBe(text);
  });
});
