import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DELEGATE_FIELDS, type FieldName } from '../src/core/call/delegate-fields.ts';
import { delegateTool } from '../src/core/call/delegate-schema.ts';
import { EFFORTS } from '../src/core/effort.ts';
import { DEFAULT_LIMITS } from '../src/core/settings.ts';
import {
  type CallAnswer,
  createYardmaster,
  DelegateError,
  type DelegationEvent,
  type DelegationResult,
  type Store,
  type TaskResult,
  type Yardmaster,
} from '../src/index.ts';
import { createMemoryStore, type Reply, type SeenRequest, startProvider } from '../src/testing.ts';
import { entryFor, keyOf, type Lab, NAMES, type Name, startLab, variableOf } from './lab.ts';
import { sandbox, until } from './sandbox.ts';

// Processes share the machine with everything else that is tested.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// Rows of the table of known failures of delegation (docs/failure-modes.md), end to end.

const GOAL = 'Say what this project is about.';
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** What a call led to: its answer or its refusal, and what was on the wire. */
interface Outcome {
  readonly answer?: CallAnswer;
  readonly error?: DelegateError;
  readonly requests: readonly SeenRequest[];
}

describe('every argument reaches the wire or the result, or is refused (F1)', () => {
  interface Proof {
    readonly value: unknown;
    /** What else the call has to say for it. */
    readonly beside?: object;
    /** Seen in the outcome, and differently without the argument. */
    readonly seen: (outcome: Outcome) => unknown;
    readonly as: unknown;
  }
  const first = ({ requests }: Outcome): SeenRequest | undefined => requests[0];
  const result = ({ answer }: Outcome): TaskResult | undefined =>
    answer?.kind === 'results' ? answer.results[0] : undefined;
  const saidTo = (text: string) => (outcome: Outcome) => first(outcome)?.body.includes(text);

  /** Typed by the table of arguments: a new one does not compile without its proof. */
  const PROOFS: Record<FieldName, Proof> = {
    goal: { value: 'Say which goal this is, if any.', seen: saidTo('which goal this is'), as: true },
    context: { value: 'It stands in the context alone.', seen: saidTo('in the context alone'), as: true },
    model: { value: 'chat-2', seen: (outcome) => first(outcome)?.model, as: 'chat-2' },
    provider: { value: 'responses', seen: (outcome) => first(outcome)?.wire, as: 'openai-responses' },
    reasoning_effort: { value: 'high', seen: (outcome) => first(outcome)?.effort, as: { reasoning_effort: 'high' } },
    route: { value: 'reviewer', seen: (outcome) => first(outcome)?.key, as: keyOf('messages') },
    output_schema: {
      value: { type: 'object', required: ['answer'] },
      seen: (outcome) => result(outcome)?.output,
      as: { answer: 42 },
    },
    images: { value: [`data:image/png;base64,${PIXEL}`], seen: saidTo(PIXEL), as: true },
    toolsets: { value: [], seen: (outcome) => first(outcome)?.tools.length, as: 0 },
    worktree: { value: true, seen: ({ error }) => error?.message.includes('"worktree"'), as: true },
    budget: { value: { tokens: 1 }, seen: (outcome) => result(outcome)?.status, as: 'denied' },
    timeout_seconds: {
      value: 0.05,
      beside: { goal: 'Take your time over this.' },
      seen: (outcome) => result(outcome)?.status,
      as: 'timeout',
    },
    action: { value: 'list', seen: ({ answer }) => answer?.kind, as: 'list' },
    id: {
      value: 'd_nobody',
      beside: { action: 'list' },
      seen: ({ error }) => error?.message.includes('"d_nobody"'),
      as: true,
    },
    message: {
      value: 'Also this.',
      beside: { action: 'steer', id: 'd_nobody' },
      seen: ({ error }) => error?.code,
      as: 'NOT_FOUND',
    },
    wait_seconds: {
      value: -1,
      beside: { action: 'wait', id: 'd_nobody' },
      seen: ({ error }) => error?.code,
      as: 'REQUEST_INVALID',
    },
    background: { value: true, seen: ({ answer }) => answer?.kind, as: 'handle' },
    dry_run: { value: true, seen: ({ answer }) => answer?.kind, as: 'explanation' },
  };

  const reply = ({ texts }: SeenRequest): Reply => ({
    text: '{"answer": 42}',
    ...(texts[0]?.includes('Take your time') ? { first_token_delay_ms: 300 } : {}),
  });
  const config = {
    model: 'chat/chat-1',
    routes: { reviewer: { provider: 'messages', model: 'messages-1' } },
  };

  const { parameters } = delegateTool({
    policy: { selection: 'open' },
    routes: new Map([['reviewer', { provider: 'messages', model: 'messages-1' }]]),
    limits: DEFAULT_LIMITS,
    toolsets: ['read'],
  }) as unknown as {
    parameters: { properties: Record<string, unknown> & { tasks: { items: { properties: object } } } };
  };
  const onTop = Object.keys(parameters.properties).filter((name) => name !== 'tasks') as FieldName[];
  const inTask = Object.keys(parameters.properties.tasks.items.properties) as FieldName[];

  async function outcomeOf(lab: Lab, yard: Yardmaster, args: object): Promise<Outcome> {
    for (const name of NAMES) lab.servers[name].reset();
    const outcome = await yard.call(args).then(
      (answer) => ({ answer }),
      (error: DelegateError) => ({ error }),
    );
    await yard.idle();
    return { ...outcome, requests: lab.requests() };
  }

  test('through the library, at the top level and in a task', async () => {
    const lab = await startLab(reply, { chat: ['chat-1', 'chat-2'] });
    using box = sandbox();
    const yard = await lab.open(config, { cwd: box.cwd });
    const places = [
      ...onTop.map((name) => ({ name, whole: (fields: object) => ({ goal: GOAL, ...fields }) })),
      ...inTask.map((name) => ({ name, whole: (fields: object) => ({ tasks: [{ goal: GOAL, ...fields }] }) })),
    ];
    expect(new Set(places.map(({ name }) => name))).toEqual(new Set(Object.keys(DELEGATE_FIELDS)));
    for (const { name, whole } of places) {
      const { value, beside = {}, seen, as } = PROOFS[name];
      const [withIt, withoutIt] = [{ ...beside, [name]: value }, beside].map((fields) =>
        // Control calls have no tasks.
        'action' in fields ? fields : whole(fields),
      ) as [object, object];
      const outcome = await outcomeOf(lab, yard, withIt);
      expect(seen(outcome), `${name}: ${JSON.stringify(outcome.error)}`).toEqual(as);
      expect(seen(await outcomeOf(lab, yard, withoutIt)), `without ${name}`).not.toEqual(as);
    }
  });

  test('through the command, from a file and from flags', async () => {
    const lab = await startLab(reply, { chat: ['chat-1', 'chat-2'] });
    using box = sandbox({ providers: lab.providers, ...config }, lab.env);
    const names = inTask.filter((name) => name !== 'worktree');
    const tasks = names.map((name) => {
      const { value, beside = {} } = PROOFS[name];
      const fields = { goal: GOAL, ...beside, [name]: value } as { goal: string };
      return { ...fields, goal: `${fields.goal} (task-${name})` };
    });
    const { stdout, stderr } = await box.run(['delegate', '-', '--json'], { stdin: JSON.stringify({ tasks }) });
    const answer = JSON.parse(stdout) as DelegationResult;
    expect(answer.results, stderr).toHaveLength(names.length);
    for (const [at, name] of names.entries()) {
      const requests = lab.requests().filter(({ texts }) => texts[0]?.includes(`(task-${name})`));
      const only = { kind: 'results', ...answer, results: [answer.results[at]!] } as const;
      expect(PROOFS[name].seen({ answer: only, requests }), name).toEqual(PROOFS[name].as);
    }

    for (const server of Object.values(lab.servers)) server.reset();
    const flags = [
      '--model',
      'chat-2',
      '--provider',
      'chat',
      '--reasoning-effort',
      'high',
      '--context',
      'In the context.',
    ];
    const ran = await box.run(['delegate', '-g', GOAL, ...flags, '--toolsets', '', '--json']);
    expect(ran.code, ran.stderr + ran.stdout).toBe(2);
    const again = await box.run(['delegate', '-g', GOAL, ...flags, '--toolsets', 'read', '--json']);
    expect(again.code, again.stderr + again.stdout).toBe(0);
    expect(lab.requests()).toMatchObject([
      { key: keyOf('chat'), model: 'chat-2', effort: { reasoning_effort: 'high' } },
    ]);
    expect(lab.requests()[0]!.body).toContain('In the context.');
    expect(lab.requests()[0]!.tools.map((tool) => tool.name)).toContain('read_file');
  });

  test('every optional argument at once succeeds: none forbids another in silence (F33)', async () => {
    const lab = await startLab(reply, { chat: [{ id: 'chat-2', vision: true }] });
    const yard = await lab.open(config);
    // A route fixes what model and provider say; blank, it says nothing. Control fields are null, as strict hosts send.
    const neutral: Partial<Record<FieldName, unknown>> = {
      provider: 'chat',
      route: '',
      budget: { tokens: 1_000_000 },
      timeout_seconds: 60,
      toolsets: ['read'],
      worktree: false,
      action: 'spawn',
      id: null,
      message: null,
      wait_seconds: null,
      background: false,
      dry_run: false,
    };
    const given = (name: FieldName): unknown => (name in neutral ? neutral[name] : PROOFS[name].value);
    const fields = (names: readonly FieldName[]): object =>
      Object.fromEntries(names.map((name) => [name, given(name)]));
    const top = fields(onTop.filter((name) => name !== 'goal'));
    for (const tasks of [[fields(inTask)], JSON.stringify([fields(inTask)])]) {
      const answer = await yard.call({ ...top, goal: '', tasks });
      expect(answer).toMatchObject({ kind: 'results', results: [{ status: 'completed', output: { answer: 42 } }] });
    }
  });
});

