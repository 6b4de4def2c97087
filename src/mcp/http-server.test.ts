import { describe, expect, test } from 'vitest';
import { startProvider } from '../testing.ts';
import { raw, startHttpSide } from './test-http-host.ts';

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
      await using served = await startHttpSide({ model: 'lab/m1', providers: { lab: provider.config } });
      const client = await served.connect(mode);
      expect((await client.listTools()).tools).toHaveLength(4);
      const told: string[] = [];
      const { structuredContent } = await client.callTool(
        { name: 'delegate_task', arguments: { goal: 'Answer over HTTP, please.' } },
        { onprogress: ({ message }) => told.push(message ?? '') },
      );
      expect(structuredContent).toMatchObject({ results: [{ summary: 'over HTTP' }] });
      expect(told[0]).toMatch(/^d_/);
      const listed = async (): Promise<unknown> =>
        (await client.callTool({ name: 'delegation_status', arguments: {} })).structuredContent;
      await expect.poll(listed).toEqual({ delegations: [] });
      await client.close();
    },
  );

  test('a call that is taken back stops its children', async () => {
    await using provider = await startProvider({ wire: 'openai-chat', models: ['m1'], reply: { hang: true } });
    await using served = await startHttpSide({ model: 'lab/m1', providers: { lab: provider.config } });
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
    await using served = await startHttpSide({});
    expect((await raw(served.url, { body: PING, ...options })).status).toBe(status);
    expect((await raw(served.url.replace('/mcp', '/other'), { body: PING })).status).toBe(404);
  });

  test('a page of this machine may call it, with the token', async () => {
    await using served = await startHttpSide({});
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
    await using served = await startHttpSide({});
    for (const body of ['7', '[]', '{}', '{"jsonrpc":"2.0"}', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 'null']) {
      expect((await raw(served.url, { body })).status).toBeGreaterThanOrEqual(400);
    }
    const client = await served.connect();
    expect((await client.listTools()).tools).toHaveLength(4);
    await client.close();
  });
});
