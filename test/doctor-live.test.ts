import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import width from 'string-width';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createYardmaster, type Yardmaster } from '../src/index.ts';
import { createMemoryStore, type ProviderServer, type ProviderServerOptions, startProvider } from '../src/testing.ts';
import { sandbox, until } from './sandbox.ts';

const KEY = 'sk-canary-0123456789abcdef';

async function provider(options: Partial<ProviderServerOptions> = {}): Promise<ProviderServer> {
  const server = await startProvider({ wire: 'openai-chat', key: KEY, ...options });
  onTestFinished(() => server.close());
  return server;
}

const entry = ({ wire, base_url }: Pick<ProviderServer, 'wire' | 'base_url'>, models: readonly unknown[]): object => ({
  wire,
  base_url,
  key_env: 'LAB_KEY',
  models,
  simulated: true,
});

async function yardmaster(config: object): Promise<Yardmaster> {
  const yard = await createYardmaster({ env: { LAB_KEY: KEY }, store: createMemoryStore(), config });
  onTestFinished(() => yard[Symbol.asyncDispose]());
  return yard;
}

/** The only route there is, on `lab`. */
async function health(
  server: Pick<ProviderServer, 'wire' | 'base_url'>,
  { model = {}, ...config }: Record<string, object> = {},
) {
  const yard = await yardmaster({
    model: { provider: 'lab', model: 'm-1', ...(config.route ?? {}) },
    providers: { lab: entry(server, [{ id: 'm-1', price: { in: 1, out: 2 }, ...model }]) },
    ...(config.delegation && { delegation: config.delegation }),
  });
  const { routes } = await yard.probe();
  expect(routes).toHaveLength(1);
  return routes[0]!;
}

/** Answers every request as told, after it was read. */
async function raw(
  answer: (respond: import('node:http').ServerResponse) => void,
): Promise<{ wire: 'openai-chat'; base_url: string }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(response));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { wire: 'openai-chat', base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
}

