import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Effort } from '../../core/effort.ts';
import type { Answer, Conversation } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import { type ProviderServer, type Reply, type SeenRequest, startProvider } from '../../testing.ts';
import { createProviders, type Providers } from '../provider-for.ts';
import { failureOf, options, user } from '../wire.contract.ts';
import { effortOptions } from './ai-sdk-effort.ts';

const CANARY = 'sk-canary-0a1b2c3d4e5f6a7b8c9d';
const MODEL = 'made-up-model-1';
const COMPATIBLE = '@ai-sdk/openai-compatible';
const TOOL = {
  name: 'read_file',
  description: 'Reads a file.',
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};

function routeTo(at: { base_url: string; authority: string }, more: Partial<Route> = {}): Route {
  return {
    provider: 'lab',
    model: MODEL,
    wire: 'ai-sdk',
    package: COMPATIBLE,
    base_url: at.base_url,
    authority: at.authority,
    credential: { kind: 'env', name: 'LAB_KEY', authority: at.authority },
    fallback: [],
    ...more,
  };
}

interface Bench extends AsyncDisposable {
  readonly server: ProviderServer;
  open(more?: Partial<Route>): Promise<Conversation>;
  ask(send?: Parameters<typeof options>[0], more?: Partial<Route>): Promise<Answer>;
}

