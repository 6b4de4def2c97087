import type { Client } from '@modelcontextprotocol/client';
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  type StandardSchemaV1,
} from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { type ProviderServer, type Reply, startProvider } from '../testing.ts';
import { TASKS_EXTENSION } from './identity.ts';
import { raw, startHttpSide } from './test-http-host.ts';

const TAKES_TASKS = { extensions: { [TASKS_EXTENSION]: {} } };

const lab = (reply: Reply | (() => Promise<Reply>)): Promise<ProviderServer> =>
  startProvider({ wire: 'openai-chat', models: ['m1'], reply });

const configOf = ({ config }: ProviderServer): object => ({ model: 'lab/m1', providers: { lab: config } });

// biome-ignore lint/suspicious/noExplicitAny: whatever a test looks for in it.
type Any = any;

/** The official client judges results of these methods by nothing but what it is told. */
const ANYTHING: StandardSchemaV1<unknown, Any> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** A call as a host of the later revision sends it: the official client does not know the answer. */
async function callTool(url: string, name: string, args: object, capabilities: object = TAKES_TASKS): Promise<Any> {
  const { text } = await raw(url, {
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: args,
        _meta: {
          [PROTOCOL_VERSION_META_KEY]: '2026-07-28',
          [CLIENT_INFO_META_KEY]: { name: 'task-host', version: '1' },
          [CLIENT_CAPABILITIES_META_KEY]: capabilities,
        },
      },
    }),
  });
  const [data = text] = /\{.*\}/s.exec(text) ?? [];
  const { result, error } = JSON.parse(data);
  return result ?? error;
}

const task = (client: Client, method: string, taskId: string): Promise<Any> =>
  client.request({ method, params: { taskId } }, ANYTHING);

describe('delegations as tasks of the protocol', () => {
  test('a host that takes tasks gets one at once, asks for it, and collects its results once', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((open) => {
      release = open;
    });
    await using provider = await lab(async () => {
      await gate;
      return { text: 'as a task' };
    });
    await using side = await startHttpSide(configOf(provider));
    const client = await side.connect('auto', { capabilities: TAKES_TASKS });
    expect(client.getServerCapabilities()?.extensions).toEqual(TAKES_TASKS.extensions);

    const created = await callTool(side.url, 'delegate_task', { goal: 'Do it as a task.' });
    expect(created).toMatchObject({
      resultType: 'task',
      taskId: expect.stringMatching(/^d_/),
      status: 'working',
      ttlMs: null,
      pollIntervalMs: expect.any(Number),
    });
    const { taskId, createdAt } = created;
    expect(new Date(createdAt).toISOString()).toBe(createdAt);
    await expect.poll(() => provider.in_flight).toBe(1);
    const working = await task(client, 'tasks/get', taskId);
    expect(working).toMatchObject({
      taskId,
      status: 'working',
      createdAt,
      statusMessage: expect.stringContaining('0 of 1 ended'),
    });
    expect(working).not.toHaveProperty('result');
    expect(await task(client, 'tasks/update', taskId)).not.toHaveProperty('status');

    release();
    await expect.poll(async () => (await task(client, 'tasks/get', taskId)).status).toBe('completed');
    const { result } = (await task(client, 'tasks/get', taskId)) as { result: CallToolResult };
    expect(result.structuredContent).toMatchObject({
      results: [{ summary: 'as a task', route: { served: { verified: 'match' } } }],
    });
    const listed = async (): Promise<unknown> =>
      (await client.callTool({ name: 'delegation_status', arguments: {} })).structuredContent;
    await expect.poll(listed).toEqual({ delegations: [] });
    expect(provider.requests).toHaveLength(1);
  });

  test('cancelling stops the children, and what they had stays to be read', async () => {
    await using provider = await lab({ hang: true });
    await using side = await startHttpSide(configOf(provider));
    const client = await side.connect('auto', { capabilities: TAKES_TASKS });
    const { taskId } = await callTool(side.url, 'delegate_task', { goal: 'Be cancelled, please.' });
    await expect.poll(() => provider.in_flight).toBe(1);
    await task(client, 'tasks/cancel', taskId);
    await expect.poll(async () => (await task(client, 'tasks/get', taskId)).status).toBe('cancelled');
    expect(provider.in_flight).toBe(0);
    const { structuredContent } = await client.callTool({
      name: 'delegation_status',
      arguments: { action: 'result', id: taskId },
    });
    expect(structuredContent).toMatchObject({ results: [{ status: 'cancelled' }] });
  });

  test('a refusal, a handle that was asked for and an explanation are no tasks', async () => {
    await using provider = await lab({ text: 'ok' });
    await using side = await startHttpSide(configOf(provider));
    const calls = [
      { goal: 'Go wrong.', model: 'nobody' },
      { goal: 'Stay behind.', background: true },
      { goal: 'Say how.', dry_run: true },
    ];
    for (const args of calls) {
      expect(await callTool(side.url, 'delegate_task', args)).toMatchObject({ resultType: 'complete' });
    }
  });

  test('a host that does not take tasks gets results, and no answer about tasks', async () => {
    await using provider = await lab({ text: 'as ever' });
    await using side = await startHttpSide(configOf(provider));
    const result = await callTool(side.url, 'delegate_task', { goal: 'Answer as ever.' }, {});
    expect(result).toMatchObject({ resultType: 'complete', structuredContent: { results: [{ summary: 'as ever' }] } });
    const client = await side.connect('auto');
    const id = result.structuredContent.delegation_id;
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      for (const known of [id, 'no-task']) {
        await expect(task(client, method, known)).rejects.toMatchObject({ code: -32021 });
      }
    }
  });

  test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    '%s of an id that nobody knows is refused',
    async (method) => {
      await using side = await startHttpSide({});
      const client = await side.connect('auto', { capabilities: TAKES_TASKS });
      for (const id of ['d_unknown123', 't_1', '', '../x']) {
        await expect(task(client, method, id)).rejects.toMatchObject({ code: -32602 });
      }
    },
  );
});
