import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ToolKit } from '../../core/tool.ts';
import { createFolder, openChildren, toolsOptions } from '../test-folder.ts';
import { createToolsFor, type ToolsOptions } from '../tools-for.ts';
import { COMMAND_SECONDS, OUTPUT_CHARS } from './run-command.ts';
import { OUTPUT_BYTES } from './terminal.ts';
import { livingWith } from './test-processes.ts';

const kitOf = (folder: string, toolsets: readonly string[], more: Partial<ToolsOptions> = {}): Promise<ToolKit> =>
  createToolsFor(toolsOptions(more))(folder).kit(toolsets, { worktree: false });

interface Told {
  readonly content: string;
  readonly is_error: boolean;
  /** Texts that were kept, by name. */
  readonly kept: Record<string, string>;
}

async function run(command: string, { files = {}, args = {}, filter = (text: string) => text } = {}): Promise<Told> {
  using folder = createFolder(files);
  const kept: Record<string, string> = {};
  const keep = async (name: string, text: string) => {
    kept[name] = text;
    return `/results/${name}.txt`;
  };
  const [one] = await openChildren(folder.path, { toolsets: ['terminal'], filter, keep });
  await using child = one!;
  return { ...(await child.call('run_command', { command, ...args })), kept };
}

describe('run_command', () => {
  test('a program that asks finds the end of its input, and no terminal (F45)', async () => {
    const { content, is_error } = await run(
      'read -r answer || echo "no answer"; (: </dev/tty) 2>&1 || echo "no terminal"',
    );
    expect([content, is_error]).toEqual([expect.stringMatching(/^no answer\n[\s\S]*no terminal\n/), false]);
  });

  test('long output is shown by its head and tail, the whole is kept', async () => {
    const { content, kept } = await run('seq 1 20000');
    expect(content.length).toBeLessThanOrEqual(OUTPUT_CHARS + 100);
    expect(content).toMatch(
      /^1\n2\n[\s\S]*it is in \/results\/t_0-output-1\.txt[\s\S]*\n19999\n20000\n\[Exit code 0 after/,
    );
    expect(kept['t_0-output-1']).toBe(Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join(''));
  });

  test('a flood ends the command, and the model is told why', async () => {
    const { content, is_error, kept } = await run('yes');
    expect(content).toMatch(/\[Stopped after .* s: it wrote more than 4194304 bytes\. Send long output to a file\.\]$/);
    expect(is_error).toBe(true);
    expect(kept['t_0-output-1']).toHaveLength(OUTPUT_BYTES);
  });

  test('a key in the output is taken out before anything is cut or kept (F28)', async () => {
    const canary = 'sk-canary-0123456789abcdef';
    // Wherever the head ends, it would end within one of them.
    const { content, kept } = await run(`i=0; while [ $i -lt 3000 ]; do echo ${canary}; i=$((i+1)); done`, {
      filter: (text) => text.replaceAll(canary, '[redacted]'),
    });
    expect(content).not.toMatch(/sk-c|cdef/);
    expect(kept['t_0-output-1'] ?? '').not.toContain('canary');
  });

  test('what only a terminal would obey is left out', async () => {
    expect((await run("printf '\\033[31mred\\033[0m\\0'")).content).toMatch(/^red�\n/);
  });

  test.each([
    ['NUL', 'echo \0', {}, /NUL/],
    ['a command that no program takes', `echo ${'x'.repeat(200_000)}`, {}, /longer than 100000 bytes/],
    ['a folder outside', 'pwd', { cwd: '..' }, /outside the workspace/],
    ['a link that leads outside', 'pwd', { cwd: 'out' }, /leads outside/],
    ['a folder that is not there', 'pwd', { cwd: 'gone' }, /does not exist/],
    ['a file as the folder', 'pwd', { cwd: 'file' }, /could not be started: ENOTDIR/],
  ])('%s is refused', async (_, command, args, why) => {
    using folder = createFolder({ file: '' });
    symlinkSync('/', join(folder.path, 'out'));
    mkdirSync(join(folder.path, 'sub'));
    const [one] = await openChildren(folder.path, { toolsets: ['terminal'] });
    await using child = one!;
    expect(await child.call('run_command', { command, ...args })).toEqual({
      content: expect.stringMatching(why),
      is_error: true,
    });
  });

  test.each([
    [600, 590, COMMAND_SECONDS],
    [60, 50, 50],
    [5, 1, 1],
  ])('with %i s for a tool call, it may ask for %i s and has %i s', async (tool_timeout_seconds, maximum, usual) => {
    using folder = createFolder({});
    const { specs } = await kitOf(folder.path, ['terminal'], { tool_timeout_seconds });
    expect(specs[0]?.parameters).toMatchObject({
      properties: { timeout_seconds: { maximum, description: expect.stringContaining(`Default: ${usual}.`) } },
    });
  });

  test('it runs alone and is not repeated after a crash', async () => {
    using folder = createFolder({});
    const kit = await kitOf(folder.path, ['read', 'write', 'terminal']);
    const { tools, close } = await kit.open({ task_id: 't', index: 0 });
    expect([...tools].map(([name, { idempotent }]) => [name, idempotent])).toEqual([
      ['read_file', true],
      ['list_files', true],
      ['search_files', true],
      ['write_file', false],
      ['edit_file', false],
      ['run_command', false],
    ]);
    await close?.({ lost: false });
  });

  test.runIf(process.platform === 'linux')('who leaves the process group is found by its environment', async () => {
    const mark = `7${process.pid}.1`;
    const { content } = await run(
      `setsid sh -c 'sleep ${mark}; sleep ${mark}' >/dev/null 2>&1 & setsid -f sleep ${mark}; echo started`,
    );
    expect(content).toMatch(/^started\n\[Exit code 0/);
    await expect.poll(() => livingWith(mark)).toEqual([]);
  });

  test.runIf(process.platform === 'linux')(
    'who left the group and holds the output does not hold the command',
    async () => {
      const mark = `7${process.pid}.2`;
      const { content } = await run(`setsid sleep ${mark} & echo started`);
      expect(content).toMatch(/^started\n\[Exit code 0/);
      await expect.poll(() => livingWith(mark)).toEqual([]);
    },
  );
});
