import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const FOLDER = resolve(import.meta.dirname, '../examples');
const EXAMPLES = readdirSync(FOLDER).filter((name) => /^\d\d-.*\.mjs$/.test(name));

describe('the examples', () => {
  test('are numbered without a gap', () => {
    expect(EXAMPLES.map((name) => Number(name.slice(0, 2)))).toEqual(EXAMPLES.map((_, index) => index + 1));
  });

  test.concurrent.each(EXAMPLES)('%s prints what stands at its end', async (name) => {
    const file = join(FOLDER, name);
    const [, prints] = /\/\* Prints\n(.*?)\n\*\/\n$/s.exec(readFileSync(file, 'utf8'))!;
    // No key, no home, another folder.
    const env = { PATH: process.env.PATH, HOME: tmpdir() };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: tmpdir(), env });
    // `…` stands for what differs between runs.
    const masked = prints!.split('\n').map((line, index) => {
      const pattern = line
        .split('…')
        .map((part) => escaped(part))
        .join('.+');
      const printed = stdout.split('\n')[index] ?? '';
      return new RegExp(`^${pattern}$`).test(printed) ? line : printed;
    });
    expect([...masked, ...stdout.trimEnd().split('\n').slice(masked.length)].join('\n')).toBe(prints);
    expect(stderr).toBe('');
  });

  test('all stand in their README, and nothing else does', () => {
    const listed = [...readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(/^\| \[([^\]]+)\]\(\1\)/gm)];
    expect(listed.map(([, name]) => name).filter((name) => /^\d/.test(name!))).toEqual(EXAMPLES);
  });
});

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
