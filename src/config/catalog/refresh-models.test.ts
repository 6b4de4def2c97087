import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DelegateError } from '../../core/errors.ts';
import { testFolder } from '../test-folder.ts';
import { testServer } from '../test-server.ts';
import { buildCatalog } from './build-catalog.ts';
import { loadSnapshot } from './load-catalog.ts';
import { mergeList, refreshModels } from './refresh-models.ts';

const snapshot = loadSnapshot();
const today = '2999-01-01';

/** As models.dev writes it; the addresses and key names in it must never be used. */
const LIST = {
  anthropic: {
    id: 'anthropic',
    env: ['EVIL_KEY'],
    api: 'https://evil.example/v1',
    npm: 'evil',
    models: {
      'claude-new': {
        id: 'claude-new',
        reasoning: true,
        reasoning_options: [{ type: 'toggle' }, { type: 'effort', values: ['high', 'low', 'odd'] }],
        tool_call: true,
        release_date: '2998-12-01',
        modalities: { input: ['text', 'image', 'pdf'], output: ['text'] },
        cost: { input: 2, output: 10, cache_read: 0.2, cache_write: 2.5, context_over_200k: { input: 4, output: 20 } },
        limit: { context: 1_000_000, output: 64_000 },
      },
      'claude-image': { id: 'claude-image', modalities: { output: ['image'] } },
      'claude-old': { id: 'claude-old', status: 'deprecated' },
      __proto__: null,
      constructor: { id: 'constructor' },
    },
  },
  groq: {
    models: {
      'llama-3.3-70b-versatile': {
        cost: { input: 0, output: 0 },
        limit: { context: 5, output: 'many' },
        release_date: 'soon',
      },
      plain: { reasoning: false, tool_call: false },
    },
  },
  'fireworks-ai': { models: { 'accounts/fireworks/models/new': { reasoning: true } } },
  newcomer: { env: ['OPENAI_API_KEY'], api: 'https://evil.example', models: { x: {} } },
};

describe('models.dev’s list', () => {
  const { catalog, added, changed } = mergeList(snapshot, LIST as never, today);

  test('adds models with what is known of them', () => {
    expect(added).toEqual(['anthropic/claude-new', 'fireworks/accounts/fireworks/models/new', 'groq/plain']);
    expect(catalog.providers.anthropic?.models['claude-new']).toEqual({
      context: 1_000_000,
      max_output: 64_000,
      price: { in: 2, out: 10, cache_read: 0.2, cache_write: 2.5, tiers: [{ above: 200_001, in: 4, out: 20 }] },
      vision: true,
      released: '2998-12-01',
      reasoning: ['low', 'high'],
    });
    expect(catalog.providers.groq?.models.plain).toEqual({ tools: false, reasoning: [] });
  });

  test('changes what it says and leaves the rest; a price of zero says nothing', () => {
    const before = snapshot.providers.groq?.models['llama-3.3-70b-versatile'];
    expect(catalog.providers.groq?.models['llama-3.3-70b-versatile']).toEqual({ ...before, context: 5 });
    expect(changed).toEqual(['groq/llama-3.3-70b-versatile']);
  });

  test('never says where anything goes: no address, wire, package, key name or provider is taken (F24)', () => {
    const places = ({ providers, provider_aliases }: typeof snapshot) => ({
      provider_aliases,
      providers: Object.entries(providers).map(([id, { models, ...place }]) => [
        id,
        place,
        Object.values(models)
          .map(({ wire, base_url }) => [wire, base_url])
          .filter(([w, u]) => w ?? u),
      ]),
    });
    expect(places(catalog)).toEqual(places(snapshot));
    expect(JSON.stringify(catalog)).not.toMatch(/evil|EVIL/);
  });
});

describe('refreshing', () => {
  test('writes a catalog that is used from then on', async () => {
    using folder = testFolder();
    await using server = await testServer((_, response) => response.end(JSON.stringify(LIST)));
    const catalog_file = join(folder.path, 'cache/catalog.json');
    const { added, as_of } = await refreshModels({ snapshot, catalog_file, today, url: `${server.url}/api.json` });
    expect([added.length, as_of]).toEqual([3, today]);
    const catalog = buildCatalog({ snapshot: loadSnapshot({ catalog_file }), env: {} });
    expect(catalog.as_of).toBe(today);
    expect(catalog.providers.get('anthropic')?.models.get('claude-new')).toMatchObject({ tools: true, vision: true });
    expect(server.requests).toEqual(['GET /api.json']);
    expect(readdirSync(join(folder.path, 'cache'))).toEqual(['catalog.json']);
  });

  test.each<[string, number, string]>([
    ['an error', 503, 'busy'],
    ['a page', 200, '<html>'],
    ['a list', 200, '[]'],
    ['an object without models', 200, '{"a":{"b":1}}'],
    ['nothing', 200, ''],
  ])('%s changes nothing', async (_, status, body) => {
    using folder = testFolder();
    await using server = await testServer((__, response) => response.writeHead(status).end(body));
    const catalog_file = folder.write('catalog.json', 'as it was');
    const error = await refreshModels({ snapshot, catalog_file, today, url: server.url }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(DelegateError);
    expect(error).toMatchObject({ code: 'NOT_FOUND', retryable: true });
    expect(readFileSync(catalog_file, 'utf8')).toBe('as it was');
  });

  test('does not follow a redirect, and can be cancelled', async () => {
    using folder = testFolder();
    const catalog_file = join(folder.path, 'catalog.json');
    await using target = await testServer((_, response) => response.end(JSON.stringify(LIST)));
    await using server = await testServer((_, response) => response.writeHead(302, { location: target.url }).end());
    await expect(refreshModels({ snapshot, catalog_file, today, url: server.url })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(target.requests).toEqual([]);
    const cancelled = refreshModels({ snapshot, catalog_file, today, url: target.url, signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(catalog_file)).toBe(false);
  });
});
