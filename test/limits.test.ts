import { describe, expect, onTestFinished, test } from 'vitest';
import { createYardmaster, type DelegationEvent, type DelegationResult, type Yardmaster } from '../src/index.ts';
import { createMemoryStore, type ProviderServer, type ReplyFor, scriptedModel, startProvider } from '../src/testing.ts';
import { endLeases, runningTasks, type Sandbox, sandbox, until } from './sandbox.ts';

const CHEAP = { input: 1_000, output: 100 };
const PRICED = { id: 'm', price: { in: 1, out: 10 }, max_output: 1_000 };

const tasks = (count: number): { goal: string }[] =>
  Array.from({ length: count }, (_, i) => ({ goal: `Look into part-${i} of it.` }));

/** An account that bears so many requests at once and refuses the rest. */
function bearing(most: number, server: () => ProviderServer, ms = 10): ReplyFor {
  return async (request) => {
    if (server().in_flight > most) return { status: 429 };
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { text: `Done: ${request.texts.at(-1)?.slice(0, 40)}`, usage: { input: 1_000, output: 100 } };
  };
}

async function serve(reply: (server: () => ProviderServer) => ReplyFor): Promise<ProviderServer> {
  const server: ProviderServer = await startProvider({
    wire: 'openai-chat',
    key: 'sk-lab',
    reply: reply(() => server),
  });
  onTestFinished(() => server.close());
  return server;
}

const configOf = (server: ProviderServer, limits: object, more: object = {}): object => ({
  model: 'lab/m',
  providers: { lab: { ...server.config, models: [PRICED], ...limits } },
  ...more,
});

async function open(config: object): Promise<Yardmaster> {
  const yard = await createYardmaster({ env: {}, store: createMemoryStore(), config });
  onTestFinished(() => yard[Symbol.asyncDispose]());
  return yard;
}

const statuses = ({ results }: DelegationResult): string[] => results.map(({ status }) => status);

describe('an account with limits', () => {
  test('twelve tasks where one request may be in flight: never two at once, no 429 (F46)', async () => {
    const server = await serve((self) => bearing(1, self));
    const yard = await open(configOf(server, { max_in_flight: 1 }, { delegation: { max_concurrent_children: 12 } }));
    const events: DelegationEvent[] = [];
    const result = await yard.delegate({ tasks: tasks(12) }, { on: (event) => events.push(event) });
    expect(statuses(result)).toEqual(Array(12).fill('completed'));
    expect(server.max_in_flight).toBe(1);
    expect(server.requests.map(({ status }) => status)).toEqual(Array(12).fill(200));
    const waits = events.filter((event) => event.type === 'waiting');
    expect(waits.filter(({ state }) => state === 'begun')).toHaveLength(11);
    expect(waits.filter(({ state }) => state === 'over')).toHaveLength(11);
    expect(new Set(waits.map(({ reason }) => reason))).toEqual(new Set(['rate']));
  });

  test('holds for several calls of a process together, and batches take turns', async () => {
    const server = await serve((self) => bearing(1, self));
    const yard = await open(configOf(server, { max_in_flight: 1 }, { delegation: { max_concurrent_children: 12 } }));
    const ended: string[] = [];
    const run = (batch: string): Promise<DelegationResult> =>
      yard.delegate({ tasks: tasks(5) }, { on: (event) => void (event.type === 'task-end' && ended.push(batch)) });
    await Promise.all(['a', 'b'].map(run));
    expect(server.max_in_flight).toBe(1);
    // Whoever comes second is not served last.
    expect(ended.slice(0, 8).filter((batch) => batch === 'b').length).toBeGreaterThanOrEqual(3);
  });

  test('waiting for it does not count as waiting for the first token', async () => {
    const server = await serve((self) => bearing(1, self, 120));
    const limits = { first_token_timeout_seconds: 0.3, max_concurrent_children: 12 };
    const yard = await open(configOf(server, { max_in_flight: 1 }, { delegation: limits }));
    expect(statuses(await yard.delegate({ tasks: tasks(5) }))).toEqual(Array(5).fill('completed'));
  });

  test('is shared by processes on one store, and each gets its turn (F46)', async () => {
    const server = await serve((self) => bearing(2, self, 40));
    using box = sandbox(configOf(server, { max_in_flight: 2 }, { delegation: { max_concurrent_children: 12 } }));
    const ran = await Promise.all([0, 1].map(() => delegate(box, 8)));
    expect(ran.flatMap(statuses)).toEqual(Array(16).fill('completed'));
    expect(server.max_in_flight).toBeLessThanOrEqual(2);
    expect(server.requests.every(({ status }) => status === 200)).toBe(true);
  });
});

describe('an account that says no', () => {
  test('one account bears one, nobody has said so: requests stay bounded, and all end (F46)', async () => {
    const server = await serve((self) => bearing(1, self));
    const yard = await open(configOf(server, {}, { delegation: { max_concurrent_children: 12 } }));
    const result = await yard.delegate({ tasks: tasks(12) });
    expect(result.results.every(({ status }) => status === 'completed' || status === 'failed')).toBe(true);
    expect(server.requests.length).toBeLessThanOrEqual(4 * 12);
    expect(statuses(result).filter((status) => status === 'completed').length).toBeGreaterThan(8);
  }, 60_000);

  test('its Retry-After holds the siblings, too (F46)', async () => {
    let refused = 0;
    const server = await serve(() => ({ index }) => {
      if (index > 0) return { text: 'Done.' };
      refused = Date.now();
      return { status: 429, headers: { 'retry-after': '1' } };
    });
    const yard = await open(configOf(server, {}));
    const first = yard.delegate({ tasks: tasks(1) });
    await until(() => refused > 0, 'the first is refused');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await yard.delegate({ tasks: tasks(3) });
    await first;
    expect(server.requests.slice(1).every(({ at }) => at - refused >= 950)).toBe(true);
  });

  test('a wait that nobody waits for ends those who would ask the same, without a request', async () => {
    const server = await serve(() => () => ({ status: 429, headers: { 'retry-after': '3600' } }));
    const yard = await open(configOf(server, {}));
    await yard.delegate({ tasks: tasks(1) });
    const { results } = await yard.delegate({ tasks: tasks(3) });
    expect(results.map(({ error }) => error?.class)).toEqual(Array(3).fill('rate_limit'));
    expect(results[0]?.error?.message).toContain('was not asked');
    expect(results[0]?.cost).toEqual({ usd: 0, complete: true });
    expect(server.requests).toHaveLength(1);
  });
});

