import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { describe, expect, test } from 'vitest';
import { type ProcessOptions, runProcess } from './run-process.ts';
import { livingWith } from './test-processes.ts';

const options: Omit<ProcessOptions, 'argv'> = {
  cwd: tmpdir(),
  env: { PATH: process.env.PATH ?? '' },
  timeout_ms: 60_000,
  max_bytes: 1_000_000,
  signal: new AbortController().signal,
  endOthers: async () => undefined,
};
const sh = (line: string, more: Partial<ProcessOptions> = {}) =>
  runProcess({ ...options, argv: ['/bin/sh', '-c', line], ...more });

/** A number of seconds that no other process sleeps. */
let marks = 0;
const mark = (): string => `8${process.pid}.${++marks}`;

describe('runProcess', () => {
  test('gives the output in order, and the exit code', async () => {
    const { output, ...end } = await sh('echo a; echo b >&2; echo c; exit 4');
    expect({ ...end, output: output.toString() }).toEqual({ code: 4, output: 'a\nb\nc\n' });
  });

  test('gives the signal that ended it', async () => {
    expect(await sh('kill -9 $$')).toMatchObject({ signal: 'SIGKILL' });
  });

  test('is not waiting for input', async () => {
    expect((await sh('cat; read x; echo "$x over"')).output.toString()).toBe(' over\n');
  });

  test('a flood is stopped at the limit, whole up to there', async () => {
    const end = await sh('yes 0123456789', { max_bytes: 100_000 });
    expect(end).toMatchObject({ stopped: 'output' });
    expect(end.output.length).toBe(100_000);
    expect(end.output.equals(Buffer.from('0123456789\n'.repeat(10_000)).subarray(0, 100_000))).toBe(true);
  });

  test('after TERM, what tidies up may finish', async () => {
    const end = await sh('trap "sleep 0.2; echo tidied; exit 3" TERM; echo ready; while :; do sleep 0.05; done', {
      timeout_ms: 500,
    });
    expect(end).toMatchObject({ stopped: 'timeout', code: 3 });
    expect(end.output.toString()).toMatch(/^ready\n[\s\S]*tidied\n$/);
  });

  test('after TERM, children of a program that is gone may finish too', async () => {
    const end = await sh(
      '(trap "sleep 0.2; echo tidied; exit" TERM; echo ready; while :; do sleep 0.05; done) & wait',
      {
        timeout_ms: 500,
      },
    );
    expect(end.output.toString()).toContain('tidied');
  });

  test('what ignores TERM is killed', async () => {
    const name = mark();
    const end = await sh(`trap "" TERM; sleep ${name}; sleep ${name}`, { timeout_ms: 100 });
    expect(end).toMatchObject({ stopped: 'timeout', signal: 'SIGKILL' });
    await expect.poll(() => livingWith(name)).toEqual([]);
  }, 30_000);

  test('who forks twice within the group ends with it', async () => {
    const name = mark();
    await sh(`( (trap "" HUP TERM; sleep ${name}; sleep ${name}) & ) ; echo`);
    await expect.poll(() => livingWith(name)).toEqual([]);
  });

  test('an aborted signal stops it before it does anything long', async () => {
    const end = await sh(`sleep ${mark()}`, { signal: AbortSignal.abort() });
    expect(end).toMatchObject({ stopped: 'cancelled' });
  });

  test('a program that is not there is an exit code, as in a shell; a folder that is not there is an error', async () => {
    expect(await runProcess({ ...options, argv: ['/no/such/program'] })).toMatchObject({ code: 127 });
    await expect(sh('echo', { cwd: '/no/such/folder' })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('everything dies with the process that started it, also when that is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'yardmaster-process-'));
    const name = mark();
    await build({
      configFile: false,
      logLevel: 'silent',
      build: {
        ssr: join(import.meta.dirname, 'run-process.ts'),
        outDir: folder,
        emptyOutDir: false,
        rolldownOptions: { output: { entryFileNames: 'run-process.mjs' } },
      },
    });
    const line = `trap "" TERM; (sleep ${name} &); echo; sleep ${name}; sleep ${name}`;
    writeFileSync(
      join(folder, 'parent.mjs'),
      `import { runProcess } from './run-process.mjs';
       runProcess({ ...${JSON.stringify({ ...options, argv: ['/bin/sh', '-c', line] })}, signal: new AbortController().signal, endOthers: async () => {} });`,
    );
    const parent = spawn(process.execPath, [join(folder, 'parent.mjs')], { stdio: 'inherit' });
    await expect.poll(() => livingWith(name).length, { timeout: 15_000 }).toBeGreaterThanOrEqual(2);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => livingWith(name), { timeout: 5_000 }).toEqual([]);
    rmSync(folder, { recursive: true });
  }, 40_000);
});
