import { describe, expect, test } from 'vitest';
import { type Reply, startProvider } from '../testing.ts';
import { startSide } from './test-host.ts';

async function startLab() {
  const provider = await startProvider({
    wire: 'openai-chat',
    key: 'sk-lab',
    models: ['m1'],
    reply: ({ texts }) => (texts[0]?.includes('hangs') ? { hang: true } : { text: `did: ${texts[0]?.slice(0, 20)}` }),
  });
  const side = await startSide({ config: { model: 'lab/m1', providers: { lab: provider.config } } });
  return {
    provider,
    side,
    async [Symbol.asyncDispose]() {
      await side[Symbol.asyncDispose]();
      await provider.close();
    },
  };
}

describe('delegation_status', () => {
  test('result gives those that have ended while others run, without collecting (F36)', async () => {
    await using lab = await startLab();
    const host = await lab.side.connect();
    const { data } = await host.call('delegate_task', {
      background: true,
      tasks: [{ goal: 'Answer this one at once.' }, { goal: 'Work on what hangs.' }],
    });
    const id = data.delegation_id;
    await expect
      .poll(async () => (await host.call('delegation_status', { action: 'result', id })).data.results)
      .toMatchObject([{ index: 0, status: 'completed' }]);
    expect((await host.call('delegation_status')).data.delegations).toMatchObject([
      { delegation_id: id, state: 'running', ended: 1 },
    ]);
    const waited = await host.call('delegation_status', { action: 'wait', id, wait_seconds: 0.05 });
    expect(waited.data).toMatchObject({ state: 'running', tasks: [{ status: 'completed' }, { status: 'running' }] });

    const stopped = await host.call('delegation_status', { action: 'stop', id });
    expect(stopped.data.tasks.map(({ status }: { status: string }) => status)).toEqual(['completed', 'cancelled']);
    const all = await host.call('delegation_status', { action: 'result', id });
    expect(all.data.results.map(({ status }: { status: string }) => status)).toEqual(['completed', 'cancelled']);
    expect((await host.call('delegation_status')).data.delegations).toEqual([]);
  });

  test('one child is shown whole by its own id', async () => {
    await using lab = await startLab();
    const host = await lab.side.connect();
    const { data } = await host.call('delegate_task', { goal: 'Answer this one at once.' });
    const { text } = await host.call('delegation_status', { action: 'result', id: data.results[0].id });
    expect(text).toBe('did: Answer this one at o');
  });

  test('status shows how children stand and collects nothing', async () => {
    await using lab = await startLab();
    const host = await lab.side.connect();
    const { data } = await host.call('delegate_task', { goal: 'Answer this one at once.', background: true });
    await expect
      .poll(async () => (await host.call('delegation_status', { id: data.delegation_id })).text)
      .toMatch(/^1 of 1 ended\.\n\[1\] t_\w+ · completed · lab\/m1 \(simulated\) · Answer this one at once\.$/);
    expect((await host.call('delegation_status')).data.delegations).toMatchObject([{ state: 'uncollected' }]);
  });

  test('a running child can be told something; one that has ended misses it', async () => {
    await using lab = await startLab();
    const host = await lab.side.connect();
    const { data } = await host.call('delegate_task', { goal: 'Work on what hangs.', background: true });
    const steered = await host.call('delegation_status', {
      action: 'steer',
      id: data.delegation_id,
      message: 'Look at b.',
    });
    expect(steered.data.steers).toMatchObject([{ state: 'queued' }]);
    await host.call('delegation_status', { action: 'stop', id: data.delegation_id });
    const late = await host.call('delegation_status', {
      action: 'steer',
      id: data.delegation_id,
      message: 'Look at c.',
    });
    expect(late.data.steers).toMatchObject([{ state: 'missed' }]);
  });

  test.each([
    ['an unknown id', { action: 'wait', id: 'd_nothing' }, 'NOT_FOUND'],
    ['an unknown action', { action: 'waite' }, 'REQUEST_INVALID'],
    ['an action without its id', { action: 'stop' }, 'REQUEST_INVALID'],
    ['a field of another action', { action: 'wait', id: 'd_x', message: 'hm' }, 'REQUEST_INVALID'],
    ['a wait that is no number', { action: 'wait', id: 'd_x', wait_seconds: 'long' }, 'REQUEST_INVALID'],
  ])('%s is refused', async (_, args, code) => {
    await using lab = await startLab();
    const host = await lab.side.connect();
    const { is_error, data } = await host.call('delegation_status', args);
    expect([is_error, data.error.code]).toEqual([true, code]);
  });
});

