import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startProvider } from '../testing.ts';
import { startSide } from './test-host.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yardmaster-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LAB = { base_url: 'http://127.0.0.1:9/v1', auth: 'none', models: ['m1'] };

describe('a configuration that changes under a session', () => {
  test('a new route is told and shown; a change that changes no tool is not told (F9)', async () => {
    const config_file = join(folder, 'c.yaml');
    const write = (config: object): void => writeFileSync(config_file, JSON.stringify(config));
    write({ providers: { lab: LAB } });
    await using side = await startSide({ config_file, cwd: folder, env: { HOME: folder } });
    const host = await side.connect();
    let told = 0;
    host.client.setNotificationHandler('notifications/tools/list_changed', () => {
      told += 1;
    });
    const before = JSON.stringify(await host.client.listTools());
    expect(JSON.stringify(await host.client.listTools())).toBe(before);

    write({ providers: { lab: LAB }, delegation: { max_turns: 7 } });
    expect(JSON.stringify(await host.client.listTools())).toBe(before);

    write({
      providers: { lab: LAB },
      routes: { deep: { provider: 'lab', model: 'm1', description: 'hard questions' } },
    });
    await expect.poll(() => told).toBe(1);
    expect(JSON.stringify(await host.client.listTools())).toContain('deep: hard questions');
  });

  test('a broken one is told by the first call, and mended without a new session', async () => {
    const config_file = join(folder, 'c.yaml');
    writeFileSync(config_file, 'delegatoin: {}\n');
    await using provider = await startProvider({ wire: 'openai-chat', models: ['m1'], reply: { text: 'mended' } });
    await using side = await startSide({ config_file, cwd: folder, env: { HOME: folder } });
    const host = await side.connect();
    const { tools } = await host.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'delegate_task',
      'delegation_status',
      'list_routes',
      'explain_route',
    ]);
    const { text, is_error } = await host.call('delegate_task', { goal: 'Run under a broken file.' });
    expect(is_error).toBe(true);
    expect(text).toContain('c.yaml:1:1 delegatoin');

    writeFileSync(config_file, JSON.stringify({ model: 'lab/m1', providers: { lab: provider.config } }));
    const { data } = await host.call('delegate_task', { goal: 'Run under a mended file.' });
    expect(data.results).toMatchObject([{ summary: 'mended' }]);
  });

  test('children go on under the one they were started with', async () => {
    await using provider = await startProvider({
      wire: 'openai-chat',
      models: ['m1'],
      reply: { text: 'late', first_token_delay_ms: 300 },
    });
    const config_file = join(folder, 'c.yaml');
    const config = { model: 'lab/m1', providers: { lab: provider.config } };
    writeFileSync(config_file, JSON.stringify(config));
    await using side = await startSide({ config_file, cwd: folder, env: { HOME: folder } });
    const host = await side.connect();
    const { data } = await host.call('delegate_task', { goal: 'Go on while it changes.', background: true });
    writeFileSync(config_file, JSON.stringify({ ...config, delegation: { max_turns: 3 } }));
    const collected = await host.call('delegation_status', { action: 'wait', id: data.delegation_id });
    expect(collected.data.results).toMatchObject([{ status: 'completed', summary: 'late' }]);
  });
});
