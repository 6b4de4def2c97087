import { request } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, test } from 'vitest';
import { createYardmaster } from '../app.ts';
import { createMemoryStore, startProvider } from '../testing.ts';
import { serveHttp } from './serve.ts';

const TOKEN = 'a-token-of-some-length';

async function start(config: object) {
  const stop = new AbortController();
  const store = createMemoryStore();
  const url = await new Promise<{ url: string; served: Promise<void> }>((resolve) => {
    const served: Promise<void> = serveHttp({
      port: 0,
      token: TOKEN,
      started: (url) => resolve({ url, served }),
      open: (other) => createYardmaster({ config: other ?? config, store, env: {} }),
      version: '0.0.0',
      log: () => undefined,
      signal: stop.signal,
    });
  });
  return {
    ...url,
    store,
    async connect(mode: 'legacy' | 'auto' = 'legacy') {
      const client = new Client({ name: 'http-host', version: '1' }, { versionNegotiation: { mode } });
      const transport = new StreamableHTTPClientTransport(new URL(url.url), {
        requestInit: { headers: { authorization: `Bearer ${TOKEN}` } },
      });
      await client.connect(transport);
      return client;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await url.served;
    },
  };
}

/** As a browser or a stranger would: any header, any method. */
function raw(
  url: string,
  { method = 'POST', headers = {}, body = '' }: { method?: string; headers?: object; body?: string | Buffer } = {},
) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          authorization: `Bearer ${TOKEN}`,
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

describe('MCP over HTTP', () => {
  test.each(['legacy', 'auto'] as const)(
    'the official client (%s) delegates, with progress, and lists tools',
    async (mode) => {
      await using provider = await startProvider({
        wire: 'openai-chat',
        models: ['m1'],
        reply: { text: 'over HTTP', first_token_delay_ms: 50 },
      });
      await using served = await start({ model: 'lab/m1', providers: { lab: provider.config } });
      const client = await served.connect(mode);
      expect((await client.listTools()).tools).toHaveLength(4);
      const told: string[] = [];
      const { structuredContent } = await client.callTool(
        { name: 'delegate_task', arguments: { goal: 'Answer over HTTP, please.' } },
        { onprogress: ({ message }) => told.push(message ?? '') },
      );
      expect(structuredContent).toMatchObject({ results: [{ summary: 'over HTTP' }] });
      expect(told[0]).toMatch(/^d_/);
      await client.close();
    },
  );

  test('a call that is taken back stops its children', async () => {
    await using provider = await startProvider({ wire: 'openai-chat', models: ['m1'], reply: { hang: true } });
    await using served = await start({ model: 'lab/m1', providers: { lab: provider.config } });
    const client = await served.connect();
    const back = new AbortController();
    const call = client.callTool(
      { name: 'delegate_task', arguments: { goal: 'Wait for what never comes.' } },
      { signal: back.signal, onprogress: () => back.abort('no longer wanted') },
    );
    await expect(call).rejects.toThrow();
    await expect.poll(async () => (await served.store.tasks()).map(({ status }) => status)).toEqual(['cancelled']);
    await client.close();
  });

  test.each([
    ['without the token', { headers: { authorization: '' } }, 401],
    ['with a wrong token', { headers: { authorization: 'Bearer wrong' } }, 401],
    ['under another host name', { headers: { host: 'evil.example' } }, 403],
    ['from another origin', { headers: { origin: 'http://evil.example' } }, 403],
    ['from no origin at all', { headers: { origin: 'null' } }, 403],
    ['in an unknown session', { headers: { 'mcp-session-id': 'nobody' } }, 404],
    ['that is no JSON', { body: '{' }, 400],
    ['that is too long', { body: Buffer.alloc(33 * 1024 * 1024, 'x') }, 413],
    ['by another method', { method: 'PUT' }, 405],
  ])('a request %s is refused', async (_, options, status) => {
    await using served = await start({});
    expect((await raw(served.url, { body: PING, ...options })).status).toBe(status);
    expect((await raw(served.url.replace('/mcp', '/other'), { body: PING })).status).toBe(404);
  });

  test('a page of this machine may call it, with the token', async () => {
    await using served = await start({});
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'p', version: '1' } },
    });
    const { status, text } = await raw(served.url, { body, headers: { origin: 'http://localhost:5173' } });
    expect([status, text]).toEqual([200, expect.stringContaining('"name":"yardmaster"')]);
  });

  test('what is no message of the protocol does no harm', async () => {
    await using served = await start({});
    for (const body of ['7', '[]', '{}', '{"jsonrpc":"2.0"}', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 'null']) {
      expect((await raw(served.url, { body })).status).toBeGreaterThanOrEqual(400);
    }
    const client = await served.connect();
    expect((await client.listTools()).tools).toHaveLength(4);
    await client.close();
  });
});
