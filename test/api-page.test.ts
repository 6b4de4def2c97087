import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

test('docs/api.md is what the docstrings of the built package say, and every export has one', async () => {
  await promisify(execFile)(process.execPath, ['scripts/build-api.mjs', '--check'], { cwd: ROOT });
});