async function bench(
  reply: Reply | ((request: SeenRequest) => Reply) = {},
  roots: readonly string[] = [],
): Promise<Bench> {
  const server = await startProvider({ wire: 'openai-chat', key: CANARY, reply });
  const providers = createProviders({ keyFor: () => CANARY, redact: (text) => text, package_roots: roots });
  async function open(more?: Partial<Route>): Promise<Conversation> {
    const route = routeTo(server, more);
    return (await providers.providerFor(route)).open(route, { system: 'Be brief.', tools: [TOOL] });
  }
  return {
    server,
    open,
    async ask(send, more) {
      const conversation = await open(more);
      conversation.append(user('Say hello.'));
      return conversation.send(options(send));
    },
    async [Symbol.asyncDispose]() {
      await providers[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

describe('an AI SDK package as a wire', () => {
  test('gives a plain answer with its proof', async () => {
    await using at = await bench({
      text: 'Hello.',
      deltas: 3,
      usage: { input: 120, output: 30, cache_read: 100, reasoning: 10 },
    });
    const heard: string[] = [];
    let bytes = 0;
    const answer = await at.ask({
      onText: (delta) => heard.push(delta),
      onBytes: (count) => {
        bytes += count;
      },
    });
    expect(answer).toMatchObject({
      text: 'Hello.',
      tool_calls: [],
      stop: 'end',
      usage: { input: 120, output: 30, cache_read: 100, reasoning: 10 },
      served_model: MODEL,
      request_id: expect.stringMatching(/^req_/),
      sent: { model: MODEL, reasoning: null },
      notes: [],
    });
    expect(answer.first_token_ms).toBeGreaterThan(0);
    expect(heard.join('')).toBe('Hello.');
    expect(bytes).toBeGreaterThan(100);
    expect(at.server.requests[0]).toMatchObject({
      key: CANARY,
      system: 'Be brief.',
      texts: ['Say hello.'],
      tools: [{ name: 'read_file' }],
    });
  });

  test('carries a tool round trip and replays what the package wants back', async () => {
    await using at = await bench(({ turn }) =>
      turn === 0
        ? {
            reasoning: 'Because.',
            tool_calls: [
              { name: 'read_file', arguments: { path: 'a' }, extra: { google: { thought_signature: 'SIG' } } },
            ],
          }
        : { text: 'Done.' },
    );
    // The package reads these extras back under this name alone.
    const conversation = await at.open({ provider: 'google' });
    conversation.append(user('Read a.'));
    const answer = await conversation.send(options());
    expect(answer).toMatchObject({ stop: 'tool_calls', reasoning: 'Because.' });
    expect(answer.tool_calls).toEqual([{ id: expect.any(String), name: 'read_file', arguments: '{"path":"a"}' }]);
    conversation.append({ role: 'assistant', answer: structuredClone(answer) });
    conversation.append({
      role: 'tool',
      results: [{ id: answer.tool_calls[0]!.id, name: 'read_file', content: 'A', is_error: false }],
    });
    expect(await conversation.send(options())).toMatchObject({ text: 'Done.', stop: 'end' });
    expect(at.server.requests[1]).toMatchObject({ status: 200, turn: 1, tool_results: [{ content: 'A' }] });
    expect(at.server.requests[1]!.body).toContain('"thought_signature":"SIG"');
  });

  test('names the served model as the response does', async () => {
    await using at = await bench({ text: 'I am made-up-model-1.', served_model: 'something-else' });
    expect(await at.ask()).toMatchObject({ served_model: 'something-else', sent: { model: MODEL } });
  });

  test('says in the receipt what effort really left (F29)', async () => {
    await using at = await bench();
    const answer = await at.ask({}, { reasoning_effort: 'high' });
    expect(answer.sent).toEqual({ model: MODEL, reasoning: { reasoning_effort: 'high' } });
    expect(at.server.requests[0]!.effort).toEqual({ reasoning_effort: 'high' });
    expect(answer.notes).toEqual([]);
  });

  test('the length limit and an output cap are passed through', async () => {
    await using at = await bench({ text: 'Cut', stop: 'length' });
    expect(await at.ask({ max_output: 77 })).toMatchObject({ stop: 'length' });
    expect(at.server.requests[0]!.json).toMatchObject({ max_tokens: 77 });
  });

  test.each([
    [400, 'bad_request'],
    [401, 'auth'],
    [402, 'quota'],
    [404, 'model_not_found'],
    [429, 'rate_limit'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])(
    "a status of %i is a failure of class %s with the provider's own words, asked once (F20, F23)",
    async (status, name) => {
      await using at = await bench({ status, headers: { 'retry-after': '7' } });
      const { error, failure } = await failureOf(at.ask());
      expect(error.code).toBe('PROVIDER_FAILED');
      expect(failure).toMatchObject({
        class: name,
        status,
        upstream: expect.stringContaining('"message"'),
        retry_after_ms: 7_000,
      });
      expect(failure.sent).toEqual({ model: MODEL, reasoning: null });
      expect(at.server.requests).toHaveLength(1);
    },
  );

  test.each<[string, Reply, string]>([
    ['an HTML page', { body: '<!doctype html>' }, 'protocol'],
    ['an empty stream', { raw: '' }, 'protocol'],
    ['a stream cut in its middle', { text: 'Hello', deltas: 5, cut_after_events: 3 }, 'cut'],
    ['a stream that ends too early', { text: 'Hello', deltas: 5, cut_after_events: 3, end_early: true }, 'cut'],
    ['an error event', { text: 'Hello', error: true }, 'unavailable'],
  ])('%s in a 200 is never an answer (F20)', async (_, reply, name) => {
    await using at = await bench(reply);
    expect((await failureOf(at.ask())).failure.class).toBe(name);
  });

  test('what arrived before a failure is kept as partial work', async () => {
    await using at = await bench({ text: 'Hello', deltas: 5, delta_delay_ms: 1, live: true, cut_after_events: 4 });
    expect((await failureOf(at.ask())).failure).toMatchObject({
      class: 'cut',
      partial: { text: expect.stringMatching(/^H/) },
    });
  });

  test("limits hold: first token, idle, and the caller's abort (F34)", async () => {
    await using silent = await bench({ hang: true });
    expect((await failureOf(silent.ask({ first_token_timeout_ms: 40 }))).failure.class).toBe('timeout_first_token');
    await using headers = await bench({ hang: 'after-headers' });
    expect((await failureOf(headers.ask({ first_token_timeout_ms: 40 }))).failure.class).toBe('timeout_first_token');
    await using idle = await bench({ text: 'Hello', deltas: 5, hang: 'after-first' });
    expect((await failureOf(idle.ask({ idle_timeout_ms: 40 }))).failure).toMatchObject({
      class: 'timeout_idle',
      partial: { text: 'H' },
    });
    const abort = new AbortController();
    const aborted = idle.ask({ signal: abort.signal, onText: () => abort.abort() });
    expect((await failureOf(aborted)).failure).toMatchObject({ class: 'cancelled' });
    expect((await failureOf(idle.ask({ signal: AbortSignal.abort() }))).failure).toEqual({ class: 'cancelled' });
  });

  test.each([301, 302, 303, 307, 308])('a redirect (%i) is refused, and nothing is sent on (F24)', async (status) => {
    await using other = await startProvider({ wire: 'openai-chat', key: CANARY });
    await using at = await bench({ status, redirect: `${other.base_url}/chat/completions` });
    expect((await failureOf(at.ask())).failure).toMatchObject({ class: 'redirect', status });
    expect(other.connections).toBe(0);
  });

  test('without a key nothing is sent (F24)', async () => {
    await using at = await bench();
    const credential = { kind: 'config', provider: 'other', authority: 'https://other.example' } as const;
    const { error } = await failureOf(at.ask({}, { credential }));
    expect(error.code).toBe('CREDENTIAL_MISSING');
    expect(at.server.connections).toBe(0);
  });

  test('a key that the package would find by itself is not used (F24)', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers['x-goog-api-key'] as string | undefined);
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"error":{"code":401,"status":"UNAUTHENTICATED"}}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const authority = `http://127.0.0.1:${port}`;
    process.env.GOOGLE_GENERATIVE_AI_API_KEY = CANARY;
    try {
      await using at = await bench();
      const { failure } = await failureOf(
        at.ask(
          {},
          { package: '@ai-sdk/google', base_url: authority, authority, credential: { kind: 'none', authority } },
        ),
      );
      expect(failure.class).toBe('auth');
      expect(seen).toEqual(['']);
    } finally {
      delete process.env.GOOGLE_GENERATIVE_AI_API_KEY;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test.each<[string, Reply]>([
    ['an error body', { status: 400, error: { message: `bad header: Bearer ${CANARY}` } }],
    ['an error event', { text: 'x', error: { message: CANARY } }],
    ['a text', { text: `Your key is ${CANARY}.`, served_model: `m-${CANARY}` }],
  ])('the key is in nothing that comes back, even when the server puts it into %s (F28)', async (_, reply) => {
    await using at = await bench(reply);
    const came = await at.ask().then(
      (answer) => JSON.stringify(answer),
      (error) => JSON.stringify(error) + error.message + error.stack,
    );
    expect(came).not.toContain(CANARY);
  });
});

describe('finding the package', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'yardmaster-ai-sdk-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function install(
    name: string,
    source: string,
    manifest: object = { exports: { '.': { import: './index.js' } } },
  ): void {
    const folder = join(root, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name, version: '1.0.0', type: 'module', ...manifest }),
    );
    writeFileSync(join(folder, 'index.js'), source);
  }

  /** A package whose model streams the given parts and returns the options of each call in the last text. */
  function fixture(version: string, parts: string): string {
    return `
      export const createFixture = (settings) => ({
        languageModel: (model) => ({
          specificationVersion: '${version}',
          async doStream(options) {
            await settings.fetch(settings.baseURL + '/chat/completions', {
              method: 'POST',
              headers: { authorization: 'Bearer ' + settings.apiKey, 'content-type': 'application/json' },
              body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
            });
            const { abortSignal, ...rest } = options;
            const options_seen = JSON.stringify(rest);
            return { stream: new ReadableStream({
              start(controller) {
                for (const part of ${parts}) controller.enqueue(part);
                controller.close();
              },
            }) };
          },
        }),
      });`;
  }

  test('a package that is not installed is named, with the command that installs it', async () => {
    await using at = await bench();
    await expect(at.open({ package: '@ai-sdk/never-made' })).rejects.toMatchObject({
      code: 'WIRE_UNAVAILABLE',
      message: expect.stringContaining('"@ai-sdk/never-made"'),
      hint: expect.stringContaining('npm install @ai-sdk/never-made'),
    });
    expect(at.server.connections).toBe(0);
  });

  test('it can be installed while the process runs', async () => {
    await using at = await bench({}, [root]);
    await expect(at.open({ package: 'late-fixture' })).rejects.toMatchObject({ code: 'WIRE_UNAVAILABLE' });
    install('late-fixture', fixture('v3', '[]'));
    expect(await at.open({ package: 'late-fixture' })).toBeDefined();
  });

  test.each([
    '../evil',
    '/etc/passwd',
    'file:///x.mjs',
    'data:text/javascript,1',
    'node:fs',
    'a/b/c',
    '@x',
    '',
    'Upper',
  ])('"%s" is no package name and is never loaded', async (name) => {
    await using at = await bench();
    await expect(at.open({ package: name })).rejects.toMatchObject({ code: 'WIRE_UNAVAILABLE' });
  });

  test('a route without a package says what to set', async () => {
    await using at = await bench();
    const { package: _, ...route } = routeTo(at.server);
    await using providers = createProviders({ keyFor: () => CANARY, redact: (text) => text });
    await expect(providers.providerFor(route)).rejects.toMatchObject({
      code: 'WIRE_UNAVAILABLE',
      hint: expect.stringContaining('package'),
    });
  });

  test.each([
    ['that is no provider', 'export const hello = 1;', /no AI SDK provider/],
    ['that does not load', 'throw new Error("boom");', /does not load/],
  ])('a package %s says so', async (_, source, message) => {
    const name = `broken-${source.length}`;
    install(name, source);
    await using at = await bench({}, [root]);
    await expect(at.open({ package: name })).rejects.toMatchObject({
      code: 'WIRE_UNAVAILABLE',
      message: expect.stringMatching(message),
    });
  });

  test.each<[string, string, Partial<Answer>]>([
    [
      'v2',
      `[
        { type: 'stream-start', warnings: [{ type: 'unsupported-setting', setting: 'seed' }] },
        { type: 'response-metadata', id: 'r2', modelId: 'm2' },
        { type: 'text-start', id: '0' }, { type: 'text-delta', id: '0', delta: 'two' }, { type: 'text-end', id: '0' },
        { type: 'finish', finishReason: 'stop',
          usage: { inputTokens: 10, outputTokens: 3, totalTokens: 20, reasoningTokens: 7, cachedInputTokens: 4 } },
      ]`,
      {
        text: 'two',
        stop: 'end',
        served_model: 'm2',
        usage: { input: 10, output: 10, cache_read: 4, cache_write: 0, reasoning: 7 },
        notes: ['fixture-v2 warns: {"type":"unsupported-setting","setting":"seed"}'],
      },
    ],
    [
      'v3',
      `[
        { type: 'tool-call', toolCallId: 'c', toolName: 'read_file', input: '{"path":"a"}' },
        { type: 'tool-call', toolCallId: 'd', toolName: 'web', input: '{}', providerExecuted: true },
        { type: 'finish', finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
          usage: { inputTokens: { total: 10, noCache: 1, cacheRead: 4, cacheWrite: 5 }, outputTokens: { total: 8, text: 1, reasoning: 7 } } },
      ]`,
      {
        stop: 'tool_calls',
        tool_calls: [{ id: 'c', name: 'read_file', arguments: '{"path":"a"}' }],
        usage: { input: 10, output: 8, cache_read: 4, cache_write: 5, reasoning: 7 },
      },
    ],
    [
      'v4',
      `[
        { type: 'text-delta', id: '0', delta: options_seen },
        { type: 'finish', finishReason: { unified: 'content-filter', raw: 'safety' },
          usage: { inputTokens: { total: undefined }, outputTokens: { total: undefined } } },
      ]`,
      { stop: 'refusal', text: expect.stringContaining('"reasoning":"xhigh"') as unknown as string },
    ],
  ])('a model of specification %s is understood', async (version, parts, expected) => {
    install(`fixture-${version}`, fixture(version, parts));
    await using at = await bench({}, [root]);
    const answer = await at.ask(
      {},
      { package: `fixture-${version}`, ...(version === 'v4' ? { reasoning_effort: 'max' } : {}) },
    );
    expect(answer).toMatchObject({ ...expected, sent: { model: MODEL, reasoning: null } });
    if (version === 'v4') {
      expect(answer.notes).toEqual([`effort "max" did not leave: "fixture-v4" sends none for lab/${MODEL}`]);
      expect(answer).not.toHaveProperty('usage');
    }
  });

  test('a package that lacks a setting of its own says which, and nothing is sent', async () => {
    install('fixture-picky', 'export const createFixture = () => { throw new Error("region is missing"); };');
    await using at = await bench({}, [root]);
    await expect(at.ask({}, { package: 'fixture-picky' })).rejects.toMatchObject({
      code: 'WIRE_UNAVAILABLE',
      message: `"fixture-picky" cannot ask "lab/${MODEL}": region is missing`,
    });
    expect(at.server.connections).toBe(0);
  });

  test('a package that sends elsewhere is stopped before a byte leaves (F24)', async () => {
    await using other = await startProvider({ wire: 'openai-chat' });
    install('fixture-elsewhere', fixture('v3', '[]').replace('settings.baseURL', JSON.stringify(other.base_url)));
    await using at = await bench({}, [root]);
    const { failure } = await failureOf(at.ask({}, { package: 'fixture-elsewhere' }));
    expect(failure).toMatchObject({ class: 'redirect', upstream: expect.stringContaining(other.authority) });
    expect(failure.sent).toBeUndefined();
    expect(other.connections).toBe(0);
  });
});

describe('effort through AI SDK packages (docs/wires.md, F29)', () => {
  const at = { base_url: 'http://127.0.0.1:1', authority: 'http://127.0.0.1:1' };
  test.each<[string, string, Effort | undefined, Partial<Route>, object]>([
    ['@ai-sdk/anything', 'v3', undefined, {}, {}],
    ['@ai-sdk/anything', 'v3', 'high', { effort_dialect: 'omit' }, {}],
    ['@ai-sdk/anything', 'v4', 'high', {}, { reasoning: 'high' }],
    ['@ai-sdk/anything', 'v4', 'none', {}, { reasoning: 'none' }],
    ['@ai-sdk/anything', 'v4', 'max', {}, { reasoning: 'xhigh' }],
    ['@ai-sdk/openai-compatible', 'v2', 'low', {}, { providerOptions: { lab: { reasoningEffort: 'low' } } }],
    ['@ai-sdk/groq', 'v3', 'low', {}, { providerOptions: { groq: { reasoningEffort: 'low' } } }],
    [
      'some-new-provider',
      'v3',
      'low',
      { effort_word: 'weak' },
      { providerOptions: { someNewProvider: { reasoningEffort: 'weak' } } },
    ],
    ['@ai-sdk/azure', 'v3', 'high', {}, { providerOptions: { openai: { reasoningEffort: 'high' } } }],
    [
      '@ai-sdk/google',
      'v3',
      'high',
      {},
      { providerOptions: { google: { thinkingConfig: { thinkingLevel: 'high', includeThoughts: true } } } },
    ],
    [
      '@ai-sdk/google',
      'v3',
      'low',
      { effort_dialect: 'budget_tokens' },
      { providerOptions: { google: { thinkingConfig: { thinkingBudget: 4_000, includeThoughts: true } } } },
    ],
    ['@ai-sdk/google', 'v3', 'none', {}, { providerOptions: { google: { thinkingConfig: { thinkingBudget: 0 } } } }],
    [
      '@ai-sdk/anthropic',
      'v3',
      'high',
      { effort_dialect: 'output_config' },
      { providerOptions: { anthropic: { thinking: { type: 'adaptive' }, effort: 'high' } } },
    ],
    [
      '@ai-sdk/anthropic',
      'v3',
      'high',
      { effort_dialect: 'budget_tokens' },
      { providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 16_000 } } } },
    ],
    [
      '@ai-sdk/amazon-bedrock',
      'v3',
      'none',
      {},
      { providerOptions: { bedrock: { reasoningConfig: { type: 'disabled' } } } },
    ],
    [
      '@ai-sdk/amazon-bedrock',
      'v3',
      'high',
      {},
      { providerOptions: { bedrock: { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } } } },
    ],
    [
      '@ai-sdk/amazon-bedrock',
      'v3',
      'high',
      { effort_dialect: 'output_config' },
      { providerOptions: { bedrock: { reasoningConfig: { type: 'adaptive', maxReasoningEffort: 'high' } } } },
    ],
    [
      '@ai-sdk/amazon-bedrock',
      'v3',
      'high',
      { effort_dialect: 'budget_tokens' },
      { providerOptions: { bedrock: { reasoningConfig: { type: 'enabled', budgetTokens: 16_000 } } } },
    ],
  ])('%s (%s) at %s %j gets %j', (name, specification, effort, more, expected) => {
    const route = routeTo(at, {
      package: name,
      ...more,
      ...(effort === undefined ? {} : { reasoning_effort: effort }),
    });
    expect(effortOptions(route, specification)).toEqual(expected);
  });
});

