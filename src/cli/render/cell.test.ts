import fc from 'fast-check';
import pc from 'picocolors';
import width from 'string-width';
import { describe, expect, test } from 'vitest';
import { cutTo, widthOf } from './cell.ts';

const { cyan, bold } = pc.createColors(true);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('a', ' ', 'é', '–', '…', '●', '✔', '你', '🎉', 'e\u0301', '\u00ad') }),
);
const coloured = fc
  .array(
    fc.tuple(
      text,
      fc.constantFrom(cyan, bold, (plain: string) => plain),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.map(([part, paint]) => paint(part)).join(''));

describe('a cell of a table', () => {
  test('is as wide as string-width says, with colour and without', () => {
    fc.assert(
      fc.property(coloured, (cell) => {
        expect(widthOf(cell)).toBe(width(cell));
      }),
    );
  });

  test('never takes more columns than it was given', () => {
    fc.assert(
      fc.property(coloured, fc.integer({ min: 1, max: 30 }), (cell, columns) => {
        expect(width(cutTo(cell, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });

  test('ends with a mark where something was left out, and closes its colour', () => {
    expect(cutTo('abcdef', 4)).toBe('abc…');
    expect(cutTo('abcdef', 6)).toBe('abcdef');
    expect(cutTo(`${cyan('●')} ${bold('Summarise')} ${cyan('x')}`, 6)).toBe(`${cyan('●')} ${bold('Sum…')}${cyan('')}`);
  });
});
