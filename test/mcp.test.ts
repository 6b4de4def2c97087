import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client, type ClientOptions } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, test } from 'vitest';
import { type Reply, type SeenRequest, startProvider } from '../src/testing.ts';
import { type Sandbox, sandbox, until } from './sandbox.ts';

const MAIN = resolve(import.meta.dirname, '../dist/cli/main.js');

function lab(reply: Reply | ((request: SeenRequest) => Reply | Promise<Reply>)) {
  return startProvider({ wire: 'openai-chat', key: 'sk-lab-canary-1234', models: ['m1'], reply });
}

function box(provider: { readonly config: object }): Sandbox {
  return sandbox({ model: 'lab/m1', providers: { lab: provider.config } });
}

/** A host built on the official client. */
async function connect(
  { env, cwd }: Sandbox,
  mode: 'legacy' | 'auto' = 'legacy',
  options: ClientOptions = {},
): Promise<Client & AsyncDisposable> {
  const client = new Client({ name: 'test-host', version: '1' }, { ...options, versionNegotiation: { mode } });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [MAIN, 'mcp'], env, cwd }));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

interface Said {
  readonly id?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a test looks for in it.
  readonly result?: any;
  readonly error?: object;
}

/** A host that writes what it likes. */
function rawHost({ env, cwd }: Sandbox) {
  const server: ChildProcessWithoutNullStreams = spawn(process.execPath, [MAIN, 'mcp'], { env, cwd });
  let stdout = '';
  let stderr = '';
  server.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  server.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((done) => {
    server.on('close', (code) => done(code));
  });
  const messages = (): Said[] =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return {
    server,
    ended,
    messages,
    stderr: () => stderr,
    say: (...lines: unknown[]) => {
      for (const line of lines) server.stdin.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    },
    answer: async (id: unknown) => {
      await until(() => messages().some((message) => message.id === id), `message ${id} is answered`);
      return messages().find((message) => message.id === id)!;
    },
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

const HELLO = [
  {
    jsonrpc: '2.0',
    id: 'hello',
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
];

function calls(id: unknown, name: string, args: object): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

describe('yardmaster mcp, built', () => {
  test.each([
    ['by handshake', 'legacy', '2025-11-25'],
    ['without one', 'auto', '2026-07-28'],
  ] as const)('the official client, %s, lists the tools and delegates', async (_, mode, revision) => {
    await using provider = await lab({ text: 'done over stdio' });
    using place = box(provider);
    await using host = await connect(place, mode);
    expect(host.getNegotiatedProtocolVersion()).toBe(revision);
    expect((await host.listTools()).tools.map(({ name }) => name)).toEqual([
      'delegate_task',
      'delegation_status',
      'list_routes',
      'explain_route',
    ]);
    const told: string[] = [];
    const { structuredContent } = await host.callTool(
      { name: 'delegate_task', arguments: { goal: 'Do it over stdio.' } },
      { onprogress: ({ message }) => told.push(message ?? '') },
    );
    expect(told[0]).toMatch(/^d_\w+: \d of 1 ended/);
    expect(structuredContent).toMatchObject({
      results: [{ summary: 'done over stdio', route: { served: { verified: 'match' } } }],
    });
    expect(JSON.stringify(structuredContent)).not.toContain('canary');
  });

  test('a host that speaks nonsense, and much of it, is answered on', async () => {
    await using provider = await lab({ text: 'still here' });
    using place = box(provider);
    await using host = rawHost(place);
    host.say('{"jsonrpc"', '[]', '7', 'null', '""', '{}', '\u0000\u0001', ...HELLO);
    host.say('x'.repeat(20 * 1024 * 1024));
    host.say({ jsonrpc: '2.0', id: 1, method: 'tools/call' });
    host.say({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 7 } });
    host.say({ jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'delegate_task', arguments: 'text' } });
    host.say({ jsonrpc: '2.0', id: 4, method: 'no/such' });
    host.say(
      { jsonrpc: '2.0', id: 5, result: {} },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: {} } },
    );
    host.say(calls(6, 'delegate_task', { tasks: [{ goal: 'y'.repeat(20 * 1024 * 1024) }] }));
    host.say(calls(7, 'delegate_task', { goal: 'Answer after all that.' }));
    for (const id of [1, 2, 3, 4]) expect((await host.answer(id)).error).toBeDefined();
    expect((await host.answer(6)).result).toMatchObject({ isError: true });
    expect((await host.answer(7)).result.structuredContent.results).toMatchObject([{ summary: 'still here' }]);
    expect(host.messages().filter(({ id }) => id === 'hello')).toHaveLength(1);
    expect(provider.requests).toHaveLength(1);
  });

  test('hostile messages that are well formed, among a hundred calls at once, get every call its own answer', async () => {
    await using provider = await lab(({ texts }) => ({ text: `answer ${/number (\d+)/.exec(texts[0] ?? '')?.[1]}` }));
    using place = box(provider);
    await using host = rawHost(place);
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const call = (id: string, params: string): string =>
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":${params}}`;
    const hostile = {
      deep: call('deep', `{"name":"delegate_task","arguments":{"tasks":${deep}}}`),
      'deep-meta': call('deep-meta', `{"name":"list_routes","_meta":{"x":${deep}}}`),
      ['__proto__']: call('__proto__', '{"name":"delegate_task","arguments":{"__proto__":{"goal":"Be polluted."}}}'),
      constructor: call('constructor', '{"name":"constructor","arguments":{"constructor":{"prototype":{}}}}'),
      keys: call(
        'keys',
        `{"name":"list_routes","arguments":{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join()}}}`,
      ),
      token: call('token', '{"name":"list_routes","_meta":{"progressToken":{"a":[1]}}}'),
      method: '{"jsonrpc":"2.0","id":"method","method":"__proto__","params":{}}',
    };
    const deaf = [
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'call-nobody-made' } },
      {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: 'constructor', reason: { toString: 7 } },
      },
      { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'x', progress: -1 } },
      { jsonrpc: '2.0', id: 1e300, method: 'tools/list' },
      { jsonrpc: '2.0', id: 'nobody-asked', error: { code: 1, message: 'no' } },
    ];
    host.say(...HELLO);
    for (let number = 0; number < 100; number += 1) {
      host.say(calls(number, 'delegate_task', { goal: `Give the answer with number ${number}.` }));
      const [one, other] = [Object.values(hostile)[number % 10], deaf[number % 20]];
      if (number < 20) host.say(...[one, other].filter((line) => line !== undefined));
    }
    const goals = await Promise.all(
      Array.from({ length: 100 }, async (_, number) => {
        const { result } = await host.answer(number);
        return [number, result.structuredContent.results[0].summary];
      }),
    );
    expect(goals).toEqual(Array.from({ length: 100 }, (_, number) => [number, `answer ${number}`]));
    for (const id of ['deep', '__proto__', 'keys', 'method']) {
      const { result, error } = await host.answer(id);
      expect([id, error !== undefined || result.isError === true]).toEqual([id, true]);
    }
    expect(provider.requests).toHaveLength(100);
    expect(host.server.exitCode).toBeNull();
  });

  test('a host that dies loses nothing: its children end, and the next session collects once (F39)', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((open) => {
      release = open;
    });
    await using provider = await lab(async () => {
      await gate;
      return { text: 'finished without a host' };
    });
    using place = box(provider);
    await using host = rawHost(place);
    host.say(...HELLO, calls(1, 'delegate_task', { goal: 'Outlive the host, please.' }));
    await until(() => provider.requests.length === 1, 'the child has asked its model');
    host.server.stdin.destroy();
    host.server.stdout.destroy();
    release();
    expect(await host.ended).toBe(0);

    await using next = await connect(place);
    const listed = await next.callTool({ name: 'delegation_status', arguments: {} });
    const { delegations } = listed.structuredContent as { delegations: { delegation_id: string; state: string }[] };
    expect(delegations).toMatchObject([{ state: 'uncollected' }]);
    const collected = await next.callTool({
      name: 'delegation_status',
      arguments: { action: 'wait', id: delegations[0]?.delegation_id },
    });
    expect(collected.structuredContent).toMatchObject({
      results: [{ status: 'completed', summary: 'finished without a host' }],
    });
    expect((await next.callTool({ name: 'delegation_status', arguments: {} })).structuredContent).toMatchObject({
      delegations: [],
    });
    expect(provider.requests).toHaveLength(1);
  });

  test('a host that ends it stops the children, and what they had is kept', async () => {
    await using provider = await lab({ hang: true });
    using place = box(provider);
    await using host = rawHost(place);
    host.say(...HELLO, calls(1, 'delegate_task', { goal: 'Be ended by the host.', background: true }));
    const { structuredContent } = (await host.answer(1)).result;
    await until(() => provider.in_flight === 1, 'the child has asked its model');
    host.server.kill('SIGTERM');
    expect(await host.ended).toBe(0);
    const { stdout } = await place.run(['status', structuredContent.delegation_id, '--json']);
    expect(JSON.parse(stdout)).toMatchObject([{ status: 'cancelled' }]);
    expect(provider.in_flight).toBe(0);
  });

  test('two hosts share one store and get each its own', async () => {
    await using provider = await lab(({ texts }) => ({
      text: `for ${/host \d/.exec(texts[0] ?? '')?.[0]}`,
      first_token_delay_ms: 50,
    }));
    using place = box(provider);
    await using one = await connect(place);
    await using two = await connect(place);
    const ask = async (host: Client, name: string): Promise<unknown[]> =>
      Promise.all(
        Array.from({ length: 10 }, async () => {
          const { structuredContent } = await host.callTool({
            name: 'delegate_task',
            arguments: { goal: `Answer for ${name} only.` },
          });
          return (structuredContent as { results: { summary: string }[] }).results[0]?.summary;
        }),
      );
    const [first, second] = await Promise.all([ask(one, 'host 1'), ask(two, 'host 2')]);
    expect([new Set(first), new Set(second)]).toEqual([new Set(['for host 1']), new Set(['for host 2'])]);
    // What one has noted as delivered, the other may see a moment later.
    const listed = async (host: Client): Promise<unknown> =>
      (await host.callTool({ name: 'delegation_status', arguments: {} })).structuredContent;
    for (const host of [one, two]) await expect.poll(() => listed(host)).toMatchObject({ delegations: [] });
  });

  test.each(['legacy', 'auto'] as const)(
    'the official client (%s) is told when the configuration gives it other tools',
    async (mode) => {
      const lab = { base_url: 'http://127.0.0.1:9/v1', auth: 'none', models: ['m1'] };
      using place = sandbox({ providers: { lab } });
      let told = 0;
      const onChanged = (): void => {
        told += 1;
      };
      await using host = await connect(place, mode, { listChanged: { tools: { autoRefresh: false, onChanged } } });
      await host.listTools();
      const routes = { deep: { provider: 'lab', model: 'm1' } };
      writeFileSync(place.config_file, JSON.stringify({ providers: { lab }, routes }));
      await expect.poll(() => told).toBe(1);
      expect(JSON.stringify(await host.listTools())).toContain('deep');
    },
  );

  test('a host that leaves at once leaves nothing running', async () => {
    using place = sandbox();
    await using host = rawHost(place);
    host.server.stdin.end();
    expect(await host.ended).toBe(0);
    expect([host.messages(), host.stderr()]).toEqual([[], '']);
  });
});

