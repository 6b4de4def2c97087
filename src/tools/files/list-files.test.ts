import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../core/task.ts';
import { createFolder, use } from '../test-folder.ts';
import { createListFiles, LIST_ENTRIES } from './list-files.ts';
import { openWorkspace } from './workspace.ts';

const FILES = {
  'README.md': '',
  'src/b.ts': '',
  'src/a.test.ts': '',
  'src/deep/c.tsx': '',
  'node_modules/x/index.js': '',
  '.git/HEAD': '',
};

describe('list_files', () => {
  test.each<[string, { [key: string]: Json }, string[]]>([
    ['the workspace', {}, ['.git/', 'README.md', 'link (symlink)', 'node_modules/', 'src/']],
    ['a folder', { path: 'src' }, ['a.test.ts', 'b.ts', 'deep/']],
    [
      'everything',
      { recursive: true },
      [
        '.git/ (not listed; ask for it by path)',
        'README.md',
        'link (symlink)',
        'node_modules/ (not listed; ask for it by path)',
        'src/',
        'src/a.test.ts',
        'src/b.ts',
        'src/deep/',
        'src/deep/c.tsx',
      ],
    ],
    ['by name', { glob: '*.ts' }, ['src/a.test.ts', 'src/b.ts']],
    ['by path', { glob: 'src/**/*.{ts,tsx}' }, ['src/a.test.ts', 'src/b.ts', 'src/deep/c.tsx']],
    ['nothing', { glob: '*.rs' }, ['[No file fits.]']],
    ['a folder that is left out, asked for', { path: 'node_modules', recursive: true }, ['x/', 'x/index.js']],
    ['a file', { path: 'README.md' }, ['"README.md" is a file; read_file shows it.']],
    ['what is not there', { path: 'lib' }, ['"lib" does not exist in the workspace.']],
  ])('%s', async (_, args, expected) => {
    using folder = createFolder(FILES);
    symlinkSync('/etc', join(folder.path, 'link'));
    const { content } = await use(createListFiles(await openWorkspace(folder.path)), args);
    expect(content.split('\n')).toEqual(expected);
  });

  test('a long list is cut, and says so', async () => {
    using folder = createFolder(Object.fromEntries(Array.from({ length: LIST_ENTRIES + 1 }, (_, i) => [`f${i}`, ''])));
    const { content } = await use(createListFiles(await openWorkspace(folder.path)), {});
    expect(content.split('\n')).toHaveLength(LIST_ENTRIES + 1);
    expect(content).toMatch(/\[Cut here: there may be more\..*\]$/);
  });
});
