import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createYardmaster, type Yardmaster } from '../src/index.ts';
import {
  createMemoryStore,
  type ProviderServer,
  type Reply,
  type SeenRequest,
  scriptedModel,
  startProvider,
} from '../src/testing.ts';

const KEY = 'sk-canary-0123456789abcdef-tools';

interface Rig extends AsyncDisposable {
  readonly yard: Yardmaster;
  readonly server: ProviderServer;
  /** The workspace. */
  readonly path: string;
  /** Where everything else is kept. */
  readonly home: string;
}

/** A parent with all toolsets, whose children may have them, over one scripted model. */
async function createRig(
  reply: Reply | ((request: SeenRequest) => Reply | Promise<Reply>),
  { delegation = {}, kept = false }: { readonly delegation?: object; readonly kept?: boolean } = {},
): Promise<Rig> {
  const home = mkdtempSync(join(tmpdir(), 'yardmaster-e2e-'));
  const path = join(home, 'work');
  mkdirSync(path);
  const server = await startProvider({ wire: 'openai-chat', key: KEY, models: ['m'], reply });
  const toolsets = ['read', 'write', 'terminal'];
  const yard = await createYardmaster({
    cwd: path,
    env: { LAB_KEY: KEY, YARDMASTER_HOME: join(home, 'data'), HOME: home },
    ...(kept ? {} : { store: createMemoryStore() }),
    config: {
      model: 'lab/m',
      toolsets,
      delegation: { toolsets, ...delegation },
      providers: { lab: { base_url: server.base_url, wire: 'openai-chat', key_env: 'LAB_KEY', models: ['m'] } },
    },
  });
  return {
    yard,
    server,
    path,
    home,
    async [Symbol.asyncDispose]() {
      await yard[Symbol.asyncDispose]();
      await server.close();
      rmSync(home, { recursive: true });
    },
  };
}

const calls = (...tool_calls: [string, object][]): Reply => ({
  tool_calls: tool_calls.map(([name, args]) => ({ name, arguments: args as Record<string, string> })),
});
const results = ({ requests }: ProviderServer, marker = ''): string[] =>
  requests
    .filter(({ texts }) => texts[0]?.includes(marker))
    .flatMap(({ tool_results }) => tool_results.map(({ content }) => content));

/** Processes, by a number of seconds that nobody else sleeps. */
function sleeping(seconds: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  });
}

