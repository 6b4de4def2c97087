import { closeSync, openSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFolder } from '../test-folder.ts';
import { isAt } from './is-at.ts';
import type { OpenFile } from './open-file.ts';
import { replaceFile } from './replace-file.ts';

const signal = new AbortController().signal;

/** Puts a symlink to `target` where the folder `a` is, as a command could at any moment; `a` is `b` then. */
function divert(folder: string, target: string): void {
  renameSync(join(folder, 'a'), join(folder, 'b'));
  symlinkSync(target, join(folder, 'a'));
}

describe('a folder that becomes a symlink after its path was resolved', () => {
  test('is not written through when it is one before the write', async () => {
    using outside = createFolder({});
    using folder = createFolder({ 'a/x.txt': 'old' });
    divert(folder.path, outside.path);
    const real = join(folder.path, 'a/x.txt');
    await expect(replaceFile(real, Buffer.from('new'), { path: 'a/x.txt', old: undefined, signal })).rejects.toThrow(
      /not exist|moved while it was written/,
    );
    expect(readdirSync(outside.path)).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('is not written through when it becomes one during the write', async () => {
    using outside = createFolder({});
    using folder = createFolder({ 'a/x.txt': 'old' });
    const old = {
      owner: { uid: process.getuid?.(), gid: process.getgid?.() },
      get mode() {
        // Asked for once the folder is held and before the new file is made.
        if (readdirSync(folder.path).includes('a') && !readdirSync(folder.path).includes('b'))
          divert(folder.path, outside.path);
        return 0o644;
      },
    } as OpenFile;
    await replaceFile(join(folder.path, 'a/x.txt'), Buffer.from('new'), { path: 'a/x.txt', old, signal });
    expect(readdirSync(outside.path)).toEqual([]);
    expect(readFileSync(join(folder.path, 'b/x.txt'), 'utf8')).toBe('new');
  });

  test('is noticed by who reads through it', () => {
    using outside = createFolder({ 'x.txt': 'secret' });
    using folder = createFolder({ 'a/x.txt': 'mine' });
    const real = join(folder.path, 'a/x.txt');
    const honest = openSync(real, 'r');
    expect(isAt(honest, real)).toBe(true);
    closeSync(honest);
    divert(folder.path, outside.path);
    const diverted = openSync(real, 'r');
    expect(isAt(diverted, real)).toBe(false);
    closeSync(diverted);
  });
});

test('a symlink at the very place is replaced, not followed', async () => {
  using outside = createFolder({ 'x.txt': 'safe' });
  using folder = createFolder({});
  symlinkSync(join(outside.path, 'x.txt'), join(folder.path, 'x.txt'));
  await replaceFile(join(folder.path, 'x.txt'), Buffer.from('new'), { path: 'x.txt', old: undefined, signal });
  expect(readFileSync(join(outside.path, 'x.txt'), 'utf8')).toBe('safe');
  expect(readFileSync(join(folder.path, 'x.txt'), 'utf8')).toBe('new');
});

test('nothing is left of a write that fails', async () => {
  using folder = createFolder({ 'x/in-the-way': '' });
  writeFileSync(join(folder.path, 'y'), '');
  const write = replaceFile(join(folder.path, 'x'), Buffer.from('new'), { path: 'x', old: undefined, signal });
  await expect(write).rejects.toThrow('"x"');
  expect(readdirSync(folder.path).sort()).toEqual(['x', 'y']);
});
