import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText } from './cut-text.ts';

test('a text that fits is itself', () => {
  expect(cutText('abc', 3, 'nowhere')).toBe('abc');
});

test('the first three quarters and the last quarter are kept, with where the whole is between them', () => {
  const text = `${'a'.repeat(900)}${'z'.repeat(300)}`;
  expect(cutText(text, 400, 'it is in /full')).toMatch(
    /^a{200,}\n\n\[… cut here: the whole has 1200 characters; it is in \/full …\]\n\nz{70,}$/,
  );
});

test('a cut text is never longer than asked and never half a character', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 0, maxLength: 600 }),
      fc.integer({ min: 100, max: 500 }),
      (text, max) => {
        const cut = cutText(text, max, 'x');
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(Buffer.from(cut).toString()).toBe(cut);
      },
    ),
  );
});
