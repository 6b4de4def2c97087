import { createHash } from 'node:crypto';
import { rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ARTIFACTS } from './artifacts.ts';
import { createFolder, openChildren, type TestChild } from './test-folder.ts';

const ALL = ['read', 'write', 'terminal'];
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** Longer than the clock of a file system is coarse. */
const aTick = (): Promise<void> => sleep(30);
const paths = async (child: TestChild): Promise<string[]> => (await child.close()).artifacts.map(({ path }) => path);

describe('what a child leaves behind', () => {
  test('is read from disk when it ends: the last content, with its hash', async () => {
    using folder = createFolder({});
    const [child] = await openChildren(folder.path);
    await child!.call('write_file', { path: 'a.txt', content: 'first' });
    await child!.call('write_file', { path: 'a.txt', content: 'second' });
    expect(await child!.close()).toEqual({ artifacts: [{ path: 'a.txt', bytes: 6, sha256: sha256('second') }] });
  });

  test('is nothing when it only says that it wrote (F22)', async () => {
    using folder = createFolder({ 'report.md': 'was there before' });
    const [child] = await openChildren(folder.path, { toolsets: ALL });
    await child!.call('read_file', { path: 'report.md' });
    await aTick();
    await child!.call('run_command', { command: 'echo "I wrote report.md and summary.md"; cat report.md' });
    await child!.call('write_file', { path: 'refused.txt', content: '\0' });
    expect(await child!.close()).toEqual({ artifacts: [] });
  });

  test('is not a file that is gone again, as it was before, or a link', async () => {
    using outside = createFolder({ 'x.txt': 'outside' });
    using folder = createFolder({ 'same.txt': 'same', 'gone.txt': 'x' });
    const [child] = await openChildren(folder.path);
    for (const path of ['same.txt', 'gone.txt']) await child!.call('read_file', { path });
    for (const path of ['same.txt', 'gone.txt', 'link.txt'])
      await child!.call('write_file', { path, content: 'other' });
    await child!.call('write_file', { path: 'same.txt', content: 'same' });
    rmSync(join(folder.path, 'gone.txt'));
    rmSync(join(folder.path, 'link.txt'));
    symlinkSync(join(outside.path, 'x.txt'), join(folder.path, 'link.txt'));
    expect(await child!.close()).toEqual({ artifacts: [] });
  });

  test('is what its commands changed, too', async () => {
    using folder = createFolder({ 'old.txt': 'old', 'touched.txt': 'x', 'node_modules/m/index.js': '' });
    const [child] = await openChildren(folder.path, { toolsets: ['terminal'] });
    await aTick();
    const command = 'mkdir out; echo 1 > out/new.txt; echo 2 >> touched.txt; echo 3 > node_modules/m/index.js';
    await child!.call('run_command', { command });
    expect(await paths(child!)).toEqual(['out/new.txt', 'touched.txt']);
  });

  test('is not what a sibling wrote while its commands ran', async () => {
    using folder = createFolder({});
    const [runner, writer] = await openChildren(folder.path, { count: 2, toolsets: ALL });
    const running = runner!.call('run_command', {
      command: 'while [ ! -e theirs.txt ]; do sleep 0.01; done; echo > mine.txt',
    });
    await writer!.call('write_file', { path: 'theirs.txt', content: 'x' });
    await running;
    expect(await paths(runner!)).toEqual(['mine.txt']);
    expect(await paths(writer!)).toEqual(['theirs.txt']);
  });

  test('is told as incomplete where something is left out', async () => {
    using folder = createFolder({});
    const [child] = await openChildren(folder.path, { toolsets: ['terminal'] });
    await child!.call('run_command', { command: 'echo SECRET=1 > .env; echo x > x.txt' });
    expect(await child!.close()).toEqual({
      artifacts: [{ path: 'x.txt', bytes: 2, sha256: sha256('x\n') }],
      artifacts_incomplete: true,
    });
  });

  test(`is listed up to ${ARTIFACTS} files`, async () => {
    using folder = createFolder({});
    const [child] = await openChildren(folder.path, { toolsets: ['terminal'] });
    await child!.call('run_command', {
      command: `i=0; while [ $i -le ${ARTIFACTS} ]; do echo > f$i; i=$((i+1)); done`,
    });
    const { artifacts, artifacts_incomplete } = await child!.close();
    expect([artifacts.length, artifacts_incomplete]).toEqual([ARTIFACTS, true]);
  });

  test('is hashed only up to a size', async () => {
    using folder = createFolder({});
    const [child] = await openChildren(folder.path);
    await child!.call('write_file', { path: 'huge.bin', content: 'x' });
    writeFileSync(join(folder.path, 'other.txt'), '');
    truncateSync(join(folder.path, 'huge.bin'), 300 * 1024 * 1024);
    expect(await child!.close()).toEqual({ artifacts: [], artifacts_incomplete: true });
  });
});
