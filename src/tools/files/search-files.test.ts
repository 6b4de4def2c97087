import { describe, expect, test } from 'vitest';
import type { Json } from '../../core/task.ts';
import { createFolder, use } from '../test-folder.ts';
import { createSearchFiles, SEARCH_LINES } from './search-files.ts';
import { openWorkspace } from './workspace.ts';

const FILES = {
  'a.ts': 'one\nconst port = 8080;\nthree port port\n',
  'b.md': 'Port 80\nabc',
  'lib/c.ts': 'no.port',
  '.env': 'port=1',
  'x.bin': Buffer.from('port\0port'),
  'big.txt': `port${' '.repeat(2 * 1024 * 1024)}`,
  'node_modules/m/i.ts': 'port',
};
const LEFT = '[Not searched: 1 (over 2 MB), 1 (not text), 1 (may hold secrets).]';

async function search(files: Record<string, string | Buffer>, args: { [key: string]: Json }): Promise<string[]> {
  using folder = createFolder(files);
  const outcome = await use(createSearchFiles(await openWorkspace(folder.path)), args);
  return outcome.content.split('\n');
}

describe('search_files', () => {
  test.each<[string, { [key: string]: Json }, string[]]>([
    [
      'a literal text',
      { pattern: 'port' },
      ['a.ts:2: const port = 8080;', 'a.ts:3: three port port', 'lib/c.ts:1: no.port', LEFT],
    ],
    ['in any case', { pattern: 'PORT 8', ignore_case: true }, ['b.md:1: Port 80', LEFT]],
    ['a literal text with signs', { pattern: 'no.p', glob: '*.ts' }, ['lib/c.ts:1: no.port']],
    [
      'a regular expression',
      { pattern: '^[cP]o.*\\d+;?$', regex: true },
      ['a.ts:2: const port = 8080;', 'b.md:1: Port 80', LEFT],
    ],
    [
      'a regular expression in any case',
      { pattern: '^p', regex: true, ignore_case: true, glob: '*.md' },
      ['b.md:1: Port 80'],
    ],
    ['one file', { pattern: 'port', path: 'lib/c.ts' }, ['lib/c.ts:1: no.port']],
    ['one folder', { pattern: 'port', path: 'lib' }, ['lib/c.ts:1: no.port']],
    ['by glob from the workspace', { pattern: 'port', path: 'lib', glob: 'lib/*.ts' }, ['lib/c.ts:1: no.port']],
    ['nothing', { pattern: 'nowhere', glob: '*.ts' }, ['[Nothing found.]']],
    [
      'a secret file by name',
      { pattern: 'port', path: '.env' },
      ['".env" is kept from children: it may hold secrets.'],
    ],
    ['no pattern', { pattern: '' }, ['The pattern is empty.']],
    [
      'a broken expression',
      { pattern: '(', regex: true },
      [expect.stringContaining('"(" is no regular expression') as never],
    ],
  ])('%s', async (_, args, expected) => {
    expect(await search(FILES, args)).toEqual(expected);
  });

  test('a regular expression that backtracks for ever ends, and says why', async () => {
    const [said] = await search({ a: `${'a'.repeat(60)}!` }, { pattern: '(a+)+$', regex: true });
    expect(said).toContain('it backtracks');
  });

  test('many lines are cut, and say so', async () => {
    const lines = await search({ a: 'x\n'.repeat(300), b: 'x' }, { pattern: 'x' });
    expect(lines).toHaveLength(SEARCH_LINES + 1);
    expect(lines.at(-1)).toBe('[Cut here: there are more than 200 lines. Search a closer path, glob or pattern.]');
  });

  test('a long line is shown around its match', async () => {
    const [line] = await search({ a: `${'x'.repeat(10_000)}needle${'y'.repeat(10_000)}` }, { pattern: 'needle' });
    expect(line).toMatch(/^a:1: …x+needley+…$/);
    expect(line!.length).toBeLessThan(250);
  });
});