describe('a route asked for its health', () => {
  test.each(['openai-chat', 'openai-responses', 'anthropic-messages'] as const)(
    'that answers as asked is healthy, on %s, for a few tokens, with one tool on offer',
    async (wire) => {
      const server = await provider({ wire, reply: { text: 'ok', usage: { input: 60, output: 2 } } });
      expect(await health(server)).toMatchObject({
        used_by: ['parent', 'children', 'provider lab'],
        healthy: true,
        key: 'accepted',
        served: { model: 'm-1', verified: 'match' },
        tools: 'accepted',
        effort: 'not_asked',
        requests: 1,
        cost: { usd: expect.closeTo(64e-6, 9), complete: true },
      });
      const [request] = server.requests;
      expect(request?.tools).toHaveLength(1);
      const { max_tokens, max_completion_tokens, max_output_tokens } = request!.json as Record<string, number>;
      expect(max_tokens ?? max_completion_tokens ?? max_output_tokens).toBe(16);
    },
  );

  test('with an effort sends it, and says that it was taken', async () => {
    const server = await provider();
    const route = { reasoning_effort: 'high' };
    expect(await health(server, { route })).toMatchObject({ healthy: true, effort: 'accepted' });
    expect(server.requests[0]?.effort).toEqual({ reasoning_effort: 'high' });
  });

  test('with an effort that needs room to think gets the room', async () => {
    const server = await provider({ wire: 'anthropic-messages' });
    const found = await health(server, {
      route: { reasoning_effort: 'low' },
      model: { effort_dialect: 'budget_tokens' },
    });
    expect(found).toMatchObject({ healthy: true, effort: 'accepted', requests: 2 });
  });

  test('whose model takes no tools by the configuration is offered none', async () => {
    const server = await provider();
    expect(await health(server, { model: { tools: false } })).toMatchObject({ healthy: true, tools: 'not_offered' });
    expect(server.requests[0]?.tools).toEqual([]);
  });

  test('with another key than the provider wants', async () => {
    const found = await health(await provider({ key: 'another-key' }));
    expect(found).toMatchObject({ healthy: false, key: 'refused', error: { class: 'auth' }, requests: 1 });
    expect(found.error?.hint).not.toBe('');
  });

  test('for a model that is not there', async () => {
    const found = await health(await provider({ models: ['other'] }));
    expect(found).toMatchObject({ healthy: false, tools: 'unknown', error: { class: 'model_not_found' } });
  });

  test('for a model that refuses tools is told so, after one more request without', async () => {
    const message = 'This model does not support tools.';
    const server = await provider({
      reply: ({ tools }) => (tools.length > 0 ? { status: 400, error: { message } } : { text: 'ok' }),
    });
    const found = await health(server, { route: { reasoning_effort: 'low' } });
    expect(found).toMatchObject({ healthy: false, key: 'accepted', tools: 'refused', effort: 'accepted', requests: 2 });
    expect(found.error?.message).toContain('offered a tool');
  });

  test('for a model that refuses the effort is told so', async () => {
    const server = await provider({
      reply: ({ effort }) => (effort === null ? { text: 'ok' } : { status: 400, error: { message: 'No such level.' } }),
    });
    const found = await health(server, { route: { reasoning_effort: 'low' } });
    expect(found).toMatchObject({ healthy: false, tools: 'accepted', effort: 'refused', requests: 3 });
  });

  test('that leaves an effort out because the provider names it is not healthy either', async () => {
    const server = await provider({
      reply: ({ effort }) =>
        effort === null
          ? { text: 'ok' }
          : { status: 400, error: { message: 'x', code: 'unsupported_parameter', param: 'reasoning_effort' } },
    });
    const found = await health(server, { route: { reasoning_effort: 'low' } });
    expect(found).toMatchObject({ healthy: false, tools: 'accepted', effort: 'refused' });
  });

  test('that another model answers', async () => {
    const found = await health(await provider({ reply: { text: 'ok', served_model: 'cheaper-0' } }));
    expect(found).toMatchObject({
      healthy: false,
      served: { model: 'cheaper-0', verified: 'mismatch' },
      error: { code: 'SERVED_MISMATCH' },
    });
  });

  test('whose provider names no model is healthy, and unreported', async () => {
    const found = await health(await provider({ reply: { text: 'ok', served_model: null } }));
    expect(found).toMatchObject({ healthy: true, served: { verified: 'unreported' } });
  });

  test('whose usage nobody tells costs what is not known, never nothing', async () => {
    const found = await health(await provider({ reply: { text: 'ok', usage: null } }));
    expect(found.cost).toEqual({ usd: 0, complete: false });
  });

  test('to a server that is gone', async () => {
    const server = await provider();
    await server.close();
    expect(await health(server)).toMatchObject({ healthy: false, error: { class: 'network' } });
  });

  test('to a server that hangs ends in its time', async () => {
    const server = await provider({ reply: { hang: true } });
    const found = await health(server, { delegation: { first_token_timeout_seconds: 0.2 } });
    expect(found).toMatchObject({ healthy: false, error: { code: 'TIMEOUT' }, cost: { complete: false } });
  });

  test('to a server that begins and never ends, too', async () => {
    const server = await provider({ reply: { text: 'so much to say', hang: 'after-first' } });
    const found = await health(server, { delegation: { first_token_timeout_seconds: 0.2 } });
    expect(found).toMatchObject({ healthy: false, error: { code: 'TIMEOUT' } });
  });

  test('to something that answers with a page', async () => {
    const page = await raw((response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>');
    });
    expect(await health(page)).toMatchObject({ healthy: false, error: { class: 'protocol' } });
  });

  test('never holds a key in what is told of it', async () => {
    const echo = await raw((response) => {
      response.writeHead(401, { 'content-type': 'application/json' }).end(`{"error":{"message":"bad key ${KEY}"}}`);
    });
    expect(JSON.stringify(await health(echo))).not.toContain('canary');
  });
});

test('every configured route is asked once: the same provider, model, key and effort for whoever uses it', async () => {
  const server = await provider();
  const yard = await yardmaster({
    model: 'lab/a',
    providers: { lab: { ...entry(server, ['a', 'b', 'c']), default_model: 'b' } },
    delegation: { model: 'b', fallback: ['lab/a'] },
    routes: {
      deep: { provider: 'lab', model: 'a', reasoning_effort: 'high', fallback: [{ provider: 'lab', model: 'c' }] },
      wide: { provider: 'lab', model: 'b' },
    },
  });
  const { routes, undecided } = await yard.probe();
  expect(undecided).toEqual([]);
  expect(routes.map(({ route, used_by }) => [route.model, route.reasoning_effort, used_by])).toEqual([
    ['a', undefined, ['parent', 'fallback 1 of children']],
    ['b', undefined, ['children', 'route wide', 'provider lab']],
    ['a', 'high', ['route deep']],
    ['c', 'high', ['fallback 1 of route deep']],
  ]);
  expect(server.requests).toHaveLength(4);
});

test('a route that cannot be decided and a provider without a default are told, and nothing is asked of them', async () => {
  const server = await provider();
  const yard = await yardmaster({
    providers: { lab: entry(server, ['a', 'b']) },
    routes: { deep: { provider: 'lab', model: 'zz' } },
  });
  const { routes, undecided, skipped } = await yard.probe();
  expect(routes).toEqual([]);
  expect(undecided.map(({ used_by, issues }) => [used_by, issues[0]?.code])).toEqual([['route deep', 'MODEL_UNKNOWN']]);
  expect(skipped.map(({ used_by, issues }) => [used_by, issues[0]?.code])).toEqual([
    ['provider lab', 'MODEL_REQUIRED'],
  ]);
});

