import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { EFFORTS } from '../core/effort.ts';
import { DelegateError } from '../core/errors.ts';
import type { Answer, Conversation, Failure, Message, SendOptions, ToolSpec } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import { type ProviderServer, type Reply, startProvider, type TestWire } from '../testing.ts';
import { createProviders, type Providers } from './provider-for.ts';

/** A key that must never be seen anywhere but in the header of a request to its own authority. */
const CANARY = 'sk-canary-0a1b2c3d4e5f6a7b8c9d';
const MODEL = 'made-up-model-1';

const TOOL: ToolSpec = {
  name: 'read_file',
  description: 'Reads a file.',
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};

const SETUP = { system: 'Be brief.', tools: [TOOL] };

export function routeTo(server: ProviderServer, more: Partial<Route> = {}): Route {
  return {
    provider: 'lab',
    model: MODEL,
    wire: server.wire,
    base_url: server.base_url,
    authority: server.authority,
    credential: { kind: 'env', name: 'LAB_KEY', authority: server.authority },
    fallback: [],
    ...more,
  };
}

export function options(more: Partial<SendOptions> = {}): SendOptions {
  return { signal: new AbortController().signal, first_token_timeout_ms: 10_000, idle_timeout_ms: 10_000, ...more };
}

export function user(text: string): Message {
  return { role: 'user', text };
}

/** The adapters as the app makes them, with one key for every authority unless `keys` says which. */
export function providersWith(keys?: Readonly<Record<string, string>>): Providers {
  return createProviders({
    keyFor: (_, authority) => (keys === undefined ? CANARY : keys[authority]),
    redact: (text) => text,
  });
}

export async function failureOf(answer: Promise<unknown>): Promise<{ error: DelegateError; failure: Failure }> {
  const error = await answer.then(
    (value) => expect.fail(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DelegateError)) throw error;
  return { error, failure: error.data as unknown as Failure };
}

interface Bench extends AsyncDisposable {
  readonly server: ProviderServer;
  readonly providers: Providers;
  open(more?: Partial<Route>): Promise<Conversation>;
  ask(send?: Partial<SendOptions>, more?: Partial<Route>): Promise<Answer>;
}