describe('routing', () => {
  test('a slow store delays the request, and the receipt is what the wire saw, not what was asked (F2)', async () => {
    const lab = await startLab({ text: 'I am chat-1.', served_model: 'chat-0' });
    const store = createMemoryStore();
    let stored = 0;
    let writes: Promise<unknown> = Promise.resolve();
    const slow = new Proxy(store, {
      get(target, name: keyof Store) {
        const method = target[name] as (...args: unknown[]) => Promise<unknown>;
        if (name !== 'create' && name !== 'claim' && name !== 'append' && name !== 'finish') return method;
        return (...args: unknown[]) => {
          const write = writes.then(async () => {
            await sleep(150);
            const done = await method.apply(target, args);
            if (name === 'create') stored = Date.now();
            return done;
          });
          writes = write.catch(() => {});
          return write;
        };
      },
    });
    const yard = await lab.open({ model: 'chat/chat-1' }, { store: slow });
    const { results } = await yard.delegate({ goal: GOAL });
    expect(lab.requests()[0]!.at).toBeGreaterThanOrEqual(stored);
    expect(results).toMatchObject([
      {
        status: 'failed',
        route: { resolved: { model: 'chat-1' }, served: { model: 'chat-0', verified: 'mismatch' } },
      },
    ]);
    expect((await store.tasks())[0]!.result).toEqual(results[0]);
  });

  test('with nothing configured nothing is chosen, not even with a key at hand: one clear error, nothing sent (F4)', async () => {
    using box = sandbox(undefined, {
      ANTHROPIC_API_KEY: 'sk-ant-canary-0123456789',
      OPENAI_API_KEY: 'sk-canary-0123456789',
    });
    const { code, stdout } = await box.run(['delegate', '-g', GOAL, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'MODEL_REQUIRED', hint: expect.stringMatching(/model/) },
    });
    expect(readdirSync(box.home)).toEqual([]);
  });

  // One field at the task, one at the call, in all nine ways; the parent is messages-1.
  const NINE: readonly [task: object, call: object, wire: string][] = [
    [{ model: 'shared' }, { model: 'chat-2' }, 'MODEL_AMBIGUOUS'],
    [{ model: 'shared' }, { provider: 'responses' }, 'responses/shared'],
    [{ model: 'shared' }, { provider: 'chat', model: 'chat-2' }, 'chat/shared'],
    [{ provider: 'responses' }, { model: 'responses-2' }, 'responses/responses-1'],
    [{ provider: 'responses' }, { provider: 'chat' }, 'responses/responses-1'],
    [{ provider: 'responses' }, { provider: 'chat', model: 'chat-2' }, 'responses/responses-1'],
    [{ provider: 'responses', model: 'responses-2' }, { model: 'chat-2' }, 'responses/responses-2'],
    [{ provider: 'responses', model: 'responses-2' }, { provider: 'chat' }, 'responses/responses-2'],
    [{ provider: 'responses', model: 'responses-2' }, { provider: 'chat', model: 'chat-2' }, 'responses/responses-2'],
  ];
  test.each(NINE)('a task that says %j in a call that says %j is sent to %s (F6)', async (task, call, expected) => {
    const lab = await startLab(undefined, {
      chat: ['chat-1', 'chat-2', 'shared'],
      responses: ['responses-1', 'responses-2', 'shared'],
    });
    const providers = { ...lab.providers, responses: { ...lab.providers.responses, default_model: 'responses-1' } };
    const yard = await lab.open({ model: 'messages/messages-1', providers });
    const answer = await yard
      .delegate({ tasks: [{ goal: GOAL, ...task }], ...call })
      .catch((error: DelegateError) => error);
    const sent = NAMES.flatMap((name) => lab.servers[name].requests.map(({ key, model }) => ({ name, key, model })));
    if (answer instanceof DelegateError) {
      expect({ code: answer.code, sent }).toEqual({ code: expected, sent: [] });
    } else {
      const [name, model] = expected.split('/') as [Name, string];
      expect(sent).toEqual([{ name, key: keyOf(name), model }]);
    }
  });

  const IDS = [
    'vendor/model-1',
    'model:free',
    'model[1m]',
    'model@2026-01-01',
    'a/b/c:d@e[f]',
    'Model_1.5+x~y',
    'модель',
  ];
  test.each(NAMES)('an id goes to the wire of %s as it was written, however it is asked for (F7)', async (name) => {
    const lab = await startLab(undefined, { [name]: IDS });
    const other = NAMES.find((each) => each !== name)!;
    const yard = await lab.open({ model: `${other}/${other}-1` });
    const asked = IDS.flatMap((id) => [
      { id, fields: { model: id } },
      { id, fields: { model: id, provider: name } },
      { id, fields: { model: `${name}/${id}` } },
      { id, fields: { model: `${id} --provider ${name}` } },
      { id, fields: { model: { provider: name, model: id } } },
    ]);
    const args: unknown = { tasks: asked.map(({ fields }, at) => ({ goal: `${GOAL} task-${at}`, ...fields })) };
    const { results } = await yard.delegate(args);
    const sent = new Map(
      lab.servers[name].requests.map(({ texts, model }) => [/task-(\d+)/.exec(texts[0]!)![1], model]),
    );
    expect(asked.map((_, at) => sent.get(String(at)))).toEqual(asked.map(({ id }) => id));
    expect(results.map(({ route }) => [route.sent?.model, route.served.verified])).toEqual(
      asked.map(({ id }) => [id, 'match']),
    );
  });

  test('no configuration is touched by batches side by side, one of them killed (F11)', async () => {
    const hanging = await startProvider({
      wire: 'openai-chat',
      reply: ({ texts }) => (texts[0]!.includes('hang') ? { hang: true } : { text: 'Done.' }),
    });
    onTestFinished(() => hanging.close());
    using box = sandbox({ model: 'lab/m', providers: { lab: { ...hanging.config, models: ['m'] } } });
    const state = () => [
      createHash('sha256').update(readFileSync(box.config_file)).digest('hex'),
      readdirSync(join(box.config_file, '..')),
      readdirSync(box.cwd),
    ];
    const before = state();
    const killed = box.start(['delegate', '-g', 'Now hang until somebody kills you.', '-m', 'm', '--provider', 'lab']);
    await until(() => hanging.requests.length === 1, 'the first one is under way');
    const other = box.run(['delegate', '-g', GOAL, '--reasoning-effort', 'high']);
    killed.process.kill('SIGKILL');
    expect((await other).code).toBe(0);
    await killed.ended;
    expect(state()).toEqual(before);
  });

  test('every surface names the model of each task, and spend is counted where it was spent (F12, F26)', async () => {
    const price = { in: 1, out: 1 };
    const lab = await startLab(undefined, {
      chat: [{ id: 'chat-1', price }],
      responses: [{ id: 'responses-1', price: { in: 10, out: 10 } }],
    });
    using box = sandbox({ model: 'chat/chat-1', providers: lab.providers }, lab.env);
    const tasks = [{ goal: GOAL }, { goal: GOAL, provider: 'responses' }, { goal: GOAL, provider: 'messages' }];
    const run = await box.run(['delegate', '-'], { stdin: JSON.stringify({ tasks }) });
    const id = /d_\w+/.exec(run.stdout)![0];
    const [status, logs, jobs, result, cost] = await Promise.all(
      [['status', id], ['logs', id], ['jobs'], ['result', id], ['cost', '--json']].map((args) => box.run(args)),
    );
    const labels = NAMES.map((name) => `${name}/${name}-1`);
    for (const text of [run.stderr, run.stdout, status!.stdout, logs!.stderr, jobs!.stdout, result!.stdout]) {
      expect(labels.filter((label) => !text.includes(label))).toEqual([]);
    }
    const shown = run.stdout.split('\n').filter((line) => line.includes(' route '));
    expect(shown.map((line) => labels.find((label) => line.includes(label)))).toEqual(labels);
    const { groups } = JSON.parse(cost!.stdout) as {
      groups: { name: string; usage: { input: number; output: number }; cost: { usd: number; complete: boolean } }[];
    };
    const spent = new Map(groups.map((group) => [group.name.split(' ')[0], group]));
    const million = (label: string): number => spent.get(label)!.usage.input + spent.get(label)!.usage.output;
    expect(spent.get('chat/chat-1')!.cost).toEqual({
      usd: expect.closeTo(million('chat/chat-1') / 1e6, 9),
      complete: true,
    });
    expect(spent.get('responses/responses-1')!.cost).toEqual({
      usd: expect.closeTo(million('responses/responses-1') / 1e5, 9),
      complete: true,
    });
    expect(spent.get('messages/messages-1')!.cost).toEqual({ usd: 0, complete: false });
  });
});