describe('list_routes', () => {
  test('has the default, the routes, and the models that fit', async () => {
    await using lab = await startLab();
    const host = await lab.side.connect();
    const all = await host.call('list_routes');
    expect(all.data).toMatchObject({
      default: { provider: 'lab', model: 'm1' },
      models: [{ provider: 'lab', model: 'm1', simulated: true }],
      left_out: 0,
    });
    expect(all.text).toBe('Default: lab/m1, when a task names nothing.\nlab/m1 (simulated), price unknown');
    expect((await host.call('list_routes', { query: 'nothing like it' })).data.models).toEqual([]);
    expect((await host.call('list_routes', { provider: 'labb' })).text).toContain('Did you mean lab?');
    expect((await host.call('list_routes', { limit: 0 })).is_error).toBe(true);
    expect((await host.call('list_routes', { queri: 'x' })).is_error).toBe(true);
  });

  test('says how each has fared, in any session, and asks nobody to find out', async () => {
    const refused: Record<string, Reply> = {
      bad: { status: 403 },
      later: { status: 429, headers: { 'retry-after': '3600' } },
    };
    const models = ['good', 'bad', 'later', 'new'];
    await using provider = await startProvider({
      wire: 'openai-chat',
      models,
      reply: ({ model }) => refused[model] ?? { text: 'fine' },
    });
    const routes = { r: { provider: 'lab', model: 'bad' } };
    await using side = await startSide({ config: { routes, providers: { lab: { ...provider.config, models } } } });
    const host = await side.connect();
    const tasks = ['good', 'bad', 'later'].map((model) => ({ goal: 'Show how it is today.', provider: 'lab', model }));
    await host.call('delegate_task', { tasks });
    const before = provider.requests.length;
    const { data, text } = await (await side.connect()).call('list_routes');
    expect(provider.requests).toHaveLength(before);
    const health = Object.fromEntries(
      data.models.map((one: { model: string; health: object }) => [one.model, one.health]),
    );
    expect(health).toMatchObject({
      good: { state: 'ok', ok_at: expect.any(Number) },
      bad: { state: 'failing', failure: 'permission' },
      later: { state: 'resting', resting_until: expect.any(Number) },
      new: { state: 'unknown' },
    });
    expect(data.routes).toMatchObject([{ name: 'r', health: { state: 'failing' } }]);
    expect(text).toMatch(/lab\/good .*, ok \d+ s ago$/m);
    expect(text).toMatch(/lab\/bad .*, failed \d+ s ago: permission$/m);
    expect(text).toMatch(/lab\/later .*, not to be asked for \d+m \d+s$/m);
    expect(text).toMatch(/lab\/new .*, price unknown$/m);
  });
});

describe('resources', () => {
  test('transcripts are the journal, and what is not there is an error of the protocol', async () => {
    await using lab = await startLab();
    const host = await lab.side.connect();
    const { data } = await host.call('delegate_task', { goal: 'Answer this one at once.' });
    const { resources } = await host.client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual([`yardmaster://task/${data.results[0].id}/result`]);
    const { contents } = await host.client.readResource({ uri: `yardmaster://task/${data.results[0].id}/transcript` });
    const kinds = (contents[0] as { text: string }).text.split('\n').map((line) => JSON.parse(line).kind);
    expect(kinds).toContain('answer');
    for (const uri of ['yardmaster://task/t_none/result', 'yardmaster://other', 'file:///etc/passwd']) {
      await expect(host.client.readResource({ uri })).rejects.toThrow();
    }
  });

  test('an unknown tool is an error of the protocol', async () => {
    await using lab = await startLab();
    const host = await lab.side.connect();
    await expect(host.call('delegate_taks')).rejects.toThrow(/There is no tool "delegate_taks"/);
  });
});
