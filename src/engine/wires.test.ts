import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../core/route.ts';
import { createProviders, type Providers } from '../providers/provider-for.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { type ProviderServer, type Reply, scriptedModel, startProvider, type TestWire } from '../testing.ts';
import { createFolder, toolsOptions } from '../tools/test-folder.ts';
import { createToolsFor } from '../tools/tools-for.ts';
import { createRig, type Rig, type RigOptions, task } from './test-rig.ts';

const WIRES: readonly TestWire[] = ['openai-chat', 'openai-responses', 'anthropic-messages'];

let providers: Providers;
beforeAll(() => {
  providers = createProviders({
    keyFor: (ref) => (ref.kind === 'env' ? `sk-${ref.name}` : undefined),
    redact: (text) => text,
    package_roots: [],
  });
});
afterAll(() => providers[Symbol.asyncDispose]());

/** The engine over the real wires and the real read tools. */
function rigOn(options: Omit<RigOptions, 'model'>): Rig {
  const model = (): never => {
    throw new Error('The fake model is not asked.');
  };
  return createRig({
    ...options,
    model,
    deps: { providerFor: providers.providerFor, toolsFor: createToolsFor(toolsOptions()), ...options.deps },
  });
}

function routeOn(server: ProviderServer, name: string, more: Partial<Route> = {}): Route {
  const { wire, base_url, authority } = server;
  return {
    provider: name,
    model: `${name}-model`,
    wire,
    base_url,
    authority,
    credential: { kind: 'env', name, authority },
    price: { in: 1, out: 10 },
    max_output: 1_000,
    fallback: [],
    ...more,
  };
}

