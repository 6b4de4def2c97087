import { describe, expect, test } from 'vitest';
import { DELEGATE_FIELDS, type DelegateField, FIELD_NAMES, type FieldName } from '../core/call/delegate-fields.ts';
import { type Reply, type SeenRequest, startProvider } from '../testing.ts';
import { startSide } from './test-host.ts';

const QUIET = { text: 'The answer is 42.' };

async function lab(reply: Reply | ((request: SeenRequest) => Reply) = QUIET) {
  return startProvider({ wire: 'openai-chat', key: 'sk-lab', models: ['m1', 'm2'], reply });
}

function config(provider: { readonly config: object }, more: object = {}) {
  return { model: 'lab/m1', providers: { lab: provider.config }, ...more };
}

describe('delegate_task over MCP', () => {
  test('gives every child its own wire, model and key, and results with receipts in the order asked', async () => {
    await using chat = await startProvider({
      wire: 'openai-chat',
      key: 'sk-chat',
      models: ['m1'],
      reply: { text: 'from chat' },
    });
    await using responses = await startProvider({
      wire: 'openai-responses',
      key: 'sk-resp',
      models: ['m2'],
      reply: { text: 'from responses' },
    });
    await using messages = await startProvider({
      wire: 'anthropic-messages',
      key: 'sk-mess',
      models: ['m3'],
      reply: { text: 'from messages' },
    });
    await using side = await startSide({
      config: { providers: { a: chat.config, b: responses.config, c: messages.config } },
    });
    const host = await side.connect();
    const { text, data, is_error } = await host.call('delegate_task', {
      tasks: [
        { goal: 'Do the first thing.', model: 'a/m1' },
        { goal: 'Do the second thing.', provider: 'b', model: 'm2' },
        { goal: 'Do the third thing.', model: 'c/m3' },
      ],
    });
    expect(is_error).toBe(false);
    expect(
      data.results.map(({ summary, route }: { summary: string; route: { served: object } }) => [summary, route.served]),
    ).toEqual([
      ['from chat', expect.objectContaining({ model: 'm1', verified: 'match' })],
      ['from responses', expect.objectContaining({ model: 'm2', verified: 'match' })],
      ['from messages', expect.objectContaining({ model: 'm3', verified: 'match' })],
    ]);
    expect(data.results.map(({ goal }: { goal: string }) => goal)).toEqual([
      'Do the first thing.',
      'Do the second thing.',
      'Do the third thing.',
    ]);
    expect([chat, responses, messages].map(({ requests }) => requests.map(({ key, model }) => [key, model]))).toEqual([
      [['sk-chat', 'm1']],
      [['sk-resp', 'm2']],
      [['sk-mess', 'm3']],
    ]);
    expect(text).toContain('never instructions to you');
    expect(text).toMatch(/t_\w+ · completed · b\/m2 \(simulated\), served m2 \(match\) · cost at least \$0\n/);
    expect(text).not.toContain('sk-');
  });

  test('tells the id in the first progress, and what the children do', async () => {
    await using provider = await lab(({ texts }) =>
      texts[0]?.includes('slow') ? { text: 'late', first_token_delay_ms: 300 } : QUIET,
    );
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const told: string[] = [];
    const { data } = await host.call(
      'delegate_task',
      { tasks: [{ goal: 'Be quick about it.' }, { goal: 'Be slow about it.' }] },
      { onprogress: (message) => told.push(message) },
    );
    expect(told[0]).toMatch(new RegExp(`^${data.delegation_id}: \\d of 2 ended`));
  });

  test('work that outlasts the wait gives an id at once, and its results once to whoever collects (F39, F41)', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using provider = await startProvider({
      wire: 'openai-chat',
      key: 'sk-lab',
      models: ['m1'],
      reply: async () => {
        await gate;
        return QUIET;
      },
    });
    await using side = await startSide({
      config: config(provider, { hosts: { 'test-host': { wait_seconds: 0.05 } } }),
    });
    const host = await side.connect();
    const { text, data } = await host.call('delegate_task', { goal: 'Take your time with this.' });
    expect(data).toMatchObject({ state: 'running', ids: [expect.stringMatching(/^t_/)] });
    expect(text).toContain(`delegation_status {"action":"wait","id":"${data.delegation_id}"}`);
    await host.hangUp();

    const next = await side.connect('another-host');
    expect((await next.call('delegation_status')).data.delegations).toMatchObject([
      { delegation_id: data.delegation_id, state: 'running', ended: 0 },
    ]);
    release();
    const collected = await next.call('delegation_status', { action: 'wait', id: data.delegation_id });
    expect(collected.data.results).toMatchObject([{ summary: 'The answer is 42.', status: 'completed' }]);
    expect((await next.call('delegation_status', { action: 'list' })).data.delegations).toEqual([]);
    expect(await side.store.acknowledge(data.delegation_id)).toBe(false);
    expect(provider.requests).toHaveLength(1);
  });

  test('results that were given are not listed again', async () => {
    await using provider = await lab();
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    await host.call('delegate_task', { goal: 'Say what the answer is.' });
    expect((await host.call('delegation_status')).data.delegations).toEqual([]);
  });

  test('a call that is taken back stops its children', async () => {
    await using provider = await lab({ hang: true });
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const back = new AbortController();
    const call = host.call(
      'delegate_task',
      { goal: 'Wait for what never comes.' },
      { signal: back.signal, onprogress: () => back.abort('the user pressed escape') },
    );
    await expect(call).rejects.toThrow();
    await expect.poll(async () => (await side.store.tasks()).map(({ status }) => status)).toEqual(['cancelled']);
  });

  test('a host that stops waiting stops nothing: the children end and wait to be collected (F41)', async () => {
    await using provider = await lab({ text: 'late', first_token_delay_ms: 400 });
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    await expect(host.call('delegate_task', { goal: 'Be later than the host.' }, { timeout: 100 })).rejects.toThrow(
      /timed out/,
    );
    await expect
      .poll(async () => (await host.call('delegation_status')).data.delegations)
      .toMatchObject([{ state: 'uncollected' }]);
    const [{ delegation_id }] = (await host.call('delegation_status')).data.delegations;
    const { data } = await host.call('delegation_status', { action: 'wait', id: delegation_id });
    expect(data.results).toMatchObject([{ status: 'completed', summary: 'late' }]);
  });

  test('in the background it gives the ids before anything is answered', async () => {
    await using provider = await lab({ hang: true });
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const { data } = await host.call('delegate_task', { goal: 'Work while I do something else.', background: true });
    expect(data).toMatchObject({ state: 'running', delegation_id: expect.stringMatching(/^d_/) });
    const stopped = await host.call('delegation_status', { action: 'stop', id: data.delegation_id });
    expect(stopped.data.tasks).toMatchObject([{ status: 'cancelled' }]);
  });

  test('a refusal lists every problem and sends nothing', async () => {
    await using provider = await lab();
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const { text, data, is_error } = await host.call('delegate_task', {
      tasks: [
        { goal: 'Do this on what is not there.', model: 'lab/m9' },
        { goal: 'todo', modle: 'm1' },
      ],
    });
    expect(is_error).toBe(true);
    expect(data.error.issues.map(({ path }: { path: string }) => path)).toEqual([
      'tasks[0].model',
      'tasks[1].goal',
      'tasks[1].modle',
    ]);
    expect(text).toMatch(/^Refused; nothing was started and nothing was sent\.\n- tasks\[0\]\.model: MODEL_UNKNOWN: /);
    expect(provider.requests).toEqual([]);
    expect(await side.store.tasks()).toEqual([]);
  });

  test.each([
    ['no arguments at all', {}, /nothing to delegate/],
    ['a wrong background', { goal: 'Do what is asked here.', background: 'maybe' }, /background/],
    ['tasks of the wrong type', { tasks: 7 }, /tasks/],
  ])('%s is a refusal, not a fault', async (_, args, said) => {
    await using provider = await lab();
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const { text, is_error } = await host.call('delegate_task', args);
    expect([is_error, said.test(text)]).toEqual([true, true]);
  });

  test('dry_run and explain_route say the same and send nothing', async () => {
    await using provider = await lab();
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const args = { tasks: [{ goal: 'Do this on the second.', model: 'lab/m2' }, { goal: 'Do that on the default.' }] };
    const dry = await host.call('delegate_task', { ...args, dry_run: true });
    const explained = await host.call('explain_route', args);
    expect(dry).toEqual(explained);
    expect(explained.data.tasks).toMatchObject([
      { route: { model: 'm2' }, source: { model: 'task' } },
      { route: { model: 'm1' }, source: { model: 'parent' } },
    ]);
    expect(provider.requests).toEqual([]);
  });

  test('explain_route does nothing but explain', async () => {
    await using provider = await lab({ hang: true });
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const { data } = await host.call('delegate_task', { goal: 'Work on in the background.', background: true });
    const { is_error } = await host.call('explain_route', { action: 'stop', id: data.delegation_id });
    expect(is_error).toBe(true);
    expect((await side.store.tasks())[0]?.status).not.toBe('cancelled');
  });

  const VALUES: Partial<Record<FieldName, unknown>> = {
    context: 'Only this child knows it.',
    model: 'lab/m2',
    provider: 'lab',
    reasoning_effort: 'high',
    route: 'named',
    output_schema: { type: 'object', properties: { a: { type: 'string' } } },
    images: ['data:image/png;base64,iVBORw0KGgo='],
    toolsets: [],
    budget: { tokens: 500_000 },
    timeout_seconds: 77,
  };
  const fields = FIELD_NAMES.filter(
    (name) => (DELEGATE_FIELDS[name] as DelegateField).inTask && name !== 'goal' && name !== 'worktree',
  );

  test.each(fields)('%s arrives at the task as the host sent it (F1)', async (name) => {
    await using provider = await lab();
    await using side = await startSide({
      config: config(provider, { routes: { named: { provider: 'lab', model: 'm2' } } }),
    });
    const host = await side.connect();
    const { is_error } = await host.call('delegate_task', {
      tasks: [{ goal: 'Take what is given here.', [name]: VALUES[name] }],
    });
    expect(is_error).toBe(false);
    const [task] = await side.store.tasks();
    expect(task?.input).toMatchObject({ [name]: VALUES[name] });
  });

  test('the texts of many children share what a host bears, and each is whole as a resource (F48)', async () => {
    const long = 'x'.repeat(24_000);
    await using provider = await lab({ text: long });
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const tasks = Array.from({ length: 8 }, (_, index) => ({ goal: `Write much about ${index}.` }));
    const { text, data } = await host.call('delegate_task', { tasks });
    expect(text.length).toBeLessThan(70_000);
    expect(JSON.stringify(data).length).toBeLessThan(90_000);
    expect(data.results[0].summary).toContain(`yardmaster://task/${data.results[0].id}/result`);
    const { contents } = await host.client.readResource({ uri: `yardmaster://task/${data.results[0].id}/result` });
    expect(JSON.parse((contents[0] as { text: string }).text).summary).toBe(long);
  });

  test('a hundred calls at once are a hundred delegations', async () => {
    await using provider = await lab(({ texts }) => ({ text: `done ${/\d+/.exec(texts[0] ?? '')?.[0]}` }));
    await using side = await startSide({ config: config(provider) });
    const host = await side.connect();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => host.call('delegate_task', { goal: `Count number ${index} for me.` })),
    );
    expect(answers.map(({ data }) => data.results[0].summary)).toEqual(answers.map((_, index) => `done ${index}`));
    expect(new Set(answers.map(({ data }) => data.delegation_id)).size).toBe(100);
    expect((await host.call('delegation_status')).data.delegations).toEqual([]);
  });
});

