import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

describe('making a folder', () => {
  test('makes those above it too, for their owner only', () => {
    const base = mkdtempSync(join(tmpdir(), 'ym-folder-'));
    makeFolder(join(base, 'a/b/c'));
    makeFolder(join(base, 'a/b/c'));
    expect(statSync(join(base, 'a/b')).mode & 0o777).toBe(0o700);
    rmSync(base, { recursive: true });
  });

  test('fails below a file', () => {
    const base = mkdtempSync(join(tmpdir(), 'ym-folder-'));
    writeFileSync(join(base, 'file'), '');
    expect(() => makeFolder(join(base, 'file/a'))).toThrow();
    rmSync(base, { recursive: true });
  });

  test.skipIf(!existsSync('/proc/self'))('fails, and does not hang, where no folder can ever be', () => {
    expect(() => makeFolder('/proc/nope/x')).toThrow('ENOENT');
  });
});
