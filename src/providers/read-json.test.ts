import { expect, test } from 'vitest';
import { countIn } from './read-json.ts';

test.each([
  [0, 0],
  [12, 12],
  [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  [-1, undefined],
  [0.5, undefined],
  [5e-102, undefined],
  [1e308, undefined],
  [Number.NaN, undefined],
  ['12', undefined],
  [null, undefined],
])('the count %j is read as %j: what is no count is unknown, not some number', (value, count) => {
  expect(countIn(value)).toBe(count);
});
