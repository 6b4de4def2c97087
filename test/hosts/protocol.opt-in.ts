import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { type Reply, startProvider } from '../../src/testing.ts';
import { type Installed, installPackage } from './install-package.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/cli/main.js');
const TOKEN = 'a-token-for-conformance';

/** Those that need no tools of the suite's own; all others call some that only a server written for it has. */
const SCENARIOS = [
  'server-initialize',
  'server-session-lifecycle',
  'ping',
  'tools-list',
  'resources-list',
  'sep-2164-resource-not-found',
  'http-header-validation',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
];

interface Ran {
  readonly code: number;
  readonly output: string;
}

function run([program, ...args]: readonly [string, ...string[]], more: readonly string[], home: string): Promise<Ran> {
  return new Promise((done) => {
    const env = { PATH: process.env.PATH ?? '', HOME: home, NO_COLOR: '1' };
    execFile(program, [...args, ...more], { env, cwd: home, timeout: 120_000, maxBuffer: 1 << 26 }, (error, out, err) =>
      done({ code: error === null ? 0 : Number((error as ExecFileException).code ?? 1), output: `${out}${err}` }),
    );
  });
}

/** A home folder with one provider in it. */
async function place(reply: Reply = { text: 'said to the inspector' }): Promise<string> {
  const provider = await startProvider({ wire: 'openai-chat', models: ['m1'], reply });
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-protocol-')));
  mkdirSync(join(home, '.config/yardmaster'), { recursive: true });
  const config = { model: 'lab/m1', providers: { lab: provider.config } };
  writeFileSync(join(home, '.config/yardmaster/config.yaml'), stringify(config));
  onTestFinished(async () => {
    await provider.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  return home;
}

/** The built server over HTTP. */
async function serve(home: string): Promise<URL> {
  const env = { PATH: process.env.PATH ?? '', HOME: home, YARDMASTER_MCP_TOKEN: TOKEN };
  const server = spawn(process.execPath, [MAIN, 'mcp', '--http', '0'], {
    cwd: home,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((done) => server.on('exit', done));
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  let told = '';
  return new Promise((found, fail) => {
    ended.then(() => fail(new Error(`The server ended: ${told}`)));
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      const [url] = /http:\/\/\S+/.exec(told) ?? [];
      if (url !== undefined) found(new URL(url));
    });
  });
}

/** The suite knows no tokens: this one adds it and passes all else on as it is. */
async function withToken({ hostname, port }: URL): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, path, method, headers: { ...headers, authorization: `Bearer ${TOKEN}` } });
    onward.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mcp`;
}

describe('the conformance suite', () => {
  let suite: Installed;
  beforeAll(async () => {
    const wanted = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
    suite = await installPackage({ name: 'conformance', package: wanted, command: 'conformance', newer_node: true });
  });

  test.for(SCENARIOS)('%s passes', async (scenario, { skip }) => {
    if ('missing' in suite) return skip(suite.missing);
    const home = await place();
    const url = await withToken(await serve(home));
    const { output } = await run(suite.command, ['server', '--url', url, '--scenario', scenario], home);
    expect(output).toMatch(/Passed: (\d+)\/\1, 0 failed/);
  });
});

describe('the inspector', () => {
  let inspector: Installed;
  beforeAll(async () => {
    const wanted = '@modelcontextprotocol/inspector@2.12.0';
    inspector = await installPackage({ name: 'inspector', package: wanted, command: 'mcp-inspector' });
  });

  const server = [process.execPath, MAIN, 'mcp'];
  const tasks = JSON.stringify([{ goal: 'Say something to it.' }]);
  test.for([
    ['lists the tools and finds nothing in their schemas', ['--method', 'tools/list', '--strict'], 'delegate_task'],
    ['lists resources', ['--method', 'resources/templates/list'], 'yardmaster://task/{id}/result'],
    ['calls a tool', ['--method', 'tools/call', '--tool-name', 'list_routes'], 'lab/m1'],
    [
      'delegates',
      ['--method', 'tools/call', '--tool-name', 'delegate_task', '--tool-arg', `tasks=${tasks}`],
      'said to the inspector',
    ],
  ] as const)('%s, over streams and over HTTP', async ([, args, expected], { skip }) => {
    if ('missing' in inspector) return skip(inspector.missing);
    const home = await place();
    const command: readonly [string, ...string[]] = [...inspector.command, '--cli'];
    const url = await serve(home);
    const over = [server, [url.href, '--transport', 'http', '--header', `Authorization: Bearer ${TOKEN}`]];
    for (const target of over) {
      const { code, output } = await run(command, [...target, ...args], home);
      expect(output).toContain(expected);
      expect(code).toBe(0);
    }
  });
});

test('a host that waits is told at least every 15 seconds what the children do', async () => {
  const home = await place({ text: 'slowly', first_token_delay_ms: 35_000 });
  const client = new Client({ name: 'patient-host', version: '1' });
  const env = { PATH: process.env.PATH ?? '', HOME: home };
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [MAIN, 'mcp'], env, cwd: home }));
  const told: { readonly at: number; readonly message: string }[] = [{ at: performance.now(), message: '' }];
  await client.callTool(
    { name: 'delegate_task', arguments: { goal: 'Take your time with it.' } },
    { onprogress: ({ message = '' }) => told.push({ at: performance.now(), message }) },
  );
  const ended = performance.now();
  await client.close();
  const gaps = told.map(({ at }, index) => (told[index + 1]?.at ?? ended) - at);
  expect(Math.max(...gaps)).toBeLessThan(15_000);
  expect(told.at(-1)?.message).toMatch(/^d_\w+: 0 of 1 ended · \[1\] lab\/m1 turn 1$/);
});

/** How long a cold start takes to the first answer; told, not judged: machines differ. */
test.for(['initialize', 'server/discover'])('the first answer, to %s', async (method) => {
  const home = await place();
  const params =
    method === 'initialize'
      ? { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'clock', version: '1' } }
      : {
          _meta: {
            [PROTOCOL_VERSION_META_KEY]: '2026-07-28',
            [CLIENT_CAPABILITIES_META_KEY]: {},
            [CLIENT_INFO_META_KEY]: { name: 'clock', version: '1' },
          },
        };
  const took: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const since = performance.now();
    const server = spawn(process.execPath, [MAIN, 'mcp'], {
      cwd: home,
      env: { PATH: process.env.PATH ?? '', HOME: home },
    });
    const ended = once(server, 'exit');
    server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`);
    const [line] = await once(server.stdout, 'data');
    took.push(performance.now() - since);
    expect(JSON.parse(String(line))).toMatchObject({ id: 1, result: {} });
    server.stdin.end();
    await ended;
  }
  console.log(`${method}: ${Math.round(took.sort((a, b) => a - b)[4]!)} ms from a cold start, the median of 9`);
});
