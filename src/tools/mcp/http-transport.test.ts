import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Tool } from '../../core/tool.ts';
import { use } from '../test-folder.ts';
import { createMcpServers } from './mcp-servers.ts';
import { startMcpHttp } from './test-http-server.ts';

type Tools = ReadonlyMap<string, Tool>;
type Opened = AsyncDisposable & { readonly tools: () => Promise<Tools> };

function connect(url: string, headers: Readonly<Record<string, string>> = {}): Opened {
  const servers = createMcpServers([{ name: 'far', url, headers }], {
    envOf: () => ({}),
    redact: (text) => text.replaceAll('canary', '[redacted]'),
    start_ms: 5_000,
  });
  return {
    tools: async () =>
      new Map((await servers.tools('far')).map((tool) => [tool.spec.name.replace('mcp__far__', ''), tool])),
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  };
}

describe('a server over streamable HTTP', () => {
  test('is used in one session, with the configured headers on every request, and told when it is over', async () => {
    await using far = await startMcpHttp();
    {
      await using near = connect(far.url, { Authorization: 'Bearer canary' });
      const tools = await near.tools();
      const { signal } = new AbortController();
      const calls = Array.from({ length: 20 }, (_, i) => tools.get('echo')!.run({ text: String(i) }, signal));
      expect((await Promise.all(calls)).map(({ content }) => content)).toEqual(calls.map((_, i) => String(i)));
    }
    expect(far.sessions()).toBe(1);
    expect(new Set(far.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer canary']));
    expect(far.requests.at(-1)!.method).toBe('DELETE');
  });

  test('hears that a call is cancelled', async () => {
    await using far = await startMcpHttp();
    await using near = connect(far.url);
    const tools = await near.tools();
    const controller = new AbortController();
    const running = tools.get('wait')!.run({}, controller.signal);
    await expect.poll(() => far.notes).toContain('waiting');
    controller.abort();
    expect(await running).toEqual({ content: 'The MCP server "far" was told to stop.', is_error: true });
    await expect.poll(() => far.notes).toContain('cancelled');
  });

  test('says when its tools change', async () => {
    await using far = await startMcpHttp();
    await using near = connect(far.url);
    await use((await near.tools()).get('grow')!, {});
    await expect.poll(async () => [...(await near.tools()).keys()].at(-1)).toBe('grown_9');
  });

  test('that has forgotten the session gets a new one', async () => {
    await using far = await startMcpHttp();
    await using near = connect(far.url);
    const tools = await near.tools();
    far.forget();
    expect((await use(tools.get('echo')!, { text: 'x' })).is_error).toBe(true);
    expect((await use(tools.get('echo')!, { text: 'back' })).content).toBe('back');
    expect(far.sessions()).toBe(2);
  });

  test('that ends a stream without an answer is an error at once, not at the end of a limit', async () => {
    let cut = false;
    await using far = await startMcpHttp((_, response) => {
      if (cut) response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n');
    });
    await using near = connect(far.url);
    const tools = await near.tools();
    cut = true;
    expect(await use(tools.get('echo')!, { text: 'x' })).toEqual({
      content: 'The MCP server "far" answered with error -32000: The server ended the stream without an answer.',
      is_error: true,
    });
  });

  test('cannot send its headers elsewhere by a redirect', async () => {
    await using elsewhere = await startMcpHttp();
    const away: RequestListener = (_, response) => response.writeHead(307, { location: elsewhere.url }).end();
    await using far = await startMcpHttp(away);
    await using near = connect(far.url, { 'X-Api-Key': 'canary' });
    await expect(near.tools()).rejects.toMatchObject({ code: 'ABILITY_MISSING' });
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('a server that cannot be had is refused with the reason:', () => {
  const big = 'x'.repeat(20_000_000);
  test.each<[string, RequestListener, RegExp]>([
    [
      'it wants a key',
      (_, response) => response.writeHead(401).end('Who are you with your canary?'),
      /Who are you with your \[redacted\]/,
    ],
    [
      'it is a web page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      /Unexpected content type: text\/html/,
    ],
    [
      'it sends 20 MB at once',
      (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(big)),
      /more than 10485760 bytes/,
    ],
    [
      'it sends an event of 20 MB',
      (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${big}\n\n`),
      /without an answer|more than 10485760 bytes/,
    ],
  ])('%s', async (_, before, why) => {
    await using far = await startMcpHttp(before);
    await using near = connect(far.url);
    await expect(near.tools()).rejects.toMatchObject({ code: 'ABILITY_MISSING', message: expect.stringMatching(why) });
  });

  test('nobody is there', async () => {
    const far = await startMcpHttp();
    await far[Symbol.asyncDispose]();
    await using near = connect(far.url);
    await expect(near.tools()).rejects.toThrow('The MCP server "far" cannot be reached (ECONNREFUSED).');
  });
});
