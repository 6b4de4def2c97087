import fc from 'fast-check';
import { expect, test } from 'vitest';
import { intersectPatterns } from './intersect-patterns.ts';

test.each([
  [['*'], ['a/*'], ['a/*']],
  [['a/*'], ['*'], ['a/*']],
  [['a/*'], ['b/*'], []],
  [['a/*', 'b/*'], ['b/x', 'c/*'], ['b/x']],
  [['a/*:free'], ['a/x:free'], ['a/x:free']],
  [['a/x'], ['a/x'], ['a/x']],
  [['a/x'], ['a/y'], []],
  [['tag:local'], ['tag:local'], ['tag:local']],
  [['*'], ['tag:local'], ['tag:local']],
  [[], ['*'], []],
])('%j and %j let through %j', (one, other, both) => {
  expect(intersectPatterns(one, other)).toEqual({ patterns: both, unclear: [] });
});

test.each([
  [['a/*:free'], ['a/x*']],
  [['tag:local'], ['ollama/*']],
])('%j and %j cannot be told as one list', (one, other) => {
  expect(intersectPatterns(one, other).unclear).toHaveLength(1);
});

test('what comes out lies within both, and nothing that both let through is lost silently', () => {
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '*', '/'), { minLength: 1, maxLength: 4 })
    .map((letters) => letters.join(''));
  const name = fc
    .array(fc.constantFrom('a', 'b', '/'), { minLength: 1, maxLength: 4 })
    .map((letters) => letters.join(''));
  const lets = (patterns: readonly string[], text: string): boolean =>
    patterns.some((each) => new RegExp(`^${each.replaceAll('*', '.*')}$`).test(text));
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 3 }), fc.array(pattern, { maxLength: 3 }), name, (one, other, text) => {
      const { patterns, unclear } = intersectPatterns(one, other);
      const both = lets(one, text) && lets(other, text);
      if (lets(patterns, text)) expect(both).toBe(true);
      else if (both) expect(unclear).not.toEqual([]);
    }),
    { numRuns: 2000 },
  );
});
