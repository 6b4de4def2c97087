import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProviderServer, readerModel, startProvider } from '../testing.ts';
import { type Side, startSide } from './test-host.ts';
import { startHttpSide } from './test-http-host.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
  for (const name of ['one', 'two']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, `only-in-${name}.txt`), name);
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rootOf = (name: string): string => pathToFileURL(join(folder, name)).href;
const GOAL = { goal: 'Say which files there are.' };

function lab(): Promise<ProviderServer> {
  return startProvider({ wire: 'openai-chat', models: ['m1'], reply: readerModel() });
}

function startIn(provider: ProviderServer): Promise<Side> {
  return startSide({ cwd: join(folder, 'one'), config: { model: 'lab/m1', providers: { lab: provider.config } } });
}

describe('a host that declares roots', () => {
  test('has children work in the first that is a folder here, and in another once it says so', async () => {
    await using provider = await lab();
    await using side = await startIn(provider);
    let roots = [rootOf('nowhere'), rootOf('two'), rootOf('one')];
    const host = await side.connect('roots-host', { roots: () => roots });
    const seen = async (): Promise<string> => (await host.call('delegate_task', GOAL)).data.results[0].summary;
    expect(await seen()).toContain('only-in-two.txt');
    roots = [rootOf('one')];
    expect(await seen()).toContain('only-in-two.txt');
    await host.client.sendRootsListChanged();
    await expect.poll(seen).toContain('only-in-one.txt');
  });

  test.each([
    ['names none', () => []],
    ['names none that is a folder here', () => ['file:///no/such/folder', 'nonsense']],
    [
      'fails to say',
      () => {
        throw new Error('No.');
      },
    ],
  ])('and %s has them work where the server was started', async (_, roots) => {
    await using provider = await lab();
    await using side = await startIn(provider);
    const host = await side.connect('roots-host', { roots });
    expect((await host.call('delegate_task', GOAL)).data.results[0].summary).toContain('only-in-one.txt');
  });

  test('over HTTP, each session has its own', async () => {
    await using provider = await lab();
    await using side = await startHttpSide({ model: 'lab/m1', providers: { lab: provider.config } });
    const summaries = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const client = await side.connect('legacy', { capabilities: { roots: {} } });
        client.setRequestHandler('roots/list', () => ({ roots: [{ uri: rootOf(name) }] }));
        const { structuredContent } = await client.callTool({ name: 'delegate_task', arguments: GOAL });
        await client.close();
        return (structuredContent as { results: { summary: string }[] }).results[0]?.summary;
      }),
    );
    expect(summaries[0]).toContain('only-in-one.txt');
    expect(summaries[1]).toContain('only-in-two.txt');
  });
});
