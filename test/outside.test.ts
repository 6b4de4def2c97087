import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createYardmaster, type Yardmaster } from '../src/index.ts';
import {
  createMemoryStore,
  type ProviderServer,
  type ReplyToolCall,
  scriptedModel,
  startProvider,
} from '../src/testing.ts';

import { sandbox, until } from './sandbox.ts';

const SERVER = join(import.meta.dirname, '../src/tools/mcp/test-server.mjs');
const KEY = 'sk-canary-0123456789abcdef';
const TOKEN = 'canary-token-0123456789';

interface Lab {
  readonly yard: Yardmaster;
  readonly provider: ProviderServer;
  /** What the MCP server noted, a line each. */
  readonly notes: () => readonly string[];
  readonly page: string;
  readonly results: () => readonly { readonly content: string }[];
}

/** A child that makes these calls, then says `done`; a page of the web and an MCP server, both local. */
async function openLab(calls: (page: string) => readonly ReplyToolCall[], change: object = {}): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-outside-'));
  const file = join(folder, 'notes');
  const web = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<h1>Hello</h1>'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(web.address() as AddressInfo).port}`;
  const provider = await startProvider({
    wire: 'openai-chat',
    key: KEY,
    models: ['m'],
    reply: scriptedModel([{ tool_calls: [...calls(`http://${host}/`)] }, { text: 'done' }]),
  });
  const store = createMemoryStore();
  const yard = await createYardmaster({
    cwd: folder,
    env: { LAB_KEY: KEY, GIVEN_TOKEN: TOKEN, YARDMASTER_HOME: folder, XDG_CONFIG_HOME: folder },
    store,
    config: {
      model: 'lab/m',
      providers: { lab: { ...provider.config, api_key: `\${LAB_KEY}` } },
      toolsets: ['read', 'web', 'mcp:test'],
      delegation: { toolsets: ['read', 'web', 'mcp:test'] },
      web: { allow_hosts: [host] },
      mcp_servers: {
        test: { command: [process.execPath, SERVER, file], env: { SECRET_TOKEN: `\${GIVEN_TOKEN}`, PLAIN: 'yes' } },
      },
      ...change,
    },
  });
  onTestFinished(async () => {
    await yard[Symbol.asyncDispose]();
    await provider.close();
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  return {
    yard,
    provider,
    page: `http://${host}/`,
    notes() {
      try {
        return readFileSync(file, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    },
    results: () => provider.requests.at(-1)!.tool_results,
  };
}

const call = (name: string, args: { readonly [key: string]: string } = {}): ReplyToolCall => ({
  name,
  arguments: args,
});
const goal = 'look at it and say what is there';

describe('a child with web and an MCP server', () => {
  test('reads a page and uses a tool', async () => {
    const lab = await openLab((url) => [call('fetch_url', { url }), call('mcp__test__echo', { text: 'hi' })]);
    const { results } = await lab.yard.delegate({ tasks: [{ goal, toolsets: ['web', 'mcp:test'] }] });
    expect(results[0]).toMatchObject({ status: 'completed', summary: 'done', tool_calls: 2 });
    expect(lab.provider.requests[0]!.tools.map(({ name }) => name).slice(0, 2)).toEqual([
      'fetch_url',
      'mcp__test__echo',
    ]);
    const [page, echo] = lab.results();
    expect(page!.content).toMatch(/\n# Hello\n/);
    expect(echo!.content).toBe('hi');
  });

  test('has nothing of what the server was not given, and no key comes back from it (F28)', async () => {
    const lab = await openLab(() => [call('mcp__test__environment')]);
    await lab.yard.delegate({ tasks: [{ goal }] });
    const { env } = JSON.parse(lab.results()[0]!.content) as { env: Record<string, string> };
    expect(env).toMatchObject({ PLAIN: 'yes', SECRET_TOKEN: '[redacted]', PATH: expect.any(String) });
    expect(Object.keys(env)).not.toContain('LAB_KEY');
    expect(Object.keys(env)).not.toContain('VITEST');
    for (const { body } of lab.provider.requests) expect(body).not.toMatch(/canary/);
  });

  test('shares the server with all others, and the server ends with Yardmaster', async () => {
    const lab = await openLab(() => [call('mcp__test__echo', { text: 'x' })]);
    const tasks = Array.from({ length: 5 }, () => ({ goal }));
    await Promise.all([lab.yard.delegate({ tasks }), lab.yard.delegate({ tasks })]);
    const started = lab.notes().filter((note) => note.startsWith('started'));
    expect(started).toHaveLength(1);
    const pid = Number(started[0]!.replace('started ', ''));
    process.kill(pid, 0);
    await lab.yard[Symbol.asyncDispose]();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('starts no server that it may not use', async () => {
    const lab = await openLab(() => [call('list_files')]);
    await lab.yard.delegate({ tasks: [{ goal, toolsets: ['read', 'web'] }] });
    expect(lab.notes()).toEqual([]);
  });

  test('does not reach inside unless the operator lets it', async () => {
    const lab = await openLab((url) => [call('fetch_url', { url })], { web: {} });
    await lab.yard.delegate({ tasks: [{ goal, toolsets: ['web'] }] });
    expect(lab.results()[0]!.content).toContain('is not on the public internet');
  });
});

describe('a server that cannot be had refuses the call, before anything is stored or sent:', () => {
  test.each([
    ['it does not start', { command: ['no-such-program'] }, 'ABILITY_MISSING', 'The MCP server "test" cannot start'],
    [
      'a variable is not set',
      { url: `https://\${NOWHERE}/mcp` },
      'CONFIG_INVALID',
      '"NOWHERE" of "mcp_servers.test" is not set',
    ],
  ])('%s', async (_, server, code, message) => {
    const lab = await openLab(() => [], { mcp_servers: { test: server } });
    await expect(lab.yard.delegate({ tasks: [{ goal }] })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(lab.provider.requests).toEqual([]);
    expect(await (await lab.yard.store()).tasks({ limit: 10 })).toEqual([]);
  });

  test('nobody knows it', async () => {
    const lab = await openLab(() => []);
    await expect(lab.yard.delegate({ tasks: [{ goal, toolsets: ['mcp:tset'] }] })).rejects.toMatchObject({
      code: 'TOOLSET_DENIED',
      hint: 'Did you mean "mcp:test"?',
    });
    expect(lab.notes()).toEqual([]);
  });
});

test('a server that never answers holds up neither a call that is stopped nor the end of the process (F38)', async () => {
  const hostile = join(import.meta.dirname, '../src/tools/mcp/test-hostile-server.mjs');
  const lab = await openLab(() => [], {
    mcp_servers: { test: { command: [process.execPath, hostile, 'never answers'] } },
  });
  const stop = new AbortController();
  const call = lab.yard.delegate({ tasks: [{ goal }] }, { signal: stop.signal });
  const other = lab.yard.delegate({ tasks: [{ goal }] });
  stop.abort();
  expect((await call).results.map(({ status }) => status)).toEqual(['cancelled']);
  await lab.yard[Symbol.asyncDispose]();
  expect((await other).results.map(({ status }) => status)).toEqual(['cancelled']);
  expect(lab.provider.requests).toEqual([]);
});

describe('the built command', () => {
  test('reads pages, and its servers end with it however it dies', async () => {
    const web = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<h1>Hello</h1>'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(web.address() as AddressInfo).port}`;
    await using provider = await startProvider({
      wire: 'openai-chat',
      key: KEY,
      models: ['m'],
      reply: scriptedModel([
        { tool_calls: [call('fetch_url', { url: `http://${host}/` })] },
        { tool_calls: [call('mcp__test__leave_child')] },
        { tool_calls: [call('mcp__test__wait')] },
      ]),
    });
    using box = sandbox();
    const file = join(box.home, 'notes');
    const toolsets = ['web', 'mcp:test'];
    const config = {
      model: 'lab/m',
      providers: { lab: provider.config },
      toolsets,
      delegation: { toolsets },
      web: { allow_hosts: [host] },
      mcp_servers: { test: { command: [process.execPath, SERVER, file] } },
    };
    const running = box.start([
      'delegate',
      '--config',
      box.write('config.json', JSON.stringify(config)),
      '--goal',
      goal,
    ]);
    const notes = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
    await until(() => notes().includes('waiting'), 'the last call is made');
    const pid = Number(/started (\d+)/.exec(notes())![1]);
    expect(provider.requests[1]!.tool_results[0]!.content).toContain('\n# Hello\n');
    // A program that knows nothing of its parent's parent.
    const left = Number(provider.requests[2]!.tool_results[0]!.content);
    for (const each of [pid, left]) process.kill(each, 0);
    running.process.kill('SIGKILL');
    await running.ended;
    await until(() => isGone(pid) && isGone(left), 'the server and its child are gone');
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
  });
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