describe('a daily budget', () => {
  test('holds over calls and processes; the child it ends says so with its numbers (F51)', async () => {
    const server = await serve(() => scriptedModel([{ text: 'Done.', usage: CHEAP }]));
    // Each request costs 0.002 and may cost about 0.011.
    using box = sandbox(configOf(server, {}, { budgets: { daily_usd: 0.014 } }));
    const results = [];
    for (let i = 0; i < 4; i++) results.push(...(await delegate(box, 1)).results);
    expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed', 'completed']);
    while (results.at(-1)?.status === 'completed') results.push(...(await delegate(box, 1)).results);
    expect(results.at(-1)).toMatchObject({
      status: 'denied',
      exit_reason: 'budget',
      error: { code: 'BUDGET_EXCEEDED', budget: { of: 'day', kind: 'usd', limit: 0.014, set_aside: 0 } },
    });
    const { budget } = results.at(-1)!.error!;
    expect(budget!.used).toBeCloseTo(0.002 * (results.length - 1), 9);
    const cost = JSON.parse((await box.run(['cost', '--json'])).stdout);
    expect(cost.today).toMatchObject({ used: budget!.used, held: 0, limit: 0.014 });
    expect((await box.run(['cost'])).stdout).toMatch(/today \(UTC\): \$0\.0\d+ of the daily budget of \$0\.014/);
  }, 60_000);

  test('calls at the same time in several processes do not pass it together (F51)', async () => {
    const server = await serve(() => async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return { text: 'Done.', usage: { input: 1_000, output: 1_000 } };
    });
    using box = sandbox(configOf(server, {}, { budgets: { daily_usd: 0.033 }, delegation: { toolsets: [] } }));
    const ran = await Promise.all([0, 1, 2].map(() => delegate(box, 2)));
    const cost = ran.reduce((sum, result) => sum + result.cost.usd, 0);
    expect(cost).toBeLessThanOrEqual(0.033);
    expect(ran.flatMap(statuses).filter((status) => status === 'completed').length).toBeGreaterThanOrEqual(2);
    expect(ran.flatMap(statuses)).toContain('denied');
  }, 60_000);
});

describe('a process that was killed', () => {
  test('gives back the place of its request once its lease ends (F39)', async () => {
    const server = await serve((self) => (request) => {
      if (request.index === 0) return { hang: true };
      return bearing(1, self)(request);
    });
    using box = sandbox(configOf(server, { max_in_flight: 1 }));
    const doomed = box.start(['delegate', '--goal', 'Wait for nothing.']);
    await until(() => server.requests.length === 1, 'the request arrives');
    doomed.process.kill('SIGKILL');
    await doomed.ended;
    const run = delegate(box, 1);
    await until(() => runningTasks(box) === 2, 'the next one has started');
    expect(server.requests).toHaveLength(1);
    endLeases(box);
    const [result] = (await run).results;
    expect(result?.status).toBe('completed');
    expect(server.requests).toHaveLength(2);
  }, 60_000);

  test('gives back the budget it had set aside, and not what it spent (F39, F51)', async () => {
    const server = await serve(() => ({ texts, turn }) => {
      if (!texts[0]?.includes('for ever')) return { text: 'Done.', usage: CHEAP };
      if (turn > 0) return { hang: true };
      return { text: 'Looking.', tool_calls: [{ name: 'list_files', arguments: { path: '.' } }], usage: CHEAP };
    });
    using box = sandbox(configOf(server, {}, { budgets: { daily_usd: 0.02 } }));
    const doomed = box.start(['delegate', '--goal', 'Look for ever.']);
    await until(() => server.requests.length === 2, 'its second request arrives');
    doomed.process.kill('SIGKILL');
    await doomed.ended;
    const { today } = JSON.parse((await box.run(['cost', '--json'])).stdout);
    expect(today.used).toBeCloseTo(0.002, 9);
    expect(today.held).toBeGreaterThan(0.01);
    // It waits for what the dead one holds, and does not take it for spent.
    const run = delegate(box, 1);
    await until(() => runningTasks(box) === 2, 'the next one has started');
    expect(server.requests).toHaveLength(2);
    endLeases(box);
    const [result] = (await run).results;
    expect(result?.status).toBe('completed');
    expect(JSON.parse((await box.run(['cost', '--json'])).stdout).today).toMatchObject({ held: 0 });
  }, 60_000);
});

async function delegate(box: Sandbox, count: number): Promise<DelegationResult> {
  const { stdout, stderr } = await box.run(['delegate', '-', '--json'], {
    stdin: JSON.stringify({ tasks: tasks(count) }),
  });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`The command said no result: ${stdout} ${stderr}`);
  }
}
