import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = read('docs/failure-modes.md');
/** A row: its number, what fails, and its tests as `file`: title. */
const rows = [...page.matchAll(/^\| (F\d+) \| ([^|]+) \| (.+) \|$/gm)].map(([, number, , cell]) => ({
  number: number!,
  cell: cell!,
  tests: cell!.split('<br>').flatMap((part) => {
    const [, file, title] = /^`([^`]+)`: (.+)$/.exec(part) ?? [];
    return file === undefined ? [] : [{ file, title: title! }];
  }),
}));

test('docs/failure-modes.md has every row, once and in order', () => {
  // The numbers of the collection that the page is made from; some were given up.
  const given = Array.from({ length: 52 }, (_, n) => n + 1).filter((n) => ![5, 8, 10, 27, 37, 40, 47, 50].includes(n));
  expect(rows.map(({ number }) => number)).toEqual(given.map((n) => `F${n}`));
});

test.each(rows)(
  '$number names tests that exist and cite it, or says that there is none yet',
  ({ number, cell, tests }) => {
    if (tests.length === 0) expect(cell).toMatch(/^not yet: /);
    else expect(cell.split('<br>')).toHaveLength(tests.length);
    for (const { file, title } of tests) {
      // As it stands in the source, whichever quotes it needs there.
      expect(read(file).replaceAll("\\'", "'")).toContain(title);
      expect(title).toMatch(new RegExp(`\\(.*\\b${number}\\b.*\\)`));
    }
  },
);

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}
