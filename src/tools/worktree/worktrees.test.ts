import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFolder, openChildren, toolsOptions } from '../test-folder.ts';
import { createToolsFor } from '../tools-for.ts';

/** A repository with one commit, and a place for worktrees beside it. */
function repository(files: Record<string, string> = { 'a.txt': 'one\n' }) {
  const folder = createFolder({});
  const path = join(folder.path, 'repo');
  mkdirSync(path);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', path, '-c', 'user.name=T', '-c', 'user.email=t@t', ...args], { encoding: 'utf8' });
  git('init', '--quiet', '--initial-branch', 'main');
  git('config', 'user.name', 'Tess');
  git('config', 'user.email', 'tess@example.test');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  git('add', '.');
  git('commit', '--quiet', '--message', 'first');
  return {
    path,
    worktrees: join(folder.path, 'worktrees'),
    git,
    branches: () => git('branch', '--format=%(refname:short)').trim().split('\n'),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const ALL = ['read', 'write', 'terminal'];

describe('a child with a worktree', () => {
  test('works on a branch and in a folder of its own; the repository stays as it is', async () => {
    using repo = repository();
    const [one, two] = await openChildren(repo.path, {
      count: 2,
      worktree: true,
      toolsets: ALL,
      worktrees: repo.worktrees,
    });
    for (const child of [one, two]) await child!.call('read_file', { path: 'a.txt' });
    for (const [i, child] of [one, two].entries())
      expect(await child!.call('write_file', { path: 'a.txt', content: `by ${i}\n` })).toMatchObject({
        is_error: false,
      });
    expect(one!.news()).toBeUndefined();
    expect((await two!.call('run_command', { command: 'git branch --show-current; cat a.txt' })).content).toMatch(
      /^yardmaster\/t_1\nby 1\n/,
    );
    expect(readFileSync(join(repo.path, 'a.txt'), 'utf8')).toBe('one\n');
    expect(repo.git('status', '--porcelain')).toBe('');
    expect(one!.workspace).toBe(join(repo.worktrees, 't_0'));
    for (const child of [one, two]) await child!.close();
  });

  test('that changed nothing leaves neither folder nor branch', async () => {
    using repo = repository();
    const [child] = await openChildren(repo.path, { worktree: true, toolsets: ALL, worktrees: repo.worktrees });
    await child!.call('run_command', { command: 'git log; cat a.txt' });
    expect(await child!.close()).toEqual({ artifacts: [] });
    expect(readdirSync(repo.worktrees)).toEqual([]);
    expect(repo.branches()).toEqual(['main']);
    expect(repo.git('worktree', 'list', '--porcelain')).not.toContain('t_0');
  });

  test('that changed something keeps it, and it is told', async () => {
    using repo = repository();
    const [child] = await openChildren(repo.path, { worktree: true, toolsets: ALL, worktrees: repo.worktrees });
    await child!.call('write_file', { path: 'new.txt', content: 'new\n' });
    expect(await child!.close()).toEqual({
      artifacts: [{ path: 'new.txt', bytes: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      worktree: { path: join(repo.worktrees, 't_0'), branch: 'yardmaster/t_0', commits: 0, dirty: true },
    });
    expect(readFileSync(join(repo.worktrees, 't_0/new.txt'), 'utf8')).toBe('new\n');
    expect(repo.branches()).toEqual(['main', 'yardmaster/t_0']);
  });

  test('that committed is kept with its commits counted, as the user', async () => {
    using repo = repository();
    const [child] = await openChildren(repo.path, { worktree: true, toolsets: ALL, worktrees: repo.worktrees });
    const command = 'echo x > x.txt; git add .; git commit -qm one; echo y >> a.txt; git commit -qam two';
    expect(await child!.call('run_command', { command })).toMatchObject({ is_error: false });
    expect(await child!.close()).toMatchObject({
      artifacts: [{ path: 'a.txt' }, { path: 'x.txt' }],
      worktree: { branch: 'yardmaster/t_0', commits: 2, dirty: false },
    });
    expect(repo.git('log', '--format=%an', 'yardmaster/t_0', '^main')).toBe('Tess\nTess\n');
  });

  test('a written file that git ignores is not thrown away', async () => {
    using repo = repository({ '.gitignore': 'dist/\n' });
    const [child] = await openChildren(repo.path, { worktree: true, toolsets: ALL, worktrees: repo.worktrees });
    await child!.call('write_file', { path: 'dist/out.js', content: '1' });
    expect(await child!.close()).toMatchObject({ artifacts: [{ path: 'dist/out.js' }], worktree: { dirty: true } });
    expect(existsSync(join(repo.worktrees, 't_0/dist/out.js'))).toBe(true);
  });

  test('works in the same folder of the repository as its parent', async () => {
    using repo = repository({ 'top.txt': '', 'packages/a/in.txt': 'in' });
    const [child] = await openChildren(join(repo.path, 'packages/a'), {
      worktree: true,
      toolsets: ALL,
      worktrees: repo.worktrees,
    });
    expect((await child!.call('list_files', {})).content).toBe('in.txt');
    expect((await child!.call('read_file', { path: '../../top.txt' })).content).toMatch(/outside the workspace/);
    await child!.close();
    expect(readdirSync(repo.worktrees)).toEqual([]);
  });

  test('of a task that another process goes on with is left alone, and found again', async () => {
    using repo = repository();
    const tools = createToolsFor(toolsOptions({ worktrees: repo.worktrees }))(repo.path);
    const kit = await tools.kit(['read', 'write'], { worktree: true });
    const user = { task_id: 't_9', index: 0 };
    const first = await kit.open(user);
    await first.tools.get('write_file')!.run({ path: 'half.txt', content: 'half' }, new AbortController().signal);
    expect((await first.close!({ lost: true })).worktree).toBeUndefined();
    const second = await kit.open(user);
    expect((await second.tools.get('read_file')!.run({ path: 'half.txt' }, new AbortController().signal)).content).toBe(
      'half',
    );
    expect(await second.close!({ lost: false })).toMatchObject({
      artifacts: [{ path: 'half.txt' }],
      worktree: { dirty: true },
    });
  });

  test('20 siblings get theirs at the same time', async () => {
    using repo = repository();
    const children = await openChildren(repo.path, {
      count: 20,
      worktree: true,
      toolsets: ['read'],
      worktrees: repo.worktrees,
    });
    expect(readdirSync(repo.worktrees)).toHaveLength(20);
    await Promise.all(children.map((child) => child.close()));
    expect(readdirSync(repo.worktrees)).toEqual([]);
    expect(repo.branches()).toEqual(['main']);
  });
});

describe('what a repository brings is not run by us', () => {
  test('neither its hooks, when a worktree is made and removed, nor a monitor of its settings', async () => {
    using repo = repository();
    const mark = join(repo.worktrees, '..', 'ran');
    for (const hook of ['post-checkout', 'reference-transaction']) {
      writeFileSync(join(repo.path, '.git/hooks', hook), `#!/bin/sh\ntouch ${mark}\n`);
      chmodSync(join(repo.path, '.git/hooks', hook), 0o755);
    }
    appendFileSync(join(repo.path, '.git/config'), `[core]\n\tfsmonitor = touch ${mark}; false\n`);
    const [child] = await openChildren(repo.path, { worktree: true, worktrees: repo.worktrees });
    await child!.call('write_file', { path: 'new.txt', content: 'x' });
    await child!.close();
    expect(existsSync(mark)).toBe(false);
  });

  test('nor what a child makes of its worktree: it is looked at as it was made', async () => {
    using repo = repository();
    const mark = join(repo.worktrees, '..', 'ran');
    const [child] = await openChildren(repo.path, { worktree: true, toolsets: ALL, worktrees: repo.worktrees });
    const command = `rm .git; git init -q .; git config core.fsmonitor 'touch ${mark}; false'; git config diff.external 'touch ${mark}'; echo two > a.txt`;
    await child!.call('run_command', { command });
    expect(await child!.close()).toMatchObject({ worktree: { dirty: true, commits: 0 } });
    expect(existsSync(mark)).toBe(false);
    rmSync(join(repo.worktrees, 't_0'), { recursive: true });
  });

  test('nor the settings of a repository that a child puts into its worktree', async () => {
    using repo = repository();
    const mark = join(repo.worktrees, '..', 'ran');
    const [child] = await openChildren(repo.path, {
      worktree: true,
      toolsets: ALL,
      worktrees: repo.worktrees,
    });
    const command = `git init -q sub; cd sub; echo '* filter=x' > .gitattributes; echo a > f; git add .; git -c user.name=x -c user.email=x commit -qm x
      git config filter.x.clean 'touch ${mark}; cat'; git config core.fsmonitor 'touch ${mark}; false'; cd ..; git add sub; git commit -qm sub; rm -f ${mark}; sleep 1; echo b > sub/f; touch sub/.gitattributes`;
    await child!.call('run_command', { command });
    expect(await child!.close()).toMatchObject({ worktree: { commits: 1 } });
    expect(existsSync(mark)).toBe(false);
  });

  test('a submodule that a child has fetched is not thrown away', async () => {
    using module = repository({ 'm.txt': 'm' });
    using repo = repository();
    repo.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', module.path, 'sub');
    repo.git('commit', '--quiet', '--message', 'sub');
    const [idle, busy] = await openChildren(repo.path, {
      count: 2,
      worktree: true,
      toolsets: ALL,
      worktrees: repo.worktrees,
    });
    const command = 'git -c protocol.file.allow=always submodule --quiet update --init; echo mine > sub/mine.txt';
    await busy!.call('run_command', { command });
    expect((await idle!.close()).worktree).toBeUndefined();
    expect((await busy!.close()).worktree).toMatchObject({ dirty: true });
    expect(existsSync(join(repo.worktrees, 't_1/sub/mine.txt'))).toBe(true);
  });
});

describe('a worktree that cannot be had is refused before anything starts', () => {
  test.each([
    ['no repository', () => createFolder({}), /cannot have one: not a git repository/],
    ['a repository without a commit', emptyRepository, /its repository has no commit yet/],
  ])('%s', async (_, make, why) => {
    using folder = make();
    const tools = createToolsFor(toolsOptions())(folder.path);
    await expect(tools.kit(['read'], { worktree: true })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringMatching(why),
      hint: expect.stringContaining('Leave "worktree" out'),
    });
  });

  test('no git', async () => {
    using folder = createFolder({});
    const tools = createToolsFor(toolsOptions({ env: { PATH: folder.path } }))(folder.path);
    await expect(tools.kit([], { worktree: true })).rejects.toMatchObject({
      message: expect.stringContaining('no `git` on the PATH'),
    });
  });
});

function emptyRepository() {
  const folder = createFolder({});
  execFileSync('git', ['init', '--quiet', folder.path]);
  return folder;
}
