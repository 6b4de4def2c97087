import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../src/cli/program.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
  language,
  text: text!,
}));

describe('the README', () => {
  test('shows what `npm start` prints', async () => {
    const picture = blocks.find(({ text }) => text.includes('$ yardmaster delegate examples/demo/batch.yaml'))!.text;
    const { stdout, stderr } = await run(process.execPath, ['examples/demo/demo.mjs'], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1' },
    });
    const printed = squeezed(stripVTControlCharacters(stdout + stderr));
    const lines = picture.split('\n').filter((line) => line.trim() !== '');
    expect(lines.filter((line) => !printed.includes(squeezed(line)))).toEqual([]);
  });

  test('and docs/library.md have TypeScript that compiles against the built package', async () => {
    const samples = ['README.md', 'docs/library.md'].flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text!),
    );
    expect(samples.length).toBeGreaterThan(4);
    const folder = mkdtempSync(join(root, 'test/.readme-'));
    try {
      const files = samples.map((_, index) => join(folder, `sample-${index}.ts`));
      for (const [index, file] of files.entries()) writeFileSync(file, samples[index]!);
      const options = [
        '--ignoreConfig',
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2023',
        '--lib',
        'es2023,esnext.disposable',
        '--types',
        'node',
        '--skipLibCheck',
      ];
      const { stdout } = await run(process.execPath, [
        join(root, 'node_modules/typescript/bin/tsc'),
        ...options,
        ...files,
      ]).catch((error: { stdout: string }) => error);
      expect(stdout).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('names only commands that exist', () => {
    const known = createProgram().commands.map((command) => command.name());
    const named = [...readme.matchAll(/^yardmaster ([^#\n]+)/gm)].flatMap(([, words]) =>
      words!.split('|').map((word) => word.trim().split(' ')[0]!),
    );
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(['README.md', 'AGENTS.md', 'CONTEXT.md', 'CHANGELOG.md', 'docs/library.md', 'examples/README.md'])(
    '%s links only to files that are there',
    (page) => {
      const text = readFileSync(join(root, page), 'utf8');
      const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
      expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
    },
  );
});

/** Spaces made one: column widths go by the terminal. */
function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
