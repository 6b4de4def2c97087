import { describe, expect, test } from 'vitest';
import { foreignName, oneLine, plain } from './output.ts';

describe('text from outside', () => {
  test.each([
    ['a colour', '\u001b[31mred\u001b[0m', 'red'],
    ['a cleared screen', 'before\u001b[2J\u001b[Hafter', 'beforeafter'],
    ['a title change', '\u001b]0;owned\u0007text', 'text'],
    ['a rewritten line', '✘ failed\r✔ completed', '✘ failed\n✔ completed'],
    ['a backspace', 'fail\b\b\b\bdone', 'faildone'],
    ['a text turned round', 'abc\u202edef', 'abcdef'],
    ['a single-byte escape', 'x\u009b31my', 'xy'],
    ['a line that only some terminals break', 'a\u2028✔ completed', 'a\n✔ completed'],
  ])('cannot touch the terminal with %s', (_what, hostile, harmless) => {
    expect(plain(hostile)).toBe(harmless);
  });

  test('keeps lines, tabs, accents, other scripts and joined emoji', () => {
    const text = 'één\tzwei\n三 👩‍💻';
    expect(plain(text)).toBe(text);
  });

  test.each([
    ['vendor/model-1.5:free@2026[1m]', 'vendor/model-1.5:free@2026[1m]'],
    ['модель', 'модель'],
    ['', '""'],
    ['m ✔ match', '"m ✔ match"'],
    ['m\u001b[2J', '"m\\u001b[2J"'],
    ['n'.repeat(300), `"${'n'.repeat(80)}…" (300 characters)`],
  ])('is quoted where it does not look like a name: %j', (name, shown) => {
    expect(foreignName(name)).toBe(shown);
  });

  test('fits on one line for rows and labels', () => {
    expect(oneLine('  two\n\n lines\t here ')).toBe('two lines here');
  });
});
