import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MAX_ATTEMPTS, MAX_WAIT_MS } from '../src/core/after-failure.ts';
import { ACTIONS, DELEGATE_FIELDS, FIELD_NAMES } from '../src/core/call/delegate-fields.ts';
import { TERMINAL_STATUSES } from '../src/core/result.ts';
import { DEFAULT_LIMITS, type Limits } from '../src/core/settings.ts';
import { STOP_REPEATS, WARN_REPEATS } from '../src/engine/agent-loop.ts';
import { MAX_CALLS_AN_ANSWER } from '../src/engine/run-tools.ts';
import { ARTIFACTS } from '../src/tools/artifacts.ts';
import { WRITE_BYTES } from '../src/tools/child-files.ts';
import { LIST_ENTRIES } from '../src/tools/files/list-files.ts';
import { READ_BYTES } from '../src/tools/files/read-file.ts';
import { SEARCH_LINES } from '../src/tools/files/search-files.ts';
import { COMMAND_SECONDS, OUTPUT_CHARS } from '../src/tools/terminal/run-command.ts';
import { OUTPUT_BYTES } from '../src/tools/terminal/terminal.ts';
import { PAGE_CHARS } from '../src/tools/web/fetch-url.ts';
import { GET_LIMITS } from '../src/tools/web/get-url.ts';

const page = read('../docs/delegation.md');

test('docs/delegation.md lists every argument and where it may stand', () => {
  const yes = (is: boolean): string => (is ? 'yes' : 'no');
  expect(tableAfter('<!-- arguments -->').map(([name, inTask, onTop]) => [name, inTask, onTop])).toEqual(
    FIELD_NAMES.map((name) => [
      `\`${name}\``,
      yes(DELEGATE_FIELDS[name].inTask),
      yes(DELEGATE_FIELDS[name].onTop.length > 0),
    ]),
  );
});

test('docs/delegation.md lists every limit with its default', () => {
  const body = /export interface Limits \{([^}]+)\}/.exec(read('../src/core/settings.ts'))![1]!;
  const declared = [...body.matchAll(/readonly (\w+)/g)].map(([, name]) => name as keyof Limits);
  expect(tableAfter('<!-- limits -->').map(([name, value]) => [name, value])).toEqual(
    declared.map((name) => [`\`${name}\``, String(DEFAULT_LIMITS[name] ?? 'none')]),
  );
});

test('docs/delegation.md lists every status, exit reason and event', () => {
  const names = (mark: string): string[] => tableAfter(mark).map(([name]) => name!.replaceAll('`', ''));
  const reasons = /export type ExitReason =([^;]+);/.exec(read('../src/core/result.ts'))![1]!;
  const events = read('../src/core/events.ts').matchAll(/type: '([a-z-]+)'/g);
  expect(names('<!-- statuses -->')).toEqual(TERMINAL_STATUSES);
  expect(names('<!-- reasons -->')).toEqual([...reasons.matchAll(/'(\w+)'/g)].map(([, name]) => name));
  expect(names('<!-- events -->')).toEqual([...events].map(([, name]) => name));
});

test('docs/delegation.md lists every action', () => {
  expect(tableAfter('<!-- actions -->').map(([name]) => name!.replaceAll('`', ''))).toEqual(
    ACTIONS.filter((action) => action !== 'spawn'),
  );
});

test.each([
  `the ${MAX_CALLS_AN_ANSWER + 1}th of one answer`,
  `the same calls ${WARN_REPEATS} times in a row the model is told; after ${STOP_REPEATS} the child ends`,
  `at most ${MAX_ATTEMPTS} requests for one turn on one route, and ${MAX_WAIT_MS / 1000} seconds`,
  `${READ_BYTES / 1024} KB at a time`,
  `one name a line, ${LIST_ENTRIES.toLocaleString('en')} at most`,
  `${SEARCH_LINES} lines at most`,
  `UTF-8 text up to ${WRITE_BYTES / 1024 ** 2} MB`,
  `${COMMAND_SECONDS} seconds unless it asks for another`,
  `${OUTPUT_CHARS.toLocaleString('en')} characters, head and tail`,
  `After ${OUTPUT_BYTES / 1024 ** 2} MB the command is stopped`,
  `At most ${ARTIFACTS} are listed`,
  `as text, ${PAGE_CHARS.toLocaleString('en')} characters at a time`,
  `${GET_LIMITS.bytes / 2 ** 20} MB of a document`,
  `${GET_LIMITS.total_ms / 1000} seconds in all, ${GET_LIMITS.idle_ms / 1000} without a byte, ${GET_LIMITS.redirects} redirects`,
])('docs/delegation.md tells the figures of the code: %s', (figure) => {
  expect(page).toContain(figure);
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