async function startAll(reply: (wire: TestWire) => Reply | Parameters<typeof startProvider>[0]['reply']) {
  const servers = await Promise.all(
    WIRES.map((wire) =>
      startProvider({ wire, key: `sk-${wire}`, models: [`${wire}-model`], reply: reply(wire) ?? {} }),
    ),
  );
  return {
    servers,
    routes: servers.map((server) => routeOn(server, server.wire)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

test('three children on three wires read a file and answer; each server saw its own key, model and nothing else, and every token is counted (F24, F52)', async () => {
  await using store = createMemoryStore();
  using folder = createFolder({ 'notes.txt': 'The answer is 42.' });
  await using all = await startAll((wire) =>
    scriptedModel([
      {
        text: 'Reading.',
        reasoning: 'I should look.',
        tool_calls: [{ name: 'read_file', arguments: { path: 'notes.txt' } }],
        usage: { input: 100, output: 10 },
      },
      (request) => ({ text: `${wire} read: ${request.tool_results[0]?.content}`, usage: { input: 200, output: 20 } }),
    ]),
  );
  const rig = rigOn({ store });
  const { results, usage, cost } = await rig.run(
    all.routes.map((route) => ({ route, input: { goal: 'What is the answer?' } })),
    { workspace: folder.path },
  );
  for (const [i, wire] of WIRES.entries()) {
    const { requests } = all.servers[i]!;
    expect(results[i]).toMatchObject({
      status: 'completed',
      summary: `${wire} read: The answer is 42.`,
      turns: 2,
      tool_calls: 1,
      route: {
        sent: { model: `${wire}-model` },
        served: { verified: 'match', request_ids: requests.map((request) => request.request_id) },
      },
    });
    expect(requests.map(({ key, model, authority }) => [key, model, authority])).toEqual(
      Array(2).fill([`sk-${wire}`, `${wire}-model`, all.servers[i]!.authority]),
    );
    expect(requests[0]?.tools.map(({ name }) => name)).toEqual(['read_file', 'list_files', 'search_files']);
  }
  expect(usage).toMatchObject({ input: 900, output: 90 });
  expect(cost).toEqual({ usd: expect.closeTo(0.0018, 10), complete: true });
});

describe.each(WIRES)('%s', (wire) => {
  test.each<[string, Reply, { status: string; code?: string; class?: string }]>([
    ['400', { status: 400 }, { status: 'failed', code: 'PROVIDER_FAILED' }],
    ['401', { status: 401 }, { status: 'failed', class: 'auth' }],
    ['402', { status: 402 }, { status: 'failed', class: 'quota' }],
    ['403', { status: 403 }, { status: 'failed', code: 'PROVIDER_FAILED' }],
    ['404', { status: 404 }, { status: 'failed', code: 'PROVIDER_FAILED' }],
    ['429', { status: 429 }, { status: 'failed', class: 'rate_limit' }],
    ['500', { status: 500 }, { status: 'failed', class: 'unavailable' }],
    ['524', { status: 524, body: '<html>a timeout</html>' }, { status: 'failed', class: 'unavailable' }],
    ['HTML', { body: '<!doctype html><title>Hello</title>', status: 200 }, { status: 'failed', class: 'protocol' }],
    ['an error inside the stream', { text: 'So f', error: true }, { status: 'failed', code: 'PROVIDER_FAILED' }],
    ['a cut stream', { text: 'So far', cut_after_events: 3 }, { status: 'failed', class: 'cut' }],
    ['an empty answer', { text: '' }, { status: 'failed', code: 'ANSWER_EMPTY' }],
    ['an answer at the limit', { text: 'So far', stop: 'length' }, { status: 'partial', code: 'ANSWER_TRUNCATED' }],
    ['a lying model', { text: 'I am it', served_model: 'other-1' }, { status: 'failed', code: 'SERVED_MISMATCH' }],
  ])('%s is never completed, and its cause is shown (F2, F20, F23)', async (_, reply, expected) => {
    await using store = createMemoryStore();
    await using server = await startProvider({ wire, key: `sk-${wire}`, reply });
    const rig = rigOn({ store });
    const [result] = (await rig.run([{ route: routeOn(server, wire), input: { goal: 'Go.', toolsets: [] } }])).results;
    const { status, code, class: cls } = expected;
    expect(result).toMatchObject({ status, error: { ...(code && { code }), ...(cls && { class: cls }) } });
    expect(result?.error?.message).not.toBe('');
    if (reply.status !== undefined && reply.status !== 200) expect(result?.error?.upstream).toBeTruthy();
  });

  test.each<[string, Reply]>([
    ['accepts and never answers', { hang: true }],
    ['answers with headers only', { hang: 'after-headers' }],
    ['sends a byte now and then (F35)', { text: 'So far so good', drip_ms: 30 }],
    ['stops after its first words', { hang: 'after-first', text: 'So far so good', deltas: 4 }],
  ])('a server that %s meets its limit (F34)', async (_, reply) => {
    await using store = createMemoryStore();
    await using server = await startProvider({ wire, key: `sk-${wire}`, reply });
    const rig = rigOn({ store, limits: { first_token_timeout_seconds: 0.1, idle_timeout_seconds: 0.1 } });
    const [result] = (await rig.run([{ route: routeOn(server, wire), input: { goal: 'Go.', toolsets: [] } }])).results;
    expect(result).toMatchObject({ status: 'timeout', exit_reason: 'timeout', cost: { complete: false } });
    expect(server.requests).toHaveLength(1);
  });

  test('a child that is stopped lets go of its request', async () => {
    await using store = createMemoryStore();
    const stop = new AbortController();
    await using server = await startProvider({
      wire,
      key: `sk-${wire}`,
      reply: () => {
        setTimeout(() => stop.abort(), 20);
        return { hang: 'after-first', text: 'So far so good', deltas: 4 };
      },
    });
    const rig = rigOn({ store });
    const [result] = (
      await rig.run([{ route: routeOn(server, wire), input: { goal: 'Go.', toolsets: [] } }], { signal: stop.signal })
    ).results;
    expect(result).toMatchObject({ status: 'cancelled', cost: { complete: false } });
    while (server.in_flight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(server.requests[0]?.aborted).toBe(true);
  });
});

describe('a hop from wire to wire, after a tool ran', () => {
  const pairs = WIRES.flatMap((from) => WIRES.filter((to) => to !== from).map((to) => [from, to] as const));

  test.each(pairs)(
    '%s → %s: key, address and model are all the new one, the tool is not run again (F16, F17, F19)',
    async (from, to) => {
      await using store = createMemoryStore();
      using folder = createFolder({ 'notes.txt': 'The answer is 42.' });
      const call = {
        text: 'Reading.',
        reasoning: 'Hm.',
        tool_calls: [{ name: 'read_file', arguments: { path: 'notes.txt' } }],
      };
      await using first = await startProvider({
        wire: from,
        key: `sk-${from}`,
        reply: scriptedModel([call, { status: 402 }]),
      });
      await using second = await startProvider({
        wire: to,
        key: `sk-${to}`,
        reply: ({ turn, tool_results }) => ({ text: `turn ${turn}: ${tool_results[0]?.content}` }),
      });
      const route = routeOn(first, from, { fallback: [routeOn(second, to)] });
      const rig = rigOn({ store });
      const [result] = (await rig.run([{ route }], { workspace: folder.path })).results;
      expect(result).toMatchObject({
        status: 'completed',
        summary: 'turn 1: The answer is 42.',
        tool_calls: 1,
        route: {
          sent: { model: `${to}-model` },
          served: { model: `${to}-model`, verified: 'match' },
          hops: [{ from: `${from}/${from}-model`, to: `${to}/${to}-model`, because: 'quota' }],
        },
      });
      expect(second.requests.map(({ key, model, status }) => [key, model, status])).toEqual([
        [`sk-${to}`, `${to}-model`, 200],
      ]);
      expect(first.requests.every(({ key }) => key === `sk-${from}`)).toBe(true);
    },
  );
});

test('a route without a chain fails for ever on its own server: nobody else is asked (F14)', async () => {
  await using store = createMemoryStore();
  await using all = await startAll((wire) => ({ ...(wire === 'openai-chat' ? { status: 429 } : { text: 'ok' }) }));
  const rig = rigOn({ store });
  const [pinned] = (await rig.run([{ ...task({ toolsets: [] }), route: all.routes[0]! }])).results;
  expect(pinned).toMatchObject({ status: 'failed', error: { class: 'rate_limit' } });
  expect(all.servers.map((server) => server.requests.length)).toEqual([4, 0, 0]);
});

describe('a conversation that outgrows its window', () => {
  const READS = [1, 2, 3, 4, 5].map((part) => ({
    tool_calls: [{ name: 'read_file', arguments: { path: `part-${part}.txt` } }],
  }));
  const files = Object.fromEntries(
    READS.map((_, i) => [`part-${i + 1}.txt`, `Part ${i + 1}. ${'word '.repeat(8_000)}`]),
  );

  test.each(WIRES)('%s: it is shortened before it is sent where the window is known (F49)', async (wire) => {
    await using store = createMemoryStore();
    using folder = createFolder(files);
    await using server = await startProvider({
      wire,
      key: `sk-${wire}`,
      reply: scriptedModel([...READS, { text: 'Done.' }]),
    });
    const rig = rigOn({ store });
    const route = routeOn(server, wire, { context: 40_000, max_output: 20_000 });
    const [result] = (await rig.run([{ route }], { workspace: folder.path })).results;
    expect(result).toMatchObject({ status: 'completed', turns: 6, tool_calls: 5 });
    expect(result?.route.notes.join()).toContain('compacted');
    for (const { body } of server.requests) {
      const { max_tokens } = body as { max_tokens?: number };
      // Four characters a token.
      const tokens = JSON.stringify(body).length / 4;
      expect(tokens + (max_tokens ?? 0)).toBeLessThan(40_000);
    }
    const last = server.requests.at(-1)!;
    expect(JSON.stringify(last.body).match(/outgrown the window/g)!.length).toBeGreaterThanOrEqual(2);
    expect(last.tool_results[0]?.content.length).toBeGreaterThan(39_000);
  });

  test.each(['openai-chat', 'openai-responses'] as const)(
    '%s: it is shortened once where the provider says so, and asked again with the same calls',
    async (wire) => {
      await using store = createMemoryStore();
      using folder = createFolder(files);
      const reads = scriptedModel([...READS, { text: 'Done.' }]);
      await using server = await startProvider({
        wire,
        key: `sk-${wire}`,
        reply: (request) =>
          JSON.stringify(request.body).length > 150_000
            ? { status: 400, error: { code: 'context_length_exceeded', type: 'invalid_request_error' } }
            : reads(request),
      });
      const rig = rigOn({ store });
      const [result] = (await rig.run([{ route: routeOn(server, wire) }], { workspace: folder.path })).results;
      expect(result).toMatchObject({ status: 'completed', turns: 6, tool_calls: 5, cost: { complete: true } });
      expect(server.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400, 200, 200]);
    },
  );
});