describe('children that write and run', () => {
  test('do it in the workspace, and the result says what is on disk', async () => {
    await using rig = await createRig(
      scriptedModel([
        calls(['write_file', { path: 'hello.sh', content: 'echo hello from $0\n' }]),
        calls(['run_command', { command: 'sh hello.sh > out.txt; cat out.txt' }]),
        calls(['edit_file', { path: 'hello.sh', old_string: 'hello', new_string: 'bye' }]),
        { text: 'Done.' },
      ]),
    );
    const {
      results: [result],
    } = await rig.yard.delegate({ goal: 'Write a script and run it.' });
    expect(result).toMatchObject({
      status: 'completed',
      tool_calls: 3,
      artifacts: [
        { path: 'hello.sh', bytes: 17 },
        { path: 'out.txt', bytes: 20 },
      ],
    });
    expect(results(rig.server)).toEqual([
      'Made hello.sh (19 bytes).',
      expect.stringMatching(/^hello from hello\.sh\n\[Exit code 0 after/),
      'Replaced 1 place in hello.sh (line 1).',
    ]);
    expect(readFileSync(join(rig.path, 'hello.sh'), 'utf8')).toBe('echo bye from $0\n');
  });

  test('have it only where the operator allows it', async () => {
    await using rig = await createRig({ text: 'ok' }, { delegation: { toolsets: ['read', 'write'] } });
    await expect(
      rig.yard.delegate({ tasks: [{ goal: 'Run something.', toolsets: ['terminal'] }] }),
    ).rejects.toMatchObject({
      code: 'TOOLSET_DENIED',
    });
    await rig.yard.delegate({ goal: 'Write something.' });
    expect(rig.server.requests.at(-1)?.tools.map(({ name }) => name)).toEqual([
      ...['read_file', 'list_files', 'search_files', 'write_file', 'edit_file'],
    ]);
  });

  test('never see the key, and nothing that is kept has it (F28)', async () => {
    const look = 'env; cat /proc/$PPID/environ | tr "\\0" "\\n"; echo "$LAB_KEY"; ps -ef 2>/dev/null || true';
    await using rig = await createRig(
      scriptedModel([
        calls(['run_command', { command: look }]),
        calls(['run_command', { command: `echo ${KEY}; seq 1 20000; echo ${KEY}` }]),
        calls(['write_file', { path: 'k.txt', content: KEY }]),
        { text: `The key is ${KEY}` },
      ]),
      { kept: true },
    );
    const {
      results: [result],
    } = await rig.yard.delegate({ goal: 'Tell me the key.' });
    expect(result?.status).toBe('completed');
    for (const { tool_results } of rig.server.requests)
      for (const { content } of tool_results) expect(content).not.toContain('canary');
    expect(JSON.stringify(result)).not.toContain('canary');
    await rig.yard[Symbol.asyncDispose]();
    for (const name of readdirSync(join(rig.home, 'data'), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(log|txt)$/.test(name)) continue;
      expect(readFileSync(join(rig.home, 'data', name), 'utf8'), name).not.toContain('canary');
    }
    expect(readdirSync(join(rig.home, 'data/results'))).toContainEqual(expect.stringMatching(/-output-2\.txt$/));
  });

  test('that are out of time leave what they wrote (F42)', async () => {
    await using rig = await createRig(
      scriptedModel([calls(['write_file', { path: 'part.md', content: 'half' }]), { hang: true }]),
    );
    const {
      results: [result],
    } = await rig.yard.delegate({ goal: 'Write and stall.', timeout_seconds: 1 });
    expect(result).toMatchObject({ status: 'timeout', artifacts: [{ path: 'part.md', bytes: 4 }] });
  });

  test('that are stopped end their processes, and keep what was written', async () => {
    const mark = `6${process.pid}.1`;
    await using rig = await createRig(
      scriptedModel([
        calls(['write_file', { path: 'part.md', content: 'half' }]),
        calls(['run_command', { command: `sleep ${mark} & sleep ${mark}` }]),
      ]),
    );
    const controller = new AbortController();
    const running = rig.yard.delegate(
      { tasks: Array.from({ length: 5 }, (_, i) => ({ goal: `Write and run, task ${i}.`, worktree: false })) },
      { signal: controller.signal },
    );
    await expect.poll(() => sleeping(mark), { timeout: 10_000 }).toBe(true);
    controller.abort();
    const { results } = await running;
    expect(results.map(({ status }) => status)).toEqual(Array(5).fill('cancelled'));
    expect(results.flatMap(({ artifacts }) => artifacts.map(({ path }) => path))).toContain('part.md');
    expect(sleeping(mark)).toBe(false);
  });

  test('that ignore a sibling hear of it with their next tool result', async () => {
    let read = (): void => undefined;
    let written = (): void => undefined;
    const hasRead = new Promise<void>((resolve) => {
      read = resolve;
    });
    const hasWritten = new Promise<void>((resolve) => {
      written = resolve;
    });
    const other = async (reply: Reply): Promise<Reply> => {
      await hasWritten;
      return reply;
    };
    await using rig = await createRig((request) => {
      const reader = request.texts[0]?.includes('reader');
      if (request.turn === 0) return calls(['read_file', { path: 'a.txt' }]);
      if (request.turn === 1 && reader) {
        read();
        return other(calls(['list_files', {}]));
      }
      if (request.turn === 1) return hasRead.then(() => calls(['write_file', { path: 'a.txt', content: 'new' }]));
      if (!reader) written();
      return { text: 'Done.' };
    });
    writeFileSync(join(rig.path, 'a.txt'), 'old');
    const tasks = [{ goal: 'You are the reader here.' }, { goal: 'You are the writer here.' }];
    const { results: ended } = await rig.yard.delegate({ tasks });
    expect(ended.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(results(rig.server, 'reader').at(-1)).toBe('a.txt\n\n["a.txt" was changed by task 1 after you read it.]');
  });
});

describe('worktrees and sandboxes', () => {
  test('a task with a worktree works beside the others, and its branch is told', async () => {
    await using rig = await createRig(
      scriptedModel([calls(['write_file', { path: 'b.txt', content: 'b' }]), { text: 'Done.' }]),
    );
    const git = (...args: string[]): string =>
      execFileSync('git', ['-C', rig.path, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { encoding: 'utf8' });
    git('init', '--quiet');
    git('commit', '--quiet', '--allow-empty', '--message', 'first');
    const { results } = await rig.yard.delegate({
      worktree: true,
      tasks: [{ goal: 'Work on your own branch.' }, { goal: 'Work here with the others.', worktree: false }],
    });
    expect(results.map(({ worktree }) => worktree)).toEqual([
      {
        path: join(rig.home, 'data/worktrees', results[0]!.id),
        branch: `yardmaster/${results[0]!.id}`,
        commits: 0,
        dirty: true,
      },
      undefined,
    ]);
    expect(readdirSync(rig.path).sort()).toEqual(['.git', 'b.txt']);
    expect(existsSync(join(results[0]!.worktree!.path, 'b.txt'))).toBe(true);
  });

  test.each([
    ['a worktree outside of a repository', {}, { worktree: true }, 'REQUEST_INVALID'],
    ['a sandbox without its image', { sandbox: 'docker' }, {}, 'CONFIG_INVALID'],
  ])('%s: nothing is sent or stored', async (_, delegation, task, code) => {
    await using rig = await createRig({ text: 'ok' }, { delegation });
    await expect(rig.yard.delegate({ tasks: [{ goal: 'Do something here.', ...task }] })).rejects.toMatchObject({
      code,
    });
    expect(rig.server.requests).toEqual([]);
    expect(await (await rig.yard.store()).tasks()).toEqual([]);
  });
});