describe('fallback and errors', () => {
  test('a task pinned to a route that is refused for ever asks nobody else (F14)', async () => {
    const lab = await startLab();
    const reply = { status: 429, headers: { 'retry-after': '0' } };
    const limited = await startProvider({ wire: 'openai-chat', key: keyOf('limited'), reply });
    onTestFinished(() => limited.close());
    const providers = { ...lab.providers, limited: entryFor(limited, { name: 'limited', models: ['pinned'] }) };
    const yard = await lab.open(
      {
        model: 'chat/chat-1',
        delegation: { fallback: [{ provider: 'responses' }, { provider: 'messages' }] },
        providers,
      },
      { env: { ...lab.env, LIMITED_KEY: keyOf('limited') } },
    );
    const { results } = await yard.delegate({ tasks: [{ goal: GOAL, provider: 'limited' }] });
    expect(results).toMatchObject([{ status: 'failed', error: { class: 'rate_limit' }, route: { hops: [] } }]);
    expect(limited.requests.length).toBeGreaterThan(1);
    expect(lab.requests()).toEqual([]);
  });

  test('along the chain, every hop is one route: address, key, wire, limits and effort together (F16, F17)', async () => {
    const reasoning = ['low', 'high'];
    const lab = await startLab(
      ({ wire }) =>
        wire === 'anthropic-messages'
          ? { text: 'Done at last.' }
          : { status: wire === 'openai-chat' ? 402 : 429, error: { code: 'insufficient_quota' } },
      {
        chat: [{ id: 'chat-1', reasoning, max_output: 1_111 }],
        responses: [{ id: 'responses-1', reasoning: ['low'], max_output: 2_222 }],
        messages: [{ id: 'messages-1', reasoning, effort_dialect: 'output_config', max_output: 3_333 }],
      },
    );
    const yard = await lab.open({
      routes: {
        long: {
          provider: 'chat',
          model: 'chat-1',
          reasoning_effort: 'high',
          fallback: [
            { provider: 'responses', model: 'responses-1' },
            { provider: 'messages', model: 'messages-1' },
          ],
        },
      },
    });
    const { results } = await yard.delegate({ goal: GOAL, route: 'long' });
    const seen = lab.requests().map(({ wire, authority, key, model, effort, json }) => {
      const { max_tokens, max_output_tokens } = json as { max_tokens?: number; max_output_tokens?: number };
      return { wire, authority, key, model, effort, cap: max_tokens ?? max_output_tokens };
    });
    expect(seen).toEqual([
      { ...at('chat', 'openai-chat'), effort: { reasoning_effort: 'high' }, cap: undefined },
      { ...at('responses', 'openai-responses'), effort: { reasoning: { effort: 'low' } }, cap: undefined },
      {
        ...at('messages', 'anthropic-messages'),
        effort: { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
        cap: 3_333,
      },
    ]);
    expect(results).toMatchObject([
      {
        status: 'completed',
        route: {
          hops: [
            { from: 'chat/chat-1', to: 'responses/responses-1', because: 'quota' },
            { from: 'responses/responses-1', to: 'messages/messages-1', because: 'quota' },
          ],
          sent: { model: 'messages-1' },
          served: { model: 'messages-1', verified: 'match' },
        },
      },
    ]);

    function at(name: Name, wire: string): object {
      return { wire, authority: lab.servers[name].authority, key: keyOf(name), model: `${name}-1` };
    }
  });

  /** What a provider can answer instead of an answer; `words` are its own, which must not be lost. */
  const BAD: readonly [what: string, reply: Reply, words?: string][] = [
    ...[400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 524, 529].map((status): [string, Reply, string] => [
      `status ${status}`,
      { status, body: { error: { message: `The words of ${status}.` } } },
      `The words of ${status}.`,
    ]),
    ['an error inside the stream', { error: { message: 'Half way it broke.' } }, 'Half way it broke.'],
    ['a connection that breaks', { text: 'one two three four', cut_after_events: 1 }],
    ['a stream that ends early', { text: 'one two three four', cut_after_events: 2, end_early: true }],
    ['nothing at all', { raw: '' }],
    ['an empty answer', { text: '' }],
    [
      'a page',
      { headers: { 'content-type': 'text/html' }, raw: '<html><body>Please log in</body></html>' },
      'Please log in',
    ],
    ['a JSON document of something else', { headers: { 'content-type': 'application/json' }, raw: '{"ok":true}' }],
    ['an answer cut at the output limit', { text: 'It goes on and', stop: 'length' }],
    ['a refusal', { text: '', stop: 'refusal' }],
  ];
  test('on no wire is an error, an empty answer or a page ever completed, and its cause is shown (F20, F23)', async () => {
    const lab = await startLab(({ texts }) => BAD[Number(/bad-(\d+)/.exec(texts[0]!)![1])]![1]);
    const yard = await lab.open({ delegation: { max_concurrent_children: 100 } });
    // In one call, so that they wait for each other's retries together.
    const asked = NAMES.flatMap((provider) => BAD.map((_, n) => ({ provider, goal: `${GOAL} bad-${n}` })));
    const { results } = await yard.delegate({ tasks: asked });
    for (const [at, { provider }] of asked.entries()) {
      const [told, , words] = BAD[at % BAD.length]!;
      const what = `${provider}: ${told}`;
      const { status, error, usage } = results[at]!;
      expect(status, what).not.toBe('completed');
      expect(error?.message, what).toBeTruthy();
      if (words !== undefined) expect(error?.upstream, what).toContain(words);
      if (usage.output === 0 && status !== 'partial') expect(['failed', 'timeout'], what).toContain(status);
    }
  });
});

describe('credentials', () => {
  test('endpoints of one kind keep their own keys, and one without a key stops all before anything is sent (F24, F25)', async () => {
    const names = ['one', 'two', 'three'];
    const servers = await Promise.all(
      names.map((name) => startProvider({ wire: 'openai-chat', key: keyOf(name), models: ['same'] })),
    );
    onTestFinished(async () => {
      for (const server of servers) await server.close();
    });
    const config = {
      providers: Object.fromEntries(
        names.map((name, at) => [name, entryFor(servers[at]!, { name, models: ['same'] })]),
      ),
    };
    const env = Object.fromEntries(names.map((name) => [variableOf(name), keyOf(name)]));
    const tasks = names.map((provider) => ({ goal: GOAL, provider }));

    const { TWO_KEY: _, ...rest } = env;
    await using less = await createYardmaster({
      config,
      env: { ...rest, OPENAI_API_KEY: keyOf('openai') },
      store: createMemoryStore(),
    });
    await expect(less.delegate({ tasks })).rejects.toMatchObject({
      code: 'CREDENTIAL_MISSING',
      issues: [{ path: 'tasks[1].provider', hint: expect.stringContaining('TWO_KEY') }],
    });
    expect(servers.flatMap(({ requests }) => requests)).toEqual([]);

    await using yard = await createYardmaster({ config, env, store: createMemoryStore() });
    const { results } = await yard.delegate({ tasks });
    expect(results.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    expect(servers.map(({ requests }) => requests.map(({ key, authority }) => [key, authority]))).toEqual(
      names.map((name, at) => [[keyOf(name), servers[at]!.authority]]),
    );
  });

  test('no key is in any output, event, transcript, error or byte of the store, whoever says it (F28)', async () => {
    // A provider knows the key it was sent, and may put it anywhere.
    const lab = await startLab(({ texts, turn, key = 'none' }) => {
      const goal = texts[0]!;
      if (goal.includes('fail')) {
        const headers = { 'x-echo': key, 'x-request-id': key };
        return { status: 400, body: { error: { message: `Bad key ${key}`, code: key } }, headers };
      }
      if (goal.includes('break')) return { text: `my key is ${key}`, error: { message: key, code: key } };
      if (goal.includes('read') && turn === 0) {
        return {
          text: key,
          tool_calls: [
            { name: 'read_file', arguments: { path: 'leak.txt', [key]: key }, id: key },
            { name: key, arguments: {} },
            { name: 'read_file', arguments: { path: 'leak.txt' } },
          ],
        };
      }
      return {
        text: `The key is ${key}.`,
        reasoning: `It was ${key}`,
        served_model: goal.includes('lie') ? key : null,
        request_id: key,
      };
    });
    const tasks = NAMES.flatMap((provider) =>
      ['fail', 'break', 'read', 'lie'].map((what) => ({ goal: `Please ${what} as told.`, provider })),
    );
    using box = sandbox(
      { model: 'chat/chat-1', providers: lab.providers, delegation: { max_summary_chars: 60 } },
      lab.env,
    );
    box.write('leak.txt', `a file that somebody left: ${NAMES.map(keyOf).join(' ')}\n`);

    const seen: string[] = [];
    const events: DelegationEvent[] = [];
    {
      await using yard = await createYardmaster({ cwd: box.cwd, env: box.env });
      const result = await yard.delegate({ tasks }, { on: (event) => events.push(event) });
      seen.push(JSON.stringify(result));
      seen.push(JSON.stringify(await yard.explain({ tasks })));
      seen.push(JSON.stringify(events));
      const refused = await yard
        .delegate({ goal: 'todo', model: keyOf('chat'), provider: keyOf('messages') })
        .catch((error: unknown) => error);
      seen.push(JSON.stringify(refused), String(refused));
    }
    const run = await box.run(['delegate', '-'], { stdin: JSON.stringify({ tasks }) });
    const id = /d_\w+/.exec(run.stdout)![0];
    const others = [
      ['status', id, '--json'],
      ['result', id],
      ['logs', id],
      ['logs', id, '--json'],
      ['doctor'],
      ['providers', '--json'],
      ['config', 'get'],
      ['explain', '--json'],
    ];
    for (const { stdout, stderr } of [run, ...(await Promise.all(others.map((args) => box.run(args))))])
      seen.push(stdout, stderr);
    for (const entry of readdirSync(box.home, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) seen.push(readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    }
    expect(lab.requests().length).toBeGreaterThan(2 * tasks.length);
    expect(seen.join('').length).toBeGreaterThan(50_000);
    expect(seen.map(whereCanary).filter((text) => text !== undefined)).toEqual([]);
    // What the wire saw is another matter: there each key was, and only its own.
    for (const name of NAMES)
      expect(new Set(lab.servers[name].requests.map(({ key }) => key))).toEqual(new Set([keyOf(name)]));
  });

  function whereCanary(text: string): string | undefined {
    const at = text.indexOf('-canary-');
    return at < 0 ? undefined : text.slice(Math.max(0, at - 120), at + 60);
  }
});

describe('parameters', () => {
  /** Asked → what a model with low and high gets. */
  const LEVELS: Record<(typeof EFFORTS)[number], string> = {
    none: 'low',
    minimal: 'low',
    low: 'low',
    medium: 'low',
    high: 'high',
    xhigh: 'high',
    max: 'high',
  };
  const written: Record<Name, (level: string) => object> = {
    chat: (level) => ({ reasoning_effort: level }),
    responses: (level) => ({ reasoning: { effort: level } }),
    messages: (level) => ({ thinking: { type: 'adaptive' }, output_config: { effort: level } }),
  };

  test.each(NAMES)('%s: each level as the model takes it, and the receipt says what was sent (F29)', async (name) => {
    const dialect = name === 'messages' ? { effort_dialect: 'output_config' } : {};
    const lab = await startLab(undefined, {
      [name]: [
        { id: 'some', reasoning: ['low', 'high'], ...dialect },
        { id: 'none', reasoning: [], ...dialect },
      ],
    });
    const yard = await lab.open({});
    const tasks = ['some', 'none'].flatMap((model) =>
      EFFORTS.map((effort) => ({
        goal: `${GOAL} ${model}-${effort}.`,
        provider: name,
        model,
        reasoning_effort: effort,
      })),
    );
    const { results } = await yard.delegate({ tasks });
    for (const [at, { model, reasoning_effort }] of tasks.entries()) {
      const request = lab.requests().find(({ texts }) => texts[0]!.includes(`${model}-${reasoning_effort}.`))!;
      const level = LEVELS[reasoning_effort];
      expect(request.effort, `${model} ${reasoning_effort}`).toEqual(model === 'none' ? null : written[name](level));
      const { sent, notes } = results[at]!.route;
      expect(sent?.reasoning).toEqual(request.effort);
      expect(notes.some((note) => note.includes(`"${reasoning_effort}"`))).toBe(
        model === 'none' ? reasoning_effort !== 'none' : level !== reasoning_effort,
      );
    }
  });

  test('nothing set means nothing on the wire, whatever the parent has (F29, F30)', async () => {
    const lab = await startLab(undefined, { chat: [{ id: 'chat-1', reasoning: ['low', 'high'] }] });
    const yard = await lab.open({ model: { provider: 'chat', model: 'chat-1', reasoning_effort: 'high' } });
    const { results } = await yard.delegate({
      tasks: [{ goal: GOAL, provider: 'responses' }, { goal: GOAL, provider: 'messages' }, { goal: GOAL }],
    });
    expect(
      lab
        .requests()
        .map(({ wire, effort }) => [wire, effort])
        .sort(),
    ).toEqual([
      ['anthropic-messages', null],
      ['openai-chat', { reasoning_effort: 'high' }],
      ['openai-responses', null],
    ]);
    expect(results.map(({ route }) => route.sent?.reasoning)).toEqual([null, null, { reasoning_effort: 'high' }]);
  });
});
