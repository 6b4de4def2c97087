import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import width from 'string-width';
import { describe, expect, test } from 'vitest';
import { table } from './table.ts';

const COLUMNS = [
  { title: 'task', min: 6 },
  { title: 'model', min: 5 },
  { title: 'cost', align: 'right' as const },
];

describe('a table', () => {
  test('is as wide as its content when there is room', () => {
    expect(table(COLUMNS, [['read', 'lab/small', '$1']], 80).join('\n')).toMatchInlineSnapshot(`
      "task  model      cost
      read  lab/small    $1"
    `);
  });

  test('shrinks the widest column that may shrink, and never wraps', () => {
    const rows = [
      ['a very long goal that goes on and on', 'lab/small', '$1'],
      ['短い目標ですがとても長い', 'lab/x', '$10.00'],
    ];
    for (const limit of [30, 40, 60]) {
      const lines = table(COLUMNS, rows, limit);
      expect(lines).toHaveLength(3);
      expect(Math.max(...lines.map((line) => width(line)))).toBeLessThanOrEqual(limit);
    }
  });

  test('keeps the columns that must not shrink whole', () => {
    expect(table(COLUMNS, [['goal goal goal', 'model model', '$1,234.56']], 10).at(-1)).toContain('$1,234.56');
  });

  test('leaves spare columns out, the last first, where not even the shortest rows fit', () => {
    const columns = [{ title: 'id' }, { title: 'by', spare: true as const }, { title: 'why', spare: true as const }];
    const row = ['identifier', 'somebody', 'because'];
    expect([40, 25, 15].map((limit) => table(columns, [row], limit).at(-1))).toEqual([
      'identifier  somebody  because',
      'identifier  somebody',
      'identifier',
    ]);
  });

  test.each([pc.createColors(false), pc.createColors(true)])('never cuts the word simulated', (paint) => {
    const rows = [
      [`provider/a-model-with-a-long-name ${paint.magenta('simulated')}`, 'another long text'],
      ['a', 'b'],
    ];
    for (const limit of [80, 40, 30, 20]) {
      const [, line = ''] = table(
        [
          { title: 'route', min: 4 },
          { title: 'what', min: 4 },
        ],
        rows,
        limit,
      );
      expect(stripVTControlCharacters(line)).toContain(' simulated');
      expect(width(line)).toBeLessThanOrEqual(limit);
    }
  });
});
