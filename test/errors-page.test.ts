import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitCodeOfError } from '../src/cli/exit-code.ts';
import { CLASS_POLICY } from '../src/core/after-failure.ts';
import { DelegateError, type ErrorCode } from '../src/core/errors.ts';
import { ERROR_CLASSES } from '../src/core/provider.ts';

const page = read('../docs/errors.md');

test('docs/errors.md lists every code, with the exit code of the command', () => {
  const declared = read('../src/core/errors.ts').match(/(?<=^ {2}\| ')[A-Z_]+(?=')/gm);
  const rows = tableAfter('## Codes').map(([code, , exit]) => [code!.replaceAll('`', ''), Number(exit)]);
  expect(rows.map(([code]) => code)).toEqual(declared);
  for (const [code, exit] of rows)
    expect([code, exitCodeOfError(new DelegateError(code as ErrorCode, ''))]).toEqual([code, exit]);
});

test('docs/errors.md lists every class, with what follows it', () => {
  const steps = {
    retry: 'retry, then fall back',
    fall_back: 'fall back',
    give_up: 'give up, or fall back if listed',
    never: 'give up',
  };
  expect(tableAfter('<!-- classes -->').map(([name, , step]) => [name, step])).toEqual(
    ERROR_CLASSES.map((name) => [`\`${name}\``, steps[CLASS_POLICY[name]]]),
  );
});

test('docs/errors.md lists every recorded body, with its class', () => {
  const corpus = JSON.parse(read('./fixtures/provider-errors.json')) as readonly Record<
    string,
    string | number | null
  >[];
  expect(tableAfter('<!-- corpus -->')).toEqual(
    corpus.map((row) => [
      row.vendor,
      row.case,
      row.status === null ? 'in a stream' : String(row.status),
      `\`${row.class}\``,
      [
        ...(row.retry_after_ms === undefined ? [] : [`wait ${row.retry_after_ms} ms`]),
        ...(row.parameter === undefined ? [] : [`names \`${row.parameter}\``]),
      ].join('; '),
    ]),
  );
});

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

/** Cells of the first table after a mark, without its two heading lines. */
function tableAfter(mark: string): readonly (readonly string[])[] {
  const lines = page
    .slice(page.indexOf(mark) + mark.length)
    .trimStart()
    .split('\n');
  const rows = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('|')),
  );
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
