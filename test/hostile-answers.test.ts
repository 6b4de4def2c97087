import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createYardmaster, type DelegationResult } from '../src/index.ts';
import type { Reply } from '../src/testing.ts';
import { NAMES, startLab } from './lab.ts';
import { sandbox, until } from './sandbox.ts';

// Processes share the machine with everything else that is tested.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const write = (path: string, content = 'x'): Reply => ({
  text: 'Writing.',
  tool_calls: [{ name: 'write_file', arguments: { path, content } }],
});

test.each(NAMES)('%s: a call that the end of the connection cut is not made, wherever it was cut', async (name) => {
  const whole = 2_000;
  const cuts = Array.from({ length: 24 }, (_, at) => Math.round((whole * at) / 24));
  const lab = await startLab(({ texts }): Reply => {
    const at = Number(/cut-(\d+)/.exec(texts[0]!)![1]);
    const first = lab.requests().filter((request) => request.texts[0] === texts[0]).length <= 1;
    return first ? { ...write(`cut-${at}.txt`, 'x'.repeat(1_000)), cut_after_bytes: at } : { text: 'Whole.' };
  });
  using box = sandbox();
  const toolsets = ['read', 'write'];
  const yard = await lab.open(
    { model: `${name}/${name}-1`, toolsets, delegation: { toolsets, max_concurrent_children: 50 } },
    { cwd: box.cwd },
  );
  const { results } = await yard.delegate({
    tasks: cuts.map((at) => ({ goal: `Write what you are told: cut-${at}.` })),
  });
  expect(results.map(({ status, tool_calls }) => [status, tool_calls])).toEqual(cuts.map(() => ['completed', 0]));
  expect(results.every(({ cost }) => !cost.complete)).toBe(true);
  expect(readdirSync(box.cwd)).toEqual([]);
});

test('20 MB in one delta and 10,000 calls in one answer end as they are, beside a child that does its work', async () => {
  const MB = 'All of it. '.repeat(2_000_000);
  const lab = await startLab(({ texts, turn }): Reply => {
    const [goal = ''] = texts;
    if (goal.includes('long text')) return { text: MB, deltas: 1 };
    if (turn > 0) return { text: 'Done.' };
    if (goal.includes('long file')) return write('long.txt', MB.slice(0, 3_000_000));
    if (!goal.includes('many')) return write('some.txt');
    return {
      tool_calls: Array.from({ length: 10_000 }, (_, i) => ({ name: 'read_file', arguments: { path: `${i}.txt` } })),
    };
  });
  using box = sandbox(undefined, lab.env);
  const toolsets = ['read', 'write'];
  let answer: DelegationResult;
  {
    await using yard = await createYardmaster({
      cwd: box.cwd,
      env: box.env,
      config: { model: 'chat/chat-1', providers: lab.providers, toolsets, delegation: { toolsets } },
    });
    answer = await yard.delegate({
      tasks: ['a long text', 'a long file', 'many calls', 'something else'].map((what) => ({
        goal: `Please give me ${what}.`,
      })),
    });
  }
  const [text, file, many, other] = answer.results;
  expect(answer.results.map(({ status }) => status)).toEqual(Array(4).fill('completed'));
  expect(JSON.stringify(answer).length).toBeLessThan(60_000);
  expect(statSync(text!.full_ref!).size).toBe(MB.length);
  // More than a file may have is refused, and so is what one answer may not ask for.
  expect(existsSync(join(box.cwd, 'long.txt'))).toBe(false);
  expect(file?.tool_calls).toBe(1);
  expect(many?.tool_calls).toBe(10_000);
  const told = lab.requests().find(({ tool_results }) => tool_results.length === 10_000)!.tool_results;
  expect(told.filter(({ content }) => content.startsWith('Not run:'))).toHaveLength(10_000 - 64);
  expect(readFileSync(join(box.cwd, 'some.txt'), 'utf8')).toBe('x');
  expect(other?.artifacts).toMatchObject([{ path: 'some.txt', bytes: 1 }]);
});

test.skipIf(process.platform !== 'linux')(
  'no key is in the title of a process, whoever was started (F28)',
  async () => {
    const lab = await startLab({ hang: true });
    const server = join(import.meta.dirname, '../src/tools/mcp/test-server.mjs');
    const toolsets = ['read', 'terminal', 'mcp:test'];
    using box = sandbox(
      {
        model: 'chat/chat-1',
        providers: lab.providers,
        toolsets,
        delegation: { toolsets },
        mcp_servers: { test: { command: [process.execPath, server], env: { SECRET_TOKEN: `\${CHAT_KEY}` } } },
      },
      lab.env,
    );
    /** All of this sandbox: the command's own, that of children in the background, the MCP server's. */
    const processes = (): { pid: number; title: string }[] =>
      readdirSync('/proc').flatMap((pid) => {
        try {
          if (!/^\d+$/.test(pid) || !readFileSync(`/proc/${pid}/environ`, 'latin1').includes(box.home)) return [];
          return [
            {
              pid: Number(pid),
              title: readFileSync(`/proc/${pid}/cmdline`, 'latin1') + readFileSync(`/proc/${pid}/comm`, 'latin1'),
            },
          ];
        } catch {
          return [];
        }
      });
    onTestFinished(() => {
      for (const { pid } of processes()) process.kill(pid, 'SIGKILL');
    });
    await box.run(['delegate', '--background', '-g', 'Hang about in the background.']);
    box.start(['delegate', '-g', 'Hang about here.', '--provider', 'responses']);
    await until(() => lab.requests().length === 2, 'both ask');
    const titles = processes().map(({ title }) => title);
    expect(titles.filter((title) => title.includes('test-server')).length).toBeGreaterThanOrEqual(2);
    expect(titles.length).toBeGreaterThanOrEqual(4);
    expect(titles.filter((title) => title.includes('canary'))).toEqual([]);
  },
);
