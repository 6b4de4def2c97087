import type { Client } from '@modelcontextprotocol/client';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { startProvider } from '../testing.ts';
import { raw, startHttpSide } from './test-http-host.ts';

const sessionOf = (client: Client): object => ({
  'mcp-session-id': (client.transport as { readonly sessionId?: string }).sessionId,
  'mcp-protocol-version': client.getNegotiatedProtocolVersion(),
});

/** Calls delegate_task over a connection of its own, until it is answered or the signal breaks the connection. */
async function callOver(
  url: string,
  {
    client,
    mode,
    signal,
    onText,
  }: {
    readonly client: Client;
    readonly mode: 'legacy' | 'auto';
    readonly signal: AbortSignal;
    readonly onText?: (text: string) => void;
  },
): Promise<void> {
  const modern = {
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'delegate_task' },
    _meta: {
      [PROTOCOL_VERSION_META_KEY]: '2026-07-28',
      [CLIENT_INFO_META_KEY]: { name: 'cut-host', version: '1' },
      [CLIENT_CAPABILITIES_META_KEY]: {},
    },
  };
  const { headers, _meta } = mode === 'auto' ? modern : { headers: sessionOf(client), _meta: {} };
  const params = {
    name: 'delegate_task',
    arguments: { goal: 'Finish this, heard or not.' },
    _meta: { ..._meta, progressToken: 1 },
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 77, method: 'tools/call', params });
  await raw(url, { headers, body, signal, ...(onText && { onText }) }).catch(() => undefined);
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

  test.each(['legacy', 'auto'] as const)(
    'a connection that breaks (%s) stops nothing, and the results wait to be collected',
    async (mode) => {
      let release = (): void => undefined;
      const gate = new Promise<void>((open) => {
        release = open;
      });
      await using provider = await startProvider({
        wire: 'openai-chat',
        models: ['m1'],
        reply: async () => {
          await gate;
          return { text: 'finished unheard' };
        },
      });
      await using served = await startHttpSide({ model: 'lab/m1', providers: { lab: provider.config } });
      const client = await served.connect(mode);
      const cut = new AbortController();
      const call = callOver(served.url, { client, mode, signal: cut.signal });
      await expect.poll(() => provider.in_flight).toBe(1);
      cut.abort();
      await call;
      // While this one connects, the server learns that the other has gone.
      const next = await served.connect();
      release();
      const status = async (args: object): Promise<unknown> =>
        (await next.callTool({ name: 'delegation_status', arguments: args as never })).structuredContent;
      const uncollected = { delegations: [{ state: 'uncollected', delegation_id: expect.any(String) }] };
      await expect.poll(() => status({})).toMatchObject(uncollected);
      const { delegations } = (await status({})) as { delegations: { delegation_id: string }[] };
      expect(await status({ action: 'wait', id: delegations[0]?.delegation_id })).toMatchObject({
        results: [{ summary: 'finished unheard' }],
      });
      await expect.poll(() => status({})).toEqual({ delegations: [] });
      expect(provider.requests).toHaveLength(1);
    },
  );

  test('a host whose stream broke gets the rest of it', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((open) => {
      release = open;
    });
    await using provider = await startProvider({
      wire: 'openai-chat',
      models: ['m1'],
      reply: async () => {
        await gate;
        return { text: 'heard in the end' };
      },
    });
    await using served = await startHttpSide({ model: 'lab/m1', providers: { lab: provider.config } });
    const client = await served.connect();
    const cut = new AbortController();
    let seen = '';
    const call = callOver(served.url, { client, mode: 'legacy', signal: cut.signal, onText: (text) => (seen = text) });
    await expect.poll(() => [...seen.matchAll(/^id: (\S+)$/gm)].length).toBeGreaterThan(0);
    await expect.poll(() => provider.in_flight).toBe(1);
    cut.abort();
    await call;
    release();
    const [last = ''] = [...seen.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id).slice(-1);
    const { text } = await raw(served.url, { method: 'GET', headers: { ...sessionOf(client), 'last-event-id': last } });
    expect(text).toContain('heard in the end');
    expect(provider.requests).toHaveLength(1);
  });
});
