import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DelegateError } from '../../core/errors.ts';
import type { McpServer } from '../../core/mcp-server.ts';
import type { Json } from '../../core/task.ts';
import type { Tool, ToolOutcome } from '../../core/tool.ts';
import { use } from '../test-folder.ts';
import { createMcpServers } from './mcp-servers.ts';
import type { ServerOptions } from './server.ts';

const SERVER = join(import.meta.dirname, 'test-server.mjs');
const HOSTILE = join(import.meta.dirname, 'test-hostile-server.mjs');

type Opened = AsyncDisposable & {
  readonly tools: () => Promise<ReadonlyMap<string, Tool>>;
  readonly call: (name: string, args?: { readonly [key: string]: Json }) => Promise<ToolOutcome>;
  /** What the server noted, a line each. */
  readonly notes: () => readonly string[];
};

/** Servers with the first one's tools at hand. */
function open(change: Partial<McpServer> = {}, options: Partial<ServerOptions> = {}): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-mcp-'));
  const file = join(folder, 'notes');
  const server = {
    name: 'test',
    command: [process.execPath, SERVER, file],
    cwd: folder,
    env: {},
    ...change,
  } as McpServer;
  const servers = createMcpServers([server], {
    envOf: ({ env }) => ({ PATH: process.env.PATH ?? '', ...env }),
    redact: (text) => text.replaceAll('canary', '[redacted]'),
    ...options,
  });
  const tools = async (): Promise<ReadonlyMap<string, Tool>> =>
    new Map((await servers.tools(server.name)).map((tool) => [tool.spec.name, tool]));
  return {
    tools,
    async call(name, args = {}) {
      return use((await tools()).get(`mcp__test__${name}`)!, args);
    },
    notes() {
      try {
        return readFileSync(file, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    },
    async [Symbol.asyncDispose]() {
      await servers[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie nobody has read yet is no program.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** For tests that only look. */
const shared = open();
afterAll(() => shared[Symbol.asyncDispose]());

describe('the tools of a server', () => {
  test('have its name, descriptions and schemas', async () => {
    const tools = await shared.tools();
    expect([...tools.keys()]).toEqual(
      ['echo', 'environment', 'fail', 'refuse', 'show', 'wait', 'grow', 'exit', 'leave_child'].map(
        (name) => `mcp__test__${name}`,
      ),
    );
    expect(tools.get('mcp__test__echo')).toMatchObject({
      spec: {
        description: 'It is called echo.',
        parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      },
      idempotent: true,
    });
    expect(tools.get('mcp__test__refuse')!.idempotent).toBe(true);
    expect(tools.get('mcp__test__wait')!.idempotent).toBe(false);
  });

  test('are those that the operator names, if he names any', async () => {
    await using server = open({ tools: ['fail', 'echo'] });
    expect([...(await server.tools()).keys()]).toEqual(['mcp__test__echo', 'mcp__test__fail']);
  });

  test('a name it does not have is refused with the nearest', async () => {
    await using server = open({ tools: ['ehco'] });
    await expect(server.tools()).rejects.toMatchObject({
      code: 'ABILITY_MISSING',
      message: 'The MCP server "test" has no tool "ehco".',
      hint: 'Did you mean "echo"?',
    });
  });

  test('come from one process, whoever asks', async () => {
    await using server = open();
    await Promise.all([server.tools(), server.tools(), server.call('echo', { text: 'x' })]);
    expect(server.notes().filter((note) => note.startsWith('started'))).toHaveLength(1);
    expect(server.notes().filter((note) => note === 'listed')).toHaveLength(1);
  });

  test('that are added later are for those who ask later', async () => {
    await using server = open();
    const before = await server.tools();
    await use(before.get('mcp__test__grow')!, {});
    await expect.poll(async () => [...(await server.tools()).keys()].at(-1)).toBe('mcp__test__grown_9');
    expect([...before.keys()].at(-1)).toBe('mcp__test__leave_child');
    expect((await use(before.get('mcp__test__echo')!, { text: 'still here' })).content).toBe('still here');
  });
});

describe('what a tool gives', () => {
  test('as text', async () => {
    expect(await shared.call('echo', { text: 'hello' })).toEqual({ content: 'hello', is_error: false });
  });

  test('everything else is named, and structure that is repeated as text is not repeated', async () => {
    expect((await shared.call('show')).content).toMatchInlineSnapshot(`
      "Look:

      [image of type image/png, 3 bytes: not shown]

      [audio of type audio/wav, 3 bytes: not shown]

      [resource file:///a.txt]
      inside a

      [resource file:///b.bin of type application/x-b, 3 bytes: not shown]

      [resource file:///c.txt: the third]

      { "n": 1 }"
    `);
  });

  test('an error of the tool, and one of the server', async () => {
    expect(await shared.call('fail')).toEqual({ content: 'It did not work.', is_error: true });
    expect(await shared.call('refuse')).toEqual({
      content: 'The MCP server "test" answered with error -32603: Not like this.',
      is_error: true,
    });
  });

  test('is cut when it is long', async () => {
    const { content } = await shared.call('echo', { text: 'x'.repeat(60_000) });
    expect(content.length).toBeLessThanOrEqual(50_000);
    expect(content).toContain('the whole has 60000 characters');
  });
});

describe('a program', () => {
  test('gets the variables it is given and no other (F28)', async () => {
    process.env.YARDMASTER_TEST_API_KEY = 'canary';
    try {
      await using server = open({ env: { GIVEN: 'yes' } });
      const { content } = await server.call('environment');
      expect(
        Object.keys(JSON.parse(content).env).filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name)),
      ).toEqual(expect.arrayContaining(['GIVEN', 'PATH']));
      expect(content).not.toContain('canary');
    } finally {
      delete process.env.YARDMASTER_TEST_API_KEY;
    }
  });

  test('and what it started are gone after the end', async () => {
    const server = open();
    const child = Number((await server.call('leave child'.replace(' ', '_'))).content);
    const [started = ''] = server.notes();
    const pid = Number(started.replace('started ', ''));
    expect([isRunning(pid), isRunning(child)]).toEqual([true, true]);
    await server[Symbol.asyncDispose]();
    expect([isRunning(pid), isRunning(child)]).toEqual([false, false]);
  });

  test('that dies in a call is an honest error, and is there for the next', async () => {
    await using server = open();
    const tools = await server.tools();
    expect(await use(tools.get('mcp__test__exit')!, {})).toEqual({
      content: 'The MCP server "test" died during the call, and what the call did is not known: it ended with code 3.',
      is_error: true,
    });
    expect((await use(tools.get('mcp__test__echo')!, { text: 'back' })).content).toBe('back');
    expect(server.notes().filter((note) => note.startsWith('started'))).toHaveLength(2);
  });

  test('that dies at every call is started again once', async () => {
    await using server = open();
    const tools = await server.tools();
    const exit = tools.get('mcp__test__exit')!;
    expect((await use(exit, {})).content).toContain('died during the call');
    expect((await use(exit, {})).content).toContain('died during the call');
    expect((await use(exit, {})).content).toContain('has died again and is not started once more');
    expect(server.notes().filter((note) => note.startsWith('started'))).toHaveLength(2);
    // Who asks anew gets a new one.
    expect((await server.call('echo', { text: 'anew' })).content).toBe('anew');
  });

  test('is told when a call is cancelled', async () => {
    await using server = open();
    const tools = await server.tools();
    const controller = new AbortController();
    const running = tools.get('mcp__test__wait')!.run({}, controller.signal);
    await expect.poll(() => server.notes()).toContain('waiting');
    controller.abort();
    expect(await running).toEqual({ content: 'The MCP server "test" was told to stop.', is_error: true });
    await expect.poll(() => server.notes()).toContain('cancelled');
    expect((await use(tools.get('mcp__test__echo')!, { text: 'goes on' })).content).toBe('goes on');
  });
});

test('a server that asks a person hears at once that nobody can be asked (F45)', async () => {
  await using server = open({ command: [process.execPath, HOSTILE, 'asks a person'] });
  const ask = (await server.tools()).get('mcp__test__ask')!;
  expect((await use(ask, {})).content).toMatch(/method not found|not support/i);
});

describe('a server that cannot be had is refused with the reason:', () => {
  const refusal = async (change: Partial<McpServer>, start_ms = 15_000): Promise<unknown> => {
    await using server = open(change, { start_ms });
    return await server.tools().catch(({ code, message }: DelegateError) => ({ code, message }));
  };

  test.each<[string, Partial<McpServer>, string]>([
    ['no program', { command: ['no-such-program'] }, 'cannot start: there is no program "no-such-program".'],
    ['no folder', { cwd: '/no/such/folder' }, 'cannot start in "/no/such/folder".'],
  ])('%s', async (_, change, why) => {
    expect(await refusal(change)).toEqual({ code: 'ABILITY_MISSING', message: `The MCP server "test" ${why}` });
  });

  test.each([
    ['ends at once', 'ended with code 1; it said: I need a [redacted].'],
    ['prints its usage', 'ended with code 0; it said: Usage: me.'],
    ['has no tools', 'offers no tools.'],
    ['has 1,000 tools', 'offers 1000 tools; a child can have 128.'],
    ['describes at length', 'describes its tools in 1000148 characters, most of them for "big"; 200000 are taken.'],
    ['sends 20 MB', 'sent a message of more than 10485760 bytes.'],
    ['lists without end', 'lists its tools on more than 64 pages.'],
    ['nests without end', 'describes its tools in too many characters, most of them for "deep"; 200000 are taken.'],
    ['floods with answers', 'floods: it prints more than anybody asked for.'],
    ['floods with noise', 'floods: it prints more than anybody asked for.'],
    ['floods with messages', 'floods: it prints more than anybody asked for.'],
  ])('it %s', async (way, why) => {
    expect(await refusal({ command: [process.execPath, HOSTILE, way] })).toEqual({
      code: 'ABILITY_MISSING',
      message: `The MCP server "test" ${why}`,
    });
  });

  test.each(['never answers', 'ignores its end', 'answers nonsense'])('it %s (F34)', async (way) => {
    expect(await refusal({ command: [process.execPath, HOSTILE, way] }, 200)).toEqual({
      code: 'ABILITY_MISSING',
      message: 'The MCP server "test" did not answer within 0.2 s.',
    });
  });
});
