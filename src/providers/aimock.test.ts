import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Conversation, SendOptions } from '../core/provider.ts';
import type { Route, Wire } from '../core/route.ts';
import { createProviders, type Providers } from './provider-for.ts';

// An independent reading of the wires: the server is somebody else's, and knows nothing of our own test servers.

let mock: LLMock;
let providers: Providers;

beforeAll(async () => {
  mock = new LLMock({ port: 0, logLevel: 'silent' });
  await mock.start();
  providers = createProviders({ keyFor: () => 'sk-aimock-key', redact: (text) => text });
});
beforeEach(() => mock.reset());
afterAll(async () => {
  await providers[Symbol.asyncDispose]();
  await mock.stop();
});

const BASES: readonly [Exclude<Wire, 'ai-sdk'>, string][] = [
  ['openai-chat', '/v1'],
  ['openai-responses', '/v1'],
  ['anthropic-messages', ''],
];

async function open(wire: Wire, path: string, fields: Partial<Route> = {}): Promise<Conversation> {
  const authority = new URL(mock.url).origin;
  const route: Route = {
    provider: 'aimock',
    model: 'a-model',
    wire,
    base_url: `${mock.url}${path}`,
    authority,
    credential: { kind: 'env', name: 'AIMOCK_KEY', authority },
    fallback: [],
    ...fields,
  };
  const provider = await providers.providerFor(route);
  return provider.open(route, {
    system: 'You read files.',
    tools: [
      {
        name: 'read_file',
        description: 'Reads a file.',
        parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
      },
    ],
  });
}

function options(fields: Partial<SendOptions> = {}): SendOptions {
  return { signal: new AbortController().signal, first_token_timeout_ms: 5_000, idle_timeout_ms: 5_000, ...fields };
}

describe.each(BASES)('%s as aimock reads it', (wire, path) => {
  test('a text arrives in deltas and is whole at the end', async () => {
    mock.onMessage('hello', { content: 'Hi there, this is a longer answer than one chunk holds.' });
    const heard: string[] = [];
    const conversation = await open(wire, path);
    conversation.append({ role: 'user', text: 'hello' });
    const answer = await conversation.send(options({ onText: (delta) => heard.push(delta) }));
    expect(answer).toMatchObject({
      text: 'Hi there, this is a longer answer than one chunk holds.',
      tool_calls: [],
      stop: 'end',
      served_model: 'a-model',
      sent: { model: 'a-model', reasoning: null },
    });
    expect(heard.join('')).toBe(answer.text);
    expect(heard.length).toBeGreaterThan(1);
  });

  test('a tool goes out, its call comes back and its result is understood', async () => {
    mock.on(
      { userMessage: 'read a', hasToolResult: false },
      {
        toolCalls: [{ name: 'read_file', arguments: '{"path":"a.txt"}' }],
      },
    );
    mock.on({ userMessage: 'read a', toolResultContains: 'content of a' }, { content: 'It says A.' });
    const conversation = await open(wire, path);
    conversation.append({ role: 'user', text: 'read a' });
    const call = await conversation.send(options());
    expect(call.stop).toBe('tool_calls');
    expect(call.tool_calls).toEqual([
      { id: expect.stringMatching(/./), name: 'read_file', arguments: '{"path":"a.txt"}' },
    ]);
    conversation.append({ role: 'assistant', answer: call });
    conversation.append({
      role: 'tool',
      results: [{ id: call.tool_calls[0]!.id, name: 'read_file', content: 'content of a', is_error: false }],
    });
    const answer: Answer = await conversation.send(options());
    expect(answer).toMatchObject({ text: 'It says A.', stop: 'end' });
    const [first, second] = mock.getRequests();
    expect(first!.body).toMatchObject({ tools: [{ function: { name: 'read_file' } }] });
    expect(second!.body).toMatchObject({
      messages: [
        { role: 'system', content: 'You read files.' },
        { role: 'user', content: 'read a' },
        { role: 'assistant', tool_calls: [{ function: { name: 'read_file' } }] },
        { role: 'tool', content: 'content of a' },
      ],
    });
  });

  test('reasoning is heard apart from the text', async () => {
    mock.onMessage('think', { content: 'Done.', reasoning: 'Let me see.' });
    const conversation = await open(wire, path, { reasoning_effort: 'low' });
    conversation.append({ role: 'user', text: 'think' });
    expect(await conversation.send(options())).toMatchObject({ text: 'Done.', reasoning: 'Let me see.' });
  });

  test('the length limit is not an end', async () => {
    mock.onMessage('long', { content: 'Cut he', finishReason: 'length' });
    const conversation = await open(wire, path);
    conversation.append({ role: 'user', text: 'long' });
    const answer = await conversation.send(options());
    // aimock leaves out the reason that OpenAI gives with `incomplete`.
    expect(answer).toMatchObject({ text: 'Cut he', stop: wire === 'openai-responses' ? 'other' : 'length' });
  });

  test.each([
    [401, 'auth'],
    [429, 'rate_limit'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])("status %i is of class %s, once, with the server's own words (F15, F23)", async (status, expected) => {
    mock.onMessage('hello', { content: 'never' });
    mock.nextRequestError(status, { message: 'injected', type: 'injected_error' });
    const conversation = await open(wire, path);
    conversation.append({ role: 'user', text: 'hello' });
    await expect(conversation.send(options())).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      data: { class: expected, status, upstream: expect.stringContaining('injected') },
    });
    expect(mock.getRequests()).toHaveLength(1);
  });

  test('a connection that is lost in the middle is no answer (F20)', async () => {
    mock.on(
      { userMessage: 'hello' },
      { content: 'A text that never gets to its end, however long.' },
      { truncateAfterChunks: 9, chunkSize: 4, latency: 5 },
    );
    const conversation = await open(wire, path);
    conversation.append({ role: 'user', text: 'hello' });
    await expect(conversation.send(options())).rejects.toMatchObject({
      data: { class: 'cut', partial: { text: expect.stringMatching(/^A te/) } },
    });
  });

  test('the key is sent the way this vendor wants it, and only so (F24)', async () => {
    mock.onMessage('hello', { content: 'Hi' });
    const conversation = await open(wire, path);
    conversation.append({ role: 'user', text: 'hello' });
    await conversation.send(options());
    const { headers } = mock.getLastRequest()!;
    // aimock masks credentials in what it records.
    expect(Object.keys(headers).filter((name) => name === 'authorization' || name === 'x-api-key')).toEqual([
      wire === 'anthropic-messages' ? 'x-api-key' : 'authorization',
    ]);
  });
});