describe('yardmaster mcp install', () => {
  test('writes once, keeps what was there beside it, and prints without writing', async () => {
    using place = sandbox(undefined, { GROQ_API_KEY: 'gsk_abcdefgh12345678' });
    const file = join(place.env.HOME ?? '', '.codex/config.toml');
    const printed = await place.run(['mcp', 'install', 'codex', '--print']);
    expect(printed.stdout).toContain('[mcp_servers.yardmaster]\n');
    expect(printed.stdout).toContain('required = true');
    expect(printed.stdout).toContain('env_vars = [ "GROQ_API_KEY", "XDG_CONFIG_HOME", "YARDMASTER_HOME" ]');
    expect(existsSync(file)).toBe(false);

    const first = JSON.parse((await place.run(['mcp', 'install', 'codex', '--json'])).stdout);
    expect(first).toEqual({ host: 'codex', file, changed: true });
    expect(readFileSync(file, 'utf8')).toBe(printed.stdout);
    expect(JSON.parse((await place.run(['mcp', 'install', 'codex', '--json'])).stdout)).toMatchObject({
      changed: false,
    });

    place.write('../.cursor/mcp.json', '{"mcpServers":{"other":{"command":"x"}}}');
    const cursor = JSON.parse((await place.run(['mcp', 'install', 'cursor', '--json'])).stdout);
    expect(readFileSync(cursor.backup, 'utf8')).toBe('{"mcpServers":{"other":{"command":"x"}}}');
    expect(JSON.parse(readFileSync(cursor.file, 'utf8')).mcpServers).toMatchObject({
      other: { command: 'x' },
      yardmaster: {},
    });
    expect(first.file).not.toContain('gsk_');
  });

  test('an unknown host is refused', async () => {
    using place = sandbox();
    expect((await place.run(['mcp', 'install', 'emacs'])).code).toBe(2);
  });
});
