import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settledUpTo } from './settle.ts';

const settled = (text: string) => text.slice(0, settledUpTo(text));

describe('a growing markdown text', () => {
  test.each([
    ['a paragraph that goes on', ''],
    ['One.\n\nTwo', ''],
    ['One.\n\nTwo.\n', 'One.\n\n'],
    ['One.\n\nTwo.\n\nThree.\n', 'One.\n\nTwo.\n\n'],
    ['- one\n\n- two\n', ''],
    ['- one\n\n  more of it\n', ''],
    ['- one\n\nAfter.\n', '- one\n\n'],
    ['```ts\na\n\nb\n', ''],
    ['```ts\na\n\nb\n```\n\nAfter.\n', '```ts\na\n\nb\n```\n\n'],
    ['````\n```\n\nstill code\n', ''],
    ['| a |\n|---|\n| 1 |\n\nAfter.\n', '| a |\n|---|\n| 1 |\n\n'],
  ])('%j is settled up to %j', (text, part) => expect(settled(text)).toBe(part));

  test('what is settled stays so, whatever comes', () => {
    const piece = fc.constantFrom(
      'word',
      '\n',
      '\n\n',
      '- item',
      '```',
      '~~~',
      '| cell',
      '> quote',
      '1. one',
      '  ',
      '# h',
    );
    const text = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (before, more) => {
        expect(settledUpTo(before + more)).toBeGreaterThanOrEqual(settledUpTo(before));
      }),
    );
  });
});