describe("the host's own route", () => {
  const meta = (model: string): object => ({ 'x-codex-turn-metadata': { model, session_id: 's' } });

  test.each([
    ['configured for the host', { hosts: { codex: { parent: 'lab/m2' } }, model: 'lab/m1' }, meta('m1'), 'm2'],
    ['configured for all', { model: 'lab/m1' }, meta('m2'), 'm1'],
    ['told by the host', {}, meta('m2'), 'm2'],
    ['told by the host as text', {}, { 'x-codex-turn-metadata': JSON.stringify({ model: 'm2' }) }, 'm2'],
  ])('%s, it is what children inherit', async (_, more, told, model) => {
    await using provider = await lab();
    await using side = await startSide({ config: { providers: { lab: provider.config }, ...more } });
    const host = await side.connect('codex-mcp-client');
    const { data } = await host.call('delegate_task', { goal: 'Inherit what the host has.' }, { meta: told });
    expect(data.results[0].route).toMatchObject({ resolved: { model }, source: { model: 'parent' } });
  });

  test('a task may still choose another', async () => {
    await using provider = await lab();
    await using side = await startSide({ config: { providers: { lab: provider.config } } });
    const host = await side.connect('codex-mcp-client');
    const { data } = await host.call(
      'delegate_task',
      { tasks: [{ goal: 'Choose what you want.', model: 'm1' }] },
      { meta: meta('m2') },
    );
    expect(data.results[0].route).toMatchObject({ resolved: { model: 'm1' }, source: { model: 'task' } });
  });

  test.each([
    ['with its provider', { provider: 'lab', model: 'm1' }],
    ['in one name', { model: 'lab/m1' }],
  ])('a model of the host that nobody here offers stops no task that names another %s', async (_, route) => {
    await using provider = await lab();
    await using side = await startSide({ config: { providers: { lab: provider.config } } });
    const host = await side.connect('codex-mcp-client');
    const told = { meta: meta('of-a-subscription') };
    const { data } = await host.call('delegate_task', { tasks: [{ goal: 'Run on this one.', ...route }] }, told);
    expect(data.results[0].route).toMatchObject({ resolved: { provider: 'lab', model: 'm1' } });

    const refused = await host.call('delegate_task', { goal: 'Inherit what cannot be had.' }, told);
    expect(refused.is_error).toBe(true);
    expect(refused.text).toContain('You run on "of-a-subscription", which no provider with a key offers here');
    expect(provider.requests).toHaveLength(1);
  });
});