async function bench(wire: TestWire, reply: Parameters<typeof startProvider>[0]['reply'] = {}): Promise<Bench> {
  const server = await startProvider({ wire, key: CANARY, reply });
  const providers = providersWith();
  async function open(more?: Partial<Route>): Promise<Conversation> {
    const route = routeTo(server, more);
    return (await providers.providerFor(route)).open(route, SETUP);
  }
  return {
    server,
    providers,
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

/** What every native wire promises, on the wire. */
export function describeWire(wire: TestWire): void {
  describe(`the ${wire} wire`, () => {
    test('gives a plain answer with its proof: usage, served model, request id, what was sent', async () => {
      await using at = await bench(wire, {
        text: 'Hello, reader.',
        deltas: 5,
        usage: { input: 120, output: 30, cache_read: 100, reasoning: 10 },
      });
      let streamed = '';
      let bytes = 0;
      const answer = await at.ask({
        onText: (delta) => {
          streamed += delta;
        },
        onBytes: (count) => {
          bytes += count;
        },
      });
      const seen = at.server.requests[0]!;
      expect(answer).toMatchObject({
        text: 'Hello, reader.',
        reasoning: '',
        tool_calls: [],
        stop: 'end',
        usage: { input: 120, output: 30, cache_read: 100, reasoning: 10 },
        served_model: MODEL,
        request_id: seen.request_id,
        sent: { model: seen.model, reasoning: seen.effort },
        notes: [],
      });
      expect(streamed).toBe(answer.text);
      expect(bytes).toBeGreaterThan(streamed.length);
      expect(answer.first_token_ms).toBeGreaterThan(0);
      expect(seen).toMatchObject({ key: CANARY, system: 'Be brief.', texts: ['Say hello.'], status: 200, done: true });
      expect(seen.tools).toEqual([{ name: TOOL.name, parameters: TOOL.parameters }]);
    });

    test('carries a tool round trip, the conversation growing by what was added', async () => {
      await using at = await bench(wire, ({ turn }) =>
        turn === 0
          ? {
              text: 'Looking.',
              tool_calls: [
                { name: 'read_file', arguments: { path: 'ä "b".ts' } },
                { name: 'read_file', arguments: { path: 'c' } },
              ],
            }
          : { text: 'Done.' },
      );
      const conversation = await at.open();
      conversation.append(user('Read two files.'));
      const first = await conversation.send(options());
      expect(first.stop).toBe('tool_calls');
      expect(first.tool_calls.map(({ name, arguments: written }) => [name, JSON.parse(written)])).toEqual([
        ['read_file', { path: 'ä "b".ts' }],
        ['read_file', { path: 'c' }],
      ]);
      conversation.append({ role: 'assistant', answer: first });
      conversation.append({
        role: 'tool',
        results: first.tool_calls.map(({ id, name }, index) => ({
          id,
          name,
          content: `öne ${index}\n`,
          is_error: false,
        })),
      });
      expect(await conversation.send(options())).toMatchObject({ text: 'Done.', stop: 'end' });
      const [before, after] = at.server.requests;
      expect(after).toMatchObject({ status: 200, turn: 1 });
      expect(after!.tool_results.map(({ id, content }) => [id, content])).toEqual(
        first.tool_calls.map(({ id }, index) => [id, `öne ${index}\n`]),
      );
      expect(after!.system).toBe(before!.system);
    });

    test('keeps reasoning apart from text, and sends back what the provider needs to see again', async () => {
      await using at = await bench(wire, ({ turn }) =>
        turn === 0
          ? { reasoning: 'Because of this.', tool_calls: [{ name: 'read_file', arguments: { path: 'a' } }] }
          : { text: 'Done.' },
      );
      const conversation = await at.open({ reasoning_effort: 'high', max_output: 64_000 });
      conversation.append(user('Think.'));
      let thought = '';
      const answer = await conversation.send(
        options({
          onReasoning: (delta) => {
            thought += delta;
          },
        }),
      );
      expect(answer).toMatchObject({ reasoning: 'Because of this.', text: '' });
      expect(thought).toBe(answer.reasoning);
      conversation.append({ role: 'assistant', answer: structuredClone(answer) });
      const [call] = answer.tool_calls;
      conversation.append({
        role: 'tool',
        results: [{ id: call!.id, name: call!.name, content: 'x', is_error: false }],
      });
      await conversation.send(options());
      expect(at.server.requests[1]).toMatchObject({ status: 200 });
      expect(at.server.requests[1]!.body).toContain('Because of this.');
    });

    test('reports no usage, model or request id where the provider reports none: unknown, not zero', async () => {
      await using at = await bench(wire, { text: 'hi', usage: null, served_model: null });
      const answer = await at.ask();
      expect(answer.usage).toBeUndefined();
      expect(answer.served_model).toBeUndefined();
    });

    test.each(['made_up', 'constructor', '__proto__'])(
      'a stop reason nobody knows (%s) is told as other',
      async (stop) => {
        await using at = await bench(wire, { text: 'hi', stop });
        expect(await at.ask()).toMatchObject({ text: 'hi', stop: 'other' });
      },
    );

    test.each(['length', 'refusal'] as const)('an answer that stopped by %s says so', async (stop) => {
      await using at = await bench(wire, { text: 'hi', stop });
      expect(await at.ask()).toMatchObject({ text: 'hi', stop });
    });

    test('names the served model as the response does, not as it was asked for', async () => {
      await using at = await bench(wire, { text: 'I am made-up-model-1.', served_model: 'something-else' });
      expect(await at.ask()).toMatchObject({ served_model: 'something-else', sent: { model: MODEL } });
    });

    test.each(EFFORTS)('says in the receipt exactly what it put on the wire for effort %s (F29)', async (level) => {
      await using at = await bench(wire);
      const answer = await at.ask({}, { reasoning_effort: level, max_output: 64_000 });
      expect(at.server.requests[0]!.status).toBe(200);
      expect(answer.sent).toEqual({ model: MODEL, reasoning: at.server.requests[0]!.effort });
    });

    test('says nothing about effort when none is set, or when the endpoint takes none (F30)', async () => {
      await using at = await bench(wire);
      expect((await at.ask()).sent.reasoning).toBeNull();
      expect((await at.ask({}, { reasoning_effort: 'high', effort_dialect: 'omit' })).sent.reasoning).toBeNull();
      expect(at.server.requests.map(({ effort }) => effort)).toEqual([null, null]);
    });

    describe('a parameter that a structured code refuses (F31)', () => {
      const param = {
        'openai-chat': 'reasoning_effort',
        'openai-responses': 'reasoning.effort',
        'anthropic-messages': 'thinking',
      }[wire];
      const refuse = (name: string, code = 'unsupported_parameter'): Reply => ({
        status: 400,
        body: {
          error: { message: `Unsupported parameter: '${name}'`, type: 'invalid_request_error', param: name, code },
        },
      });

      test('is left out once, and the receipt says so', async () => {
        await using at = await bench(wire, ({ index }) => (index === 0 ? refuse(param) : { text: 'ok' }));
        const conversation = await at.open({ reasoning_effort: 'high', max_output: 64_000 });
        conversation.append(user('hi'));
        const answer = await conversation.send(options());
        const [first, second] = at.server.requests;
        expect(Object.keys(first!.effort!)).toContain(param.split('.')[0]);
        expect(Object.keys(second!.effort ?? {})).not.toContain(param.split('.')[0]);
        expect(answer).toMatchObject({ text: 'ok', sent: { reasoning: second!.effort } });
        expect(answer.notes).toEqual([expect.stringContaining(`"${param}"`)]);
        expect((await conversation.send(options())).sent).toEqual(answer.sent);
        expect(at.server.requests).toHaveLength(3);
      });

      test('is left out once only', async () => {
        await using at = await bench(wire, refuse(param));
        const { failure } = await failureOf(at.ask({}, { reasoning_effort: 'high', max_output: 64_000 }));
        expect(failure).toMatchObject({ class: 'unsupported_parameter', parameter: param });
        expect(at.server.requests).toHaveLength(2);
      });

      test.each(['model', 'messages', 'tools', 'made_up', '__proto__'])('is an error when it is %s', async (name) => {
        await using at = await bench(wire, refuse(name));
        expect((await failureOf(at.ask())).failure).toMatchObject({ class: 'unsupported_parameter', parameter: name });
        expect(at.server.requests).toHaveLength(1);
      });

      test('is an error when only its value is refused, or only the prose says so', async () => {
        for (const reply of [
          refuse(param, 'unsupported_value'),
          { status: 400, error: { message: `Unsupported parameter: ${param}` } },
        ]) {
          await using at = await bench(wire, reply);
          expect((await failureOf(at.ask({}, { reasoning_effort: 'high' }))).failure.class).toBe('bad_request');
          expect(at.server.requests).toHaveLength(1);
        }
      });
    });

    test('two conversations of one route and setup send the same bytes (F32)', async () => {
      await using at = await bench(wire);
      await at.ask({}, { reasoning_effort: 'low' });
      await at.ask({}, { reasoning_effort: 'low' });
      const [first, second] = at.server.requests;
      expect(second!.body).toBe(first!.body);
    });

    test.each([
      [400, 'bad_request'],
      [401, 'auth'],
      [402, 'quota'],
      [403, 'permission'],
      [404, 'model_not_found'],
      [408, 'unavailable'],
      [413, 'too_large'],
      [422, 'bad_request'],
      [429, 'rate_limit'],
      [500, 'unavailable'],
      [502, 'unavailable'],
      [503, 'unavailable'],
      [504, 'unavailable'],
      [524, 'unavailable'],
      [529, 'overloaded'],
    ])('a status of %i is a failure of class %s with the provider’s own words (F20, F23)', async (status, name) => {
      await using at = await bench(wire, { status });
      const { error, failure } = await failureOf(at.ask());
      expect(error).toMatchObject({ code: 'PROVIDER_FAILED', message: expect.stringContaining(`"lab/${MODEL}"`) });
      expect(failure).toMatchObject({ class: name, status, request_id: at.server.requests[0]!.request_id });
      expect(failure.upstream).toMatch(status === 502 || status === 504 || status === 524 ? /<html>/ : /"message"/);
      expect(failure.sent).toEqual({ model: MODEL, reasoning: null });
      expect(at.server.requests).toHaveLength(1);
    });

    test('a limit says how long to wait', async () => {
      await using at = await bench(wire, { status: 429, headers: { 'retry-after': '7' } });
      expect((await failureOf(at.ask())).failure).toMatchObject({ class: 'rate_limit', retry_after_ms: 7_000 });
    });

    const PAGE = '<!doctype html><title>Sign in</title>';
    test.each<[string, Reply, string, RegExp | undefined]>([
      ['an HTML page', { body: PAGE }, 'protocol', /Sign in/],
      ['an empty body', { raw: '', headers: { 'content-type': 'application/json' } }, 'protocol', /empty/],
      ['an empty stream', { raw: '' }, 'protocol', /empty/],
      ['plain text', { raw: 'Hello', headers: { 'content-type': 'text/plain' } }, 'protocol', /Hello/],
      ['a stream of comments alone', { raw: ': hello\n\n' }, 'protocol', undefined],
      ['events that are not JSON', { raw: 'data: {broken\n\ndata: x\n\n' }, 'protocol', /JSON/],
      ['events that are JSON of another kind', { raw: 'data: 5\n\n: x\n\n' }, 'cut', undefined],
      ['JSON that is no answer', { body: { hello: 'world' } }, 'cut', undefined],
      ['an error in JSON', { body: { error: { code: 429, message: 'slow' } } }, 'rate_limit', /slow/],
      [
        'an error event in the stream',
        { text: 'Hel', error: { type: 'overloaded_error', code: 'overloaded_error' } },
        'overloaded',
        /overloaded/,
      ],
      ['a stream cut in its middle', { text: 'Hello', cut_after_events: 3 }, 'cut', undefined],
      ['a stream cut inside an event', { text: 'Hello', cut_after_bytes: 700 }, 'cut', undefined],
      ['a stream that ends too early', { text: 'Hello', cut_after_events: 3, end_early: true }, 'cut', undefined],
    ])('%s in a 200 is never an answer (F20)', async (_, reply, name, words) => {
      await using at = await bench(wire, reply);
      const { failure } = await failureOf(at.ask());
      expect(failure.class).toBe(name);
      expect(failure.status).toBe(200);
      if (words !== undefined) expect(failure.upstream).toMatch(words);
    });

    test('what arrived before a failure is kept as partial work', async () => {
      await using at = await bench(wire, { text: 'Hello, reader.', deltas: 2, error: true });
      const { failure } = await failureOf(at.ask());
      expect(failure.partial?.text).toBe('Hello, reader.');
    });

    test('a provider that accepts and never answers meets the first-token limit (F34)', async () => {
      await using at = await bench(wire, { hang: true });
      const { error, failure } = await failureOf(at.ask({ first_token_timeout_ms: 40 }));
      expect(failure.class).toBe('timeout_first_token');
      expect(failure.sent?.model).toBe(MODEL);
      expect(error.retryable).toBe(true);
      await aborted(at.server);
    });

    test('headers are not a token (F34)', async () => {
      await using at = await bench(wire, { hang: 'after-headers' });
      expect((await failureOf(at.ask({ first_token_timeout_ms: 40 }))).failure.class).toBe('timeout_first_token');
      await aborted(at.server);
    });

    test('a drip that never makes an event is not a token (F34)', async () => {
      await using at = await bench(wire, { text: 'x', drip_ms: 20 });
      const { failure } = await failureOf(at.ask({ first_token_timeout_ms: 90, idle_timeout_ms: 5_000 }));
      expect(failure.class).toBe('timeout_first_token');
    });

    test('an answer that falls silent meets the idle limit, and what came is kept (F34)', async () => {
      await using at = await bench(wire, { text: 'Hello', deltas: 5, hang: 'after-first' });
      const { failure } = await failureOf(at.ask({ idle_timeout_ms: 40 }));
      expect(failure).toMatchObject({ class: 'timeout_idle', partial: { text: 'H' } });
      await aborted(at.server);
    });

    test('a slow answer that shows life in time is not idle', async () => {
      await using at = await bench(wire, { text: 'Hello', deltas: 5, delta_delay_ms: 30, live: true });
      expect(await at.ask({ idle_timeout_ms: 1_000, first_token_timeout_ms: 1_000 })).toMatchObject({ text: 'Hello' });
    });

    test('an abort ends the request at the server', async () => {
      await using at = await bench(wire, { text: 'Hello', deltas: 5, hang: 'after-first' });
      const abort = new AbortController();
      const answer = at.ask({ signal: abort.signal, onText: () => abort.abort() });
      const { failure } = await failureOf(answer);
      expect(failure).toMatchObject({ class: 'cancelled', partial: { text: 'H' } });
      await aborted(at.server);
    });

    test('an abort before anything left sends nothing', async () => {
      await using at = await bench(wire);
      const { failure } = await failureOf(at.ask({ signal: AbortSignal.abort() }));
      expect(failure).toEqual({ class: 'cancelled' });
      expect(at.server.connections).toBe(0);
    });

    test('each key goes to its own authority, and to no other (F24, F16)', async () => {
      const keys = ['sk-first-000000000', 'sk-second-11111111', 'sk-third-2222222222'];
      const servers = await Promise.all(
        keys.map((key) => startProvider({ wire, key, reply: { text: key.slice(3, 8) } })),
      );
      await using providers = providersWith(
        Object.fromEntries(servers.map((server, at) => [server.authority, keys[at]!])),
      );
      await Promise.all(
        servers.flatMap((server) =>
          [1, 2, 3].map(async () => {
            const route = routeTo(server);
            const conversation = (await providers.providerFor(route)).open(route, SETUP);
            conversation.append(user('hi'));
            await conversation.send(options());
          }),
        ),
      );
      expect(servers.map((server) => new Set(server.requests.map(({ key }) => key)))).toEqual(
        keys.map((key) => new Set([key])),
      );
      await Promise.all(servers.map((server) => server.close()));
    });

    test.each<[string, (server: ProviderServer) => Partial<Route>]>([
      ['no key is there', () => ({ credential: { kind: 'env', name: 'NOT_SET', authority: 'http://127.0.0.1:1' } })],
      [
        'the key belongs to another authority',
        () => ({ credential: { kind: 'config', provider: 'other', authority: 'https://other.example' } }),
      ],
    ])('sends nothing when %s (F24)', async (_, more) => {
      await using at = await bench(wire);
      const { error, failure } = await failureOf(at.ask({}, more(at.server)));
      expect(error.code).toBe('CREDENTIAL_MISSING');
      expect(failure).toEqual({ class: 'auth' });
      expect(at.server.connections).toBe(0);
    });

    test('a key that could end its header is refused, and not shown', async () => {
      await using server = await startProvider({ wire });
      await using providers = providersWith({ [server.authority]: `${CANARY}\r\nx-evil: 1` });
      const route = routeTo(server);
      const conversation = (await providers.providerFor(route)).open(route, SETUP);
      conversation.append(user('hi'));
      const { error } = await failureOf(conversation.send(options()));
      expect(error.code).toBe('CREDENTIAL_MISSING');
      expect(JSON.stringify(error) + error.stack).not.toContain('canary');
      expect(server.connections).toBe(0);
    });

    test('a server without keys gets none', async () => {
      await using at = await bench(wire);
      await using open = await startProvider({ wire });
      const route = routeTo(open, { credential: { kind: 'none', authority: open.authority } });
      const conversation = (await at.providers.providerFor(route)).open(route, SETUP);
      conversation.append(user('hi'));
      expect(await conversation.send(options())).toMatchObject({ text: 'ok' });
      expect(open.requests[0]!.key).toBeUndefined();
    });

    test('a route whose base URL is not its authority is refused before a byte leaves', async () => {
      await using at = await bench(wire);
      const { error } = await failureOf(at.ask({}, { base_url: 'http://127.0.0.1:9/v1' }));
      expect(error.code).toBe('ROUTE_INVALID');
      expect(at.server.connections).toBe(0);
    });

    test.each([301, 302, 303, 307, 308])('a redirect (%i) is refused and says where it pointed', async (status) => {
      await using other = await startProvider({ wire, key: CANARY });
      await using at = await bench(wire, { status, redirect: `${other.base_url}/x?token=secret` });
      const { failure } = await failureOf(at.ask());
      expect(failure).toMatchObject({ class: 'redirect', status, upstream: `${status} to ${other.authority}` });
      expect(other.connections).toBe(0);
    });

    test('a provider that is not there is a network failure; nothing was sent', async () => {
      await using at = await bench(wire);
      await using gone = await startProvider({ wire });
      await gone.close();
      const { base_url, authority } = gone;
      const { failure } = await failureOf(at.ask({}, { base_url, authority, credential: { kind: 'none', authority } }));
      expect(failure).toMatchObject({ class: 'network', upstream: expect.stringContaining('ECONNREFUSED') });
      expect(failure.sent).toBeUndefined();
    });

    test.each<[string, Reply]>([
      ['an error body', { status: 400, error: { message: `bad header: Bearer ${CANARY}` } }],
      ['an error page', { status: 502, body: `<html>${CANARY}</html>` }],
      ['an error event', { text: `x ${CANARY}`, error: { message: CANARY } }],
      ['a redirect', { redirect: `http://localhost:1/?key=${CANARY}` }],
      ['a page in a 200', { body: `<html>${CANARY}</html>` }],
      ['a broken stream', { raw: `data: ${CANARY}\n\n` }],
      ['a text', { text: `Your key is ${CANARY}.`, reasoning: `Key: ${CANARY}` }],
      ['a call', { tool_calls: [{ name: 'read_file', arguments: { path: CANARY } }] }],
      ['a name', { text: 'x', served_model: `m-${CANARY}`, request_id: `r-${CANARY}` }],
    ])('the key is in nothing that comes back, even when the server puts it into %s (F28)', async (_, reply) => {
      await using at = await bench(wire, reply);
      const came = await at.ask().then(
        (answer) => JSON.stringify(answer),
        (error: DelegateError) =>
          JSON.stringify(error) + error.message + error.stack + error.hint + JSON.stringify(error.data),
      );
      expect(at.server.requests[0]!.key).toBe(CANARY);
      expect(came).not.toContain(CANARY);
    });

    test('one delta of 20 MB arrives whole', async () => {
      const text = 'ä0123456789'.repeat(1_900_000);
      await using at = await bench(wire, { text, deltas: 1 });
      const answer = await at.ask();
      expect(answer.text.length).toBe(text.length);
      expect(answer.text === text).toBe(true);
    });

    test('10,000 calls in one answer arrive, each with its own id', async () => {
      const tool_calls = Array.from({ length: 10_000 }, (_, at) => ({
        name: 'read_file',
        arguments: { path: `file ${at}` },
      }));
      await using at = await bench(wire, { tool_calls, deltas: 1 });
      const answer = await at.ask();
      expect(answer.tool_calls.map((call) => JSON.parse(call.arguments).path)).toEqual(
        tool_calls.map((call) => call.arguments.path),
      );
      expect(new Set(answer.tool_calls.map(({ id }) => id)).size).toBe(10_000);
    });

    test('100 conversations at once end in their own answers', async () => {
      await using at = await bench(wire, ({ texts }) => ({ text: `re: ${texts[0]}`, deltas: 4, delta_delay_ms: 1 }));
      const answers = await Promise.all(
        Array.from({ length: 100 }, async (_, number) => {
          const conversation = await at.open();
          conversation.append(user(`question ${number}`));
          return conversation.send(options());
        }),
      );
      expect(answers.map(({ text }) => text)).toEqual(answers.map((_, number) => `re: question ${number}`));
      expect(new Set(answers.map(({ request_id }) => request_id)).size).toBe(100);
    });

    test('connections are used again', async () => {
      await using at = await bench(wire);
      for (let turn = 0; turn < 5; turn += 1) {
        await at.ask();
        await sleep(1);
      }
      expect(at.server.connections).toBe(1);
    });

    test('nothing is left open: no socket, no timer, no listener on the signal', async () => {
      const abort = new AbortController();
      {
        await using at = await bench(wire, ({ index }) => (index === 0 ? { text: 'ok' } : { hang: true }));
        await at.ask({ signal: abort.signal });
        await failureOf(at.ask({ signal: abort.signal, first_token_timeout_ms: 20 }));
        const hanging = failureOf(at.ask({ signal: abort.signal }));
        while (at.server.in_flight === 0) await sleep(1);
        await at.providers[Symbol.asyncDispose]();
        expect((await hanging).failure.class).toBe('cancelled');
        expect((await failureOf(at.ask())).failure).toEqual({ class: 'cancelled' });
      }
      expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
      for (let wait = 0; wait < 100 && resources().length > 0; wait += 1) await sleep(5);
      expect(resources()).toEqual([]);
    });
  });
}

/** Waits until the server has seen the client leave. */
async function aborted(server: ProviderServer): Promise<void> {
  while (!server.requests[0]?.aborted) await sleep(1);
}

function resources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout/.test(name));
}
