import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFolder, openChildren, toolsOptions } from '../test-folder.ts';
import { createToolsFor } from '../tools-for.ts';
import { CANARY, sandboxContract } from './sandbox.contract.ts';

const settings = { kind: 'bubblewrap', network: false, read_only: [] } as const;
const trial = spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-all', '--proc', '/proc', 'true'], {
  encoding: 'utf8',
});
const why = trial.error === undefined ? trial.stderr.trim() : 'bwrap is not installed';

if (trial.status === 0) {
  sandboxContract(settings);

  describe('bubblewrap', () => {
    const run = async (folder: string, command: string, sandbox = {}) => {
      const [one] = await openChildren(folder, {
        toolsets: ['read', 'terminal'],
        sandbox: { ...settings, ...sandbox },
      });
      await using child = one!;
      return await child.call('run_command', { command });
    };

    test('shows nothing of the machine but its programs and the workspace', async () => {
      using outside = createFolder({ 'secret.txt': 'outside' });
      using folder = createFolder({ 'in.txt': 'inside' });
      symlinkSync(join(outside.path, 'secret.txt'), join(folder.path, 'link'));
      const { content } = await run(
        folder.path,
        `cat in.txt; cat link ${outside.path}/secret.txt; ls / /home /root /var 2>&1; cat /etc/shadow | wc -c; ls /etc/ssl/private`,
      );
      expect(content).toContain('inside');
      expect(content).not.toContain('outside\n');
      expect(content).toContain("cannot access '/home'");
      expect(content).toContain('\n0\n');
    });

    test.each([
      ['touch /usr/x /etc/x', /Read-only file system/],
      ['touch /x && ls /x', /^\/x/],
      ['echo gone > ../x && cat ../x', /gone/],
    ])('lets nothing outside be written that stays: %s', async (command, said) => {
      using above = createFolder({ 'work/in.txt': '' });
      const { content } = await run(join(above.path, 'work'), command);
      expect(content).toMatch(said);
      for (const path of ['/usr/x', '/etc/x', '/x', join(above.path, 'x')]) expect(existsSync(path)).toBe(false);
    });

    test("hides this process's environment, where keys are, and every other process", async () => {
      using folder = createFolder({});
      process.env.YARDMASTER_TEST_CANARY = CANARY;
      const { content } = await run(
        folder.path,
        `cat /proc/${process.pid}/environ /proc/*/environ; ls -d /proc/[0-9]* | wc -l`,
      );
      delete process.env.YARDMASTER_TEST_CANARY;
      expect(content).not.toContain('canary');
      expect(Number(/\n?(\d+)\n\[Exit/.exec(content)?.[1])).toBeLessThan(10);
    });

    test("keeps git's hooks and settings as they are", async () => {
      using folder = createFolder({ '.git/config': 'old', '.git/hooks/x': 'old' });
      const { content } = await run(
        folder.path,
        'echo evil > .git/config; echo evil > .git/hooks/pre-commit; mv .git .git2; echo done',
      );
      expect(content).toMatch(/Read-only file system[\s\S]*busy[\s\S]*done/);
      expect(readFileSync(join(folder.path, '.git/config'), 'utf8')).toBe('old');
      expect(existsSync(join(folder.path, '.git/hooks/pre-commit'))).toBe(false);
    });

    test('with a worktree, a child commits to its own branch and changes nothing else of the repository', async () => {
      using folder = createFolder({ 'repo/a.txt': 'one' });
      const repo = join(folder.path, 'repo');
      const git = (...args: string[]) => spawnSync('git', ['-C', repo, ...args], { encoding: 'utf8' }).stdout;
      git('init', '--quiet', '--initial-branch', 'main');
      git('config', 'user.name', 'Tess');
      git('config', 'user.email', 'tess@example.test');
      git('add', '.');
      git('commit', '--quiet', '--message', 'first');
      const [one] = await openChildren(repo, {
        toolsets: ['terminal'],
        worktree: true,
        worktrees: join(folder.path, 'worktrees'),
        sandbox: settings,
      });
      const { content } = await one!.call('run_command', {
        command: `echo two > a.txt; git commit -qam two && git log --format=%an%s -1
          git branch other; git config core.fsmonitor evil; echo evil > ${repo}/a.txt; echo x > .git; git update-ref refs/heads/main HEAD; true`,
      });
      expect(content).toMatch(/^Tesstwo\n/);
      expect(content.match(/Read-only|read-only|nonexistent|No such|busy|Unable/g)?.length).toBeGreaterThanOrEqual(4);
      expect(await one!.close()).toMatchObject({
        artifacts: [{ path: 'a.txt' }],
        worktree: { commits: 1, dirty: false },
      });
      expect(git('log', '--format=%s', 'main')).toBe('first\n');
      expect(git('branch', '--format=%(refname:short)')).toBe('main\nyardmaster/t_0\n');
      expect(git('config', '--get', 'core.fsmonitor')).toBe('');
    });

    test('has a network only where it is allowed', async () => {
      using folder = createFolder({});
      const server = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      const command = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
      const bash = `bash -c '${command.replaceAll("'", `'\\''`)}'`;
      const closed = await run(folder.path, bash);
      const open = await run(folder.path, bash, { network: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      expect(closed.content).not.toContain('reached');
      expect(closed.is_error).toBe(true);
      expect(open.content).toContain('reached');
    });

    test('lets more be read where it is configured', async () => {
      using tool = createFolder({ 'bin/hello': '#!/bin/sh\necho tool' });
      using folder = createFolder({});
      mkdirSync(join(folder.path, 'x'));
      writeFileSync(join(folder.path, 'y'), '');
      const command = `sh ${tool.path}/bin/hello; touch ${tool.path}/x`;
      expect((await run(folder.path, command)).content).not.toContain('tool\n');
      const { content } = await run(folder.path, command, { read_only: [tool.path] });
      expect(content).toContain('tool\n');
      expect(existsSync(join(tool.path, 'x'))).toBe(false);
    });
  });
} else {
  test.skip(`bubblewrap is not tested here: ${why}`, () => {});
}

test('without bwrap, the task is refused before anything starts, and told what to do', async () => {
  using folder = createFolder({});
  const tools = createToolsFor(toolsOptions({ sandbox: settings, env: { PATH: folder.path } }))(folder.path);
  await expect(tools.kit(['terminal'], { worktree: false })).rejects.toMatchObject({
    code: 'ABILITY_MISSING',
    message: 'The sandbox "bubblewrap" cannot be used here: there is no `bwrap` on the PATH.',
    hint: expect.stringContaining('Install bubblewrap'),
  });
});
