import { execFileSync, spawn } from 'node:child_process';
import { renameSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFolder, toolsOptions, use } from '../test-folder.ts';
import { createToolsFor } from '../tools-for.ts';
import { createReadFile } from './read-file.ts';
import { openWorkspace } from './workspace.ts';

describe('confinement', () => {
  test.each([
    ['../outside.txt', 'is outside the workspace.'],
    ['/etc/passwd', 'is outside the workspace.'],
    ['a/../../outside.txt', 'is outside the workspace.'],
    ['link-out', 'leads outside the workspace.'],
    ['folder-out/passwd', 'leads outside the workspace.'],
    ['link-round', 'is a symlink that leads nowhere.'],
    ['link-nowhere', 'does not exist in the workspace.'],
    ['nothing.txt', 'does not exist in the workspace.'],
    ['a.txt/b', 'does not exist: a part of it is a file, not a folder.'],
    ['a\0.txt', 'is not a path.'],
    ['x'.repeat(300), 'is too long for a path.'],
    ['.', 'is a folder; list_files shows what is in it.'],
    ['pipe', 'is not a regular file.'],
    ['socket', 'is not a regular file.'],
    ['.env', 'is kept from children: it may hold secrets.'],
    ['link-env', 'is kept from children: it may hold secrets.'],
  ])('%j %s', async (path, why) => {
    using folder = createFolder({ 'a.txt': 'inside', '.env': 'KEY=1' });
    symlinkSync('/etc/passwd', join(folder.path, 'link-out'));
    symlinkSync('/etc', join(folder.path, 'folder-out'));
    symlinkSync('link-round', join(folder.path, 'link-round'));
    symlinkSync('gone', join(folder.path, 'link-nowhere'));
    symlinkSync('.env', join(folder.path, 'link-env'));
    execFileSync('/usr/bin/env', ['mkfifo', join(folder.path, 'pipe')]);
    const server = createServer().listen(join(folder.path, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    const outcome = await use(createReadFile(await openWorkspace(folder.path)), { path });
    await new Promise((resolve) => server.close(resolve));
    expect(outcome).toEqual({ content: `"${path}" ${why}`, is_error: true });
  });

  test.each([
    ['a folder that becomes a symlink', 'a', 'outside', '"a/x.txt" leads outside the workspace.'],
    ['a file that becomes one', 'a/x.txt', 'outside/x.txt', '"a/x.txt" leads outside the workspace.'],
    ['a folder that becomes one to a folder inside', 'a', 'inside/b', 'another'],
    ['a file that becomes one to what may hold secrets', 'a/x.txt', 'inside/.env', '"a/x.txt" is kept from children'],
    ['a file that is gone', 'a/x.txt', undefined, '"a/x.txt" does not exist in the workspace.'],
  ])('%s after it was read is noticed by who reads it again', async (_, path, target, expected) => {
    using folder = createFolder({
      'inside/a/x.txt': 'mine',
      'inside/b/x.txt': 'another',
      'inside/.env': 'KEY=1',
      'outside/x.txt': 'secret',
    });
    const inside = join(folder.path, 'inside');
    const tool = createReadFile(await openWorkspace(inside));
    expect(await use(tool, { path: 'a/x.txt' })).toEqual({ content: 'mine', is_error: false });
    expect(await use(tool, { path: 'a/x.txt' })).toEqual({ content: 'mine', is_error: false });
    renameSync(join(inside, path), join(inside, 'moved'));
    if (target !== undefined) symlinkSync(join(folder.path, target), join(inside, path));
    expect((await use(tool, { path: 'a/x.txt' })).content).toContain(expected);
  });

  test('a pipe outside is not even opened, where a folder became a symlink to its own', async () => {
    using folder = createFolder({ 'inside/a/x.txt': 'mine', 'outside/y.txt': '' });
    const tool = createReadFile(await openWorkspace(join(folder.path, 'inside')));
    await use(tool, { path: 'a/x.txt' });
    const pipe = join(folder.path, 'outside/pipe');
    execFileSync('/usr/bin/env', ['mkfifo', pipe]);
    renameSync(join(folder.path, 'inside/a'), join(folder.path, 'inside/moved'));
    symlinkSync(join(folder.path, 'outside'), join(folder.path, 'inside/a'));
    // Who writes to a pipe waits until somebody opens it, and fails when that one is gone.
    const writer = spawn('/bin/sh', ['-c', 'echo ready; echo lost > "$0"', pipe], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    try {
      await new Promise((resolve) => writer.stdout.once('data', resolve));
      for (let turn = 0; turn < 20; turn += 1) {
        expect((await use(tool, { path: 'a/pipe' })).content).toBe('"a/pipe" leads outside the workspace.');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect([writer.exitCode, writer.signalCode]).toEqual([null, null]);
    } finally {
      writer.kill();
      await ended;
    }
  });

  test.runIf(process.platform === 'linux')('a file is read in place once its folder is known', async () => {
    using folder = createFolder({ 'a/x.txt': 'one', 'a/y.txt': 'two' });
    const tool = createReadFile(await openWorkspace(folder.path));
    expect(tool.runNow?.({ path: 'a/x.txt' })).toBeUndefined();
    await use(tool, { path: 'a/x.txt' });
    expect(tool.runNow?.({ path: 'a/y.txt' })).toEqual({ content: 'two', is_error: false });
  });

  test('a symlink that stays inside is followed, and so are absolute paths, real or as given', async () => {
    using folder = createFolder({ 'real/a.txt': 'inside' });
    symlinkSync('real', join(folder.path, 'link'));
    const tool = createReadFile(await openWorkspace(join(folder.path, 'link')));
    for (const path of ['a.txt', join(folder.path, 'link/a.txt'), join(folder.path, 'real/a.txt')]) {
      expect(await use(tool, { path })).toEqual({ content: 'inside', is_error: false });
    }
  });
});

const ALONE = { worktree: false };

test('an unknown toolset is refused by name', async () => {
  await expect(createToolsFor(toolsOptions())('/').kit(['read', 'wrte'], ALONE)).rejects.toMatchObject({
    code: 'TOOLSET_DENIED',
    message: expect.stringContaining('"wrte"'),
  });
});

test('a workspace that is not there is refused', async () => {
  await expect(createToolsFor(toolsOptions())('/nowhere/at/all').kit(['read'], ALONE)).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
    message: 'The workspace "/nowhere/at/all" cannot be opened.',
  });
});

test('the read toolset only reads, and says so', async () => {
  const kit = await createToolsFor(toolsOptions())('/').kit(['read'], ALONE);
  const { tools, close } = await kit.open({ task_id: 't_1', index: 0 });
  expect(kit.specs.map(({ name }) => name)).toEqual(['read_file', 'list_files', 'search_files']);
  expect([...tools.values()].map(({ spec }) => spec)).toEqual(kit.specs);
  expect([...tools.values()].every((tool) => tool.idempotent)).toBe(true);
  expect(close).toBeUndefined();
});
