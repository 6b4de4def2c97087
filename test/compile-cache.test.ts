import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const COMMAND = resolve(import.meta.dirname, '../dist/cli/main.js');
const supported = 'enableCompileCache' in module;

/** Whether a run of the command leaves what was compiled of it in a data folder of this mode. */
function leavesCode(mode: number, flags: readonly string[], used = true): boolean {
  const home = mkdtempSync(join(tmpdir(), 'yardmaster-compiled-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  if (used) writeFileSync(join(home, 'yardmaster.db'), '');
  chmodSync(home, mode);
  const { NODE_COMPILE_CACHE: _, NODE_DISABLE_COMPILE_CACHE: __, ...env } = process.env;
  execFileSync(process.execPath, [COMMAND, ...flags], { env: { ...env, YARDMASTER_HOME: home }, stdio: 'ignore' });
  return existsSync(join(home, 'cache', 'compiled'));
}

test('what was compiled of the command is kept where it was used and nobody else may write, and nowhere else', () => {
  expect(leavesCode(0o700, ['routes'])).toBe(supported);
  expect(leavesCode(0o700, ['--help'])).toBe(false);
  expect(leavesCode(0o700, ['routes'], false)).toBe(false);
  if (process.platform !== 'win32') expect(leavesCode(0o777, ['routes'])).toBe(false);
});
