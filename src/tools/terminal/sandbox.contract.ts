import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SandboxSettings } from '../../core/settings.ts';
import { createFolder, openChildren } from '../test-folder.ts';
import { livingWith } from './test-processes.ts';

export const CANARY = 'sk-canary-0123456789abcdef-do-not-leak';

interface ContractOptions {
  /** What finds the sandbox's program. */
  readonly env?: Record<string, string>;
  /** Children that are closed at once while their commands ignore TERM. */
  readonly children?: number;
}

/** What commands may count on, however they are kept apart. */
export function sandboxContract(settings: SandboxSettings, more: ContractOptions = {}): void {
  const env = {
    ...process.env,
    ...more.env,
    SOME_API_KEY: CANARY,
    OPENAI_API_KEY: CANARY,
    LD_PRELOAD_X: 'x',
    LANG: 'C.UTF-8',
  };
  const child = async (folder: string) => {
    const [one] = await open(folder, 1);
    return one!;
  };
  const open = (folder: string, count: number) =>
    openChildren(folder, {
      count,
      toolsets: ['read', 'write', 'terminal'],
      sandbox: settings,
      env,
      filter: (text) => text.replaceAll(CANARY, '[redacted]'),
    });
  const run = async (folder: string, command: string, args: Record<string, string | number> = {}) => {
    await using one = await child(folder);
    return await one.call('run_command', { command, ...args });
  };

  describe(`commands with the sandbox "${settings.kind}"`, () => {
    test.each([
      ['echo out; echo err >&2; echo out', 'out\nerr\nout\n[Exit code 0 after', false],
      ['exit 7', '[Exit code 7 after', true],
      ['printf "no newline"', 'no newline\n[Exit code 0 after', false],
      ['cat; echo "end of input"', 'end of input\n', false],
      ['pwd', '', false],
    ])('%s', async (command, said, is_error) => {
      using folder = createFolder({});
      const outcome = await run(folder.path, command);
      expect(outcome).toEqual({ content: expect.stringContaining(said), is_error });
    });

    test('read and write the workspace, in the folder asked for', async () => {
      using folder = createFolder({ 'sub/in.txt': 'hello' });
      expect(await run(folder.path, 'cat in.txt > out.txt; ls ..', { cwd: 'sub' })).toMatchObject({
        content: expect.stringContaining('sub'),
        is_error: false,
      });
      expect(readFileSync(join(folder.path, 'sub/out.txt'), 'utf8')).toBe('hello');
    });

    test('have temporary files that last as long as the child, and no longer', async () => {
      using folder = createFolder({});
      let tmp: string;
      {
        await using one = await child(folder.path);
        await one.call('run_command', { command: 'echo kept > "$TMPDIR/x"' });
        const { content } = await one.call('run_command', { command: 'cat "$TMPDIR/x"; echo "$TMPDIR"' });
        expect(content).toMatch(/^kept\n/);
        tmp = content.split('\n')[1]!;
      }
      if (settings.kind === 'none') expect(existsSync(tmp)).toBe(false);
    });

    test('have no key in their environment, wherever they look for it (F28)', async () => {
      using folder = createFolder({});
      const { content } = await run(
        folder.path,
        'env; cat /proc/self/environ /proc/$$/environ | tr "\\0" "\\n"; for p in /proc/[0-9]*; do [ "$(cat $p/environ 2>/dev/null | tr "\\0" "\\n" | grep ^YARDMASTER_TASK=t_0)" ] && cat $p/cmdline; done | tr "\\0" " "',
      );
      expect(content).toContain('TERM=dumb');
      expect(content).toContain('LANG=C.UTF-8');
      expect(content).not.toContain('sk-canary');
      expect(content).not.toContain('_API_KEY');
      expect(content).not.toContain('[redacted]');
      expect(content).not.toContain('LD_PRELOAD_X');
    });

    test('end with what they left running, as soon as they end', async () => {
      using folder = createFolder({});
      const mark = `9${process.pid}.1`;
      const { content } = await run(
        folder.path,
        `sleep ${mark} & (sleep ${mark} &) ; nohup sleep ${mark} >/dev/null 2>&1 & echo started`,
      );
      expect(content).toMatch(/^started\n\[Exit code 0/);
      await expect.poll(() => livingWith(mark)).toEqual([]);
    });

    test('are stopped when their time is over, and what they wrote until then is told', async () => {
      using folder = createFolder({});
      const mark = `9${process.pid}.2`;
      const outcome = await run(folder.path, `echo begun; sleep ${mark}`, { timeout_seconds: 0.5 });
      expect(outcome.is_error).toBe(true);
      expect(outcome.content).toMatch(/^begun\n[\s\S]*\[Stopped: it did not end within 0\.5 s\.\]$/);
      await expect.poll(() => livingWith(mark)).toEqual([]);
    });

    test('are stopped when the child ends, also those that ignore TERM', async () => {
      using folder = createFolder({});
      const mark = `9${process.pid}.3`;
      const children = await open(folder.path, more.children ?? 1);
      const command = `trap "" TERM; (trap "" TERM; sleep ${mark}; sleep ${mark}) & sleep ${mark}; sleep ${mark}`;
      const running = children.map((one) => one.call('run_command', { command }));
      // Two shells and a sleep of each.
      const all = 4 * children.length;
      await expect.poll(() => livingWith(mark).length, { timeout: 30_000, interval: 100 }).toBeGreaterThanOrEqual(all);
      await Promise.all(children.map((one) => one.close()));
      expect((await Promise.all(running)).every(({ is_error }) => is_error)).toBe(true);
      await expect.poll(() => livingWith(mark)).toEqual([]);
    }, 60_000);
  });
}
