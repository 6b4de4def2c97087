import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitsPattern } from './fits-pattern.ts';

test.each([
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['a', 'a', true],
  ['a', 'ab', false],
  ['a*', 'a', true],
  ['*a', 'ba', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['openrouter/*:free', 'openrouter/x/y:free', true],
  ['openrouter/*:free', 'openrouter/x:fre', false],
  ['*opus*', 'claude-opus-4-5', true],
  ['*-*-*', 'a-b', false],
])('%j and %j: %j', (pattern, text, fits) => {
  expect(fitsPattern(pattern, text)).toBe(fits);
});

test('it is what a regular expression says', () => {
  const words = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '/'), maxLength: 8 });
  fc.assert(
    fc.property(words, words, (pattern, text) => {
      const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
      expect(fitsPattern(pattern, text)).toBe(new RegExp(`^${parts.join('[^]*')}$`).test(text));
    }),
  );
});

test('many stars take no time', () => {
  expect(fitsPattern(`${'*a'.repeat(5_000)}*x`, 'a'.repeat(10_000))).toBe(false);
});