test('requests keep to the limits of their account and to the budget of the day', async () => {
  const server = await provider({ reply: { text: 'ok', usage: { input: 1000, output: 10 } } });
  const config = (daily_usd: number): object => ({
    model: 'lab/a',
    providers: {
      lab: {
        ...entry(
          server,
          ['a', 'b', 'c'].map((id) => ({ id, price: { in: 1, out: 1 } })),
        ),
        max_in_flight: 1,
      },
    },
    routes: { two: { provider: 'lab', model: 'b' }, three: { provider: 'lab', model: 'c' } },
    budgets: { daily_usd },
  });
  const yard = await yardmaster(config(1));
  expect((await yard.probe()).routes.every(({ healthy }) => healthy)).toBe(true);
  expect(server.max_in_flight).toBe(1);
  expect((await yard.spentToday())?.used).toBeCloseTo(0.00303, 6);

  const poor = await yardmaster(config(0.000001));
  server.reset();
  const { routes } = await poor.probe();
  expect(routes.map(({ error }) => error?.code)).toEqual(['BUDGET_EXCEEDED', 'BUDGET_EXCEEDED', 'BUDGET_EXCEEDED']);
  expect(server.requests).toEqual([]);
});

describe('yardmaster doctor --live', () => {
  const config = (good: ProviderServer, bad?: ProviderServer): object => ({
    model: 'good/m-1',
    providers: {
      good: entry(good, [{ id: 'm-1', price: { in: 1, out: 2 } }]),
      ...(bad && { bad: entry(bad, ['m-2']) }),
    },
  });

  test('exits with 0 when all is healthy; without --live nothing is asked', async () => {
    const good = await provider();
    using box = sandbox(config(good), { LAB_KEY: KEY });
    expect((await box.run(['doctor'])).code).toBe(0);
    expect(good.requests).toEqual([]);
    const { code, stdout } = await box.run(['doctor', '--live']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/✔ +good\/m-1 simulated +as asked/);
    expect(stdout).toContain('1 of 1 route healthy · 1 request');
    expect(good.requests).toHaveLength(1);
  });

  test('exits with 1 when one is not, says which and what to do; --json holds the same', async () => {
    const good = await provider();
    const bad = await provider({ key: 'another' });
    using box = sandbox(config(good, bad), { LAB_KEY: KEY });
    const [text, json] = [await box.run(['doctor', '--live']), await box.run(['doctor', '--live', '--json'])];
    expect([text.code, json.code]).toEqual([1, 1]);
    expect(text.stdout).toMatch(/✘ bad\/m-2 \(simulated\) \(provider bad\) PROVIDER_FAILED/);
    expect(text.stdout).toContain('→ Check the key');
    const document = JSON.parse(json.stdout);
    expect(document).toMatchObject({
      ok: false,
      live: { routes: [{ healthy: true }, { healthy: false, key: 'refused' }] },
    });
    expect(document.live.cost).toMatchObject({ complete: expect.any(Boolean) });
    for (const said of [text, json]) expect(said.stdout + said.stderr).not.toContain('canary');
  });

  test('exits with 2 when the configuration is refused, and asks nothing', async () => {
    const good = await provider();
    using box = sandbox({ ...config(good), nonsense: 1 }, { LAB_KEY: KEY });
    const { code } = await box.run(['doctor', '--live']);
    expect(code).toBe(2);
    expect(good.requests).toEqual([]);
  });

  test('interrupted it ends at once, with 130 and what it knows by then', async () => {
    const good = await provider({ reply: { hang: true } });
    using box = sandbox(config(good), { LAB_KEY: KEY });
    const running = box.start(['doctor', '--live', '--json']);
    await until(() => good.requests.length > 0, 'the route is asked');
    running.process.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout).live.routes).toMatchObject([{ healthy: false, error: { code: 'CANCELLED' } }]);
  });

  test.each([50, 80, 120])('has no line wider than a terminal of %i columns', async (columns) => {
    using box = sandbox(config(await provider(), await provider({ key: 'another' })), { LAB_KEY: KEY });
    const { stdout } = await box.run(['doctor', '--live'], { columns });
    // Above it stand the checks, whose paths are never cut.
    const shown = stdout.slice(stdout.indexOf('\n\n'));
    expect(Math.max(...shown.split('\n').map((line) => width(line)))).toBeLessThanOrEqual(columns);
    expect(shown).toContain('simulated');
  });
});