describe('@ai-sdk/google on a Gemini server', () => {
  let mock: LLMock;
  let providers: Providers;
  beforeAll(async () => {
    mock = new LLMock({ port: 0, logLevel: 'silent' });
    await mock.start();
    providers = createProviders({ keyFor: () => CANARY, redact: (text) => text });
  });
  afterAll(async () => {
    await providers[Symbol.asyncDispose]();
    await mock.stop();
  });

  async function open(more: Partial<Route> = {}): Promise<Conversation> {
    const at = { base_url: `${mock.url}/v1beta`, authority: new URL(mock.url).origin };
    const route = routeTo(at, { package: '@ai-sdk/google', model: 'gemini-made-up', ...more });
    return (await providers.providerFor(route)).open(route, { system: 'Be brief.', tools: [TOOL] });
  }

  test('a tool round trip ends in an answer', async () => {
    mock.reset();
    mock.on(
      { userMessage: 'read a', hasToolResult: false },
      {
        toolCalls: [{ name: 'read_file', arguments: '{"path":"a.txt"}' }],
        finishReason: 'stop',
      },
    );
    mock.on(
      { userMessage: 'read a', hasToolResult: true },
      {
        content: 'It says A.',
        usage: { promptTokenCount: 20, candidatesTokenCount: 5, totalTokenCount: 25 },
      },
    );
    const conversation = await open({ reasoning_effort: 'low' });
    conversation.append(user('read a'));
    const call = await conversation.send(options());
    expect(call).toMatchObject({
      stop: 'tool_calls',
      tool_calls: [{ name: 'read_file', arguments: '{"path":"a.txt"}' }],
      sent: { model: 'gemini-made-up', reasoning: { generationConfig: { thinkingConfig: { thinkingLevel: 'low' } } } },
    });
    conversation.append({ role: 'assistant', answer: call });
    conversation.append({
      role: 'tool',
      results: [{ id: call.tool_calls[0]!.id, name: 'read_file', content: 'A', is_error: false }],
    });
    expect(await conversation.send(options())).toMatchObject({
      text: 'It says A.',
      stop: 'end',
      usage: { input: 20, output: 5 },
    });
  });

  test.each([
    [401, 'auth'],
    [429, 'rate_limit'],
    [503, 'unavailable'],
  ])('status %i is of class %s (F15)', async (status, expected) => {
    mock.reset();
    mock.onMessage('hello', { content: 'never' });
    mock.nextRequestError(status, { message: 'injected' });
    const conversation = await open();
    conversation.append(user('hello'));
    expect((await failureOf(conversation.send(options()))).failure).toMatchObject({ class: expected, status });
    expect(mock.getRequests()).toHaveLength(1);
  });
});
