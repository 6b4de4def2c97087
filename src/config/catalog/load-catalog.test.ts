import { describe, expect, test } from 'vitest';
import { EFFORTS } from '../../core/effort.ts';
import { WIRES } from '../../core/route.ts';
import { testFolder } from '../test-folder.ts';
import { buildCatalog } from './build-catalog.ts';
import { loadSnapshot } from './load-catalog.ts';

const snapshot = loadSnapshot();
const catalog = buildCatalog({ snapshot, env: {} });
const models = [...catalog.providers.values()].flatMap((provider) =>
  [...provider.models.values()].map((model) => ({ provider, model, label: `${provider.id}/${model.id}` })),
);
const labels = (found: typeof models): string[] => found.map(({ label }) => label);

describe('the shipped catalog', () => {
  test('has a day, a source and its licence', () => {
    expect(catalog.as_of).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(snapshot.notice).toMatch(/pi-ai \d+\.\d+\.\d+ \(MIT, Copyright/);
    expect(models.length).toBeGreaterThan(1000);
  });

  test('is sorted, so that a diff tells what changed', () => {
    for (const record of [snapshot.providers, snapshot.families, snapshot.provider_aliases]) {
      expect(Object.keys(record)).toEqual(Object.keys(record).sort());
    }
    for (const { models: listed } of Object.values(snapshot.providers)) {
      // Keys that look like numbers would come first whatever the file says.
      expect(Object.keys(listed)).toEqual(Object.keys(listed).sort());
    }
  });

  test('a key variable belongs to one provider (F24)', () => {
    const owners = Object.entries(snapshot.providers).flatMap(([id, { key_env }]) => key_env.map((name) => [name, id]));
    expect(new Set(owners.map(([name]) => name)).size).toBe(owners.length);
  });

  test('every model is at its provider’s authority, where the key belongs (F16)', () => {
    expect(
      labels(
        models.filter(({ provider, model }) => {
          const origin = (url: string) => /^https?:\/\/[^/]+/.exec(url)?.[0];
          return model.base_url !== undefined && origin(model.base_url) !== origin(provider.base_url);
        }),
      ),
    ).toEqual([]);
  });

  test('only local servers are reached without https, and only they have no key', () => {
    for (const provider of catalog.providers.values()) {
      const local = provider.tags?.includes('local') === true;
      expect([provider.id, provider.base_url.startsWith('http://127.0.0.1:')]).toEqual([provider.id, local]);
      expect([provider.id, provider.credential.kind === 'none']).toEqual([provider.id, local]);
      expect([provider.id, provider.key_env.length > 0]).toEqual([provider.id, !local]);
    }
  });

  test('aliases and families name what exists, and no alias hides a provider', () => {
    for (const [alias, id] of catalog.provider_aliases) {
      expect([alias, catalog.providers.has(id), catalog.providers.has(alias)]).toEqual([alias, true, false]);
      expect(alias).toBe(alias.toLowerCase());
    }
    for (const [name, { vendors, tokens }] of catalog.families) {
      expect([name, vendors.filter((id) => !catalog.providers.has(id))]).toEqual([name, []]);
      expect(tokens.length).toBeGreaterThan(0);
    }
    for (const { id, default_family } of catalog.providers.values()) {
      expect([id, default_family === undefined || catalog.families.has(default_family)]).toEqual([id, true]);
    }
  });

  test('prices are above zero, or the id says that the model is free; an unknown price is absent', () => {
    expect(
      labels(
        models.filter(({ model }) => {
          const { in: input, out } = model.price ?? {};
          const free = /(^|[-:/])free$/.test(model.id);
          if (model.price === undefined) return free;
          return free
            ? input !== 0 || out !== 0
            : input === undefined || out === undefined || input < 0 || out < 0 || input + out === 0;
        }),
      ),
    ).toEqual([]);
  });

  test('tiers ascend, and cost at least what the base costs', () => {
    expect(
      labels(
        models.filter(({ model: { price } }) => {
          const tiers = price?.tiers ?? [];
          const ascending = tiers.every(({ above }, index) => above > (tiers[index - 1]?.above ?? 0));
          return !ascending;
        }),
      ),
    ).toEqual([]);
  });

  test('levels are ours, in order; words and dialects belong to levels', () => {
    expect(
      labels(
        models.filter(({ model: { reasoning = [], effort_words = {}, effort_dialect } }) => {
          const ordered = EFFORTS.filter((level) => reasoning.includes(level));
          const strange = Object.keys(effort_words).some((level) => !reasoning.includes(level as never));
          return ordered.join() !== reasoning.join() || strange || (effort_dialect === 'omit' && reasoning.length > 0);
        }),
      ),
    ).toEqual([]);
  });

  test('wires are known, dialects fit them, and ai-sdk names its package', () => {
    const messages = ['output_config', 'budget_tokens'];
    expect(
      labels(
        models.filter(({ provider, model }) => {
          const wire = model.wire ?? provider.wire;
          if (!WIRES.includes(wire)) return true;
          if (wire === 'ai-sdk') return provider.package === undefined;
          const dialect = model.effort_dialect;
          if (dialect === undefined || dialect === 'omit') return false;
          return messages.includes(dialect) !== (wire === 'anthropic-messages');
        }),
      ),
    ).toEqual([]);
  });

  test('limits are whole numbers above zero, days are days, tools and vision are known', () => {
    const day = (text: string | undefined) => text === undefined || /^20\d\d-[01]\d-[0-3]\d$/.test(text);
    const count = (value: number | undefined) => value === undefined || (Number.isSafeInteger(value) && value > 0);
    expect(
      labels(
        models.filter(({ model }) => {
          const known = typeof model.tools === 'boolean' && typeof model.vision === 'boolean';
          return !known || !day(model.released) || !count(model.context) || !count(model.max_output);
        }),
      ),
    ).toEqual([]);
  });

  test('nothing in it is simulated', () => {
    expect(JSON.stringify(snapshot)).not.toContain('"simulated"');
  });

  test('moving names are routers: what serves them is recorded, not compared', () => {
    expect(labels(models.filter(({ model }) => /latest$/.test(model.id) && model.router !== true))).toEqual([]);
  });
});

describe('a fetched catalog', () => {
  test.each([
    ['newer', '2999-01-01', 1, '2999-01-01'],
    ['older', '2001-01-01', 1, catalog.as_of],
    ['of another format', '2999-01-01', 2, catalog.as_of],
  ])('that is %s', (_, as_of, format, expected) => {
    using folder = testFolder();
    const catalog_file = folder.write(
      'catalog.json',
      JSON.stringify({ ...snapshot, format, as_of, notice: 'n', providers: {} }),
    );
    expect(loadSnapshot({ catalog_file }).as_of).toBe(expected);
  });

  test('tells of models and of nothing else: an old cache hides no provider, and sends no key anywhere', () => {
    using folder = testFolder();
    const [id, provider] = Object.entries(snapshot.providers).find(([, { models }]) => Object.keys(models).length > 1)!;
    const [model] = Object.keys(provider.models) as [string];
    const elsewhere = { base_url: 'https://elsewhere.test', wire: 'openai-chat', key_env: ['OTHER'] };
    const models = { [model]: { context: 7, ...elsewhere }, fresh: { context: 8, tools: false, ...elsewhere } };
    const loaded = loadSnapshot({
      catalog_file: folder.write(
        'catalog.json',
        JSON.stringify({
          format: 1,
          as_of: '2999-01-01',
          provider_aliases: { x: id },
          families: {},
          providers: { [id]: { ...elsewhere, models }, stranger: { ...elsewhere, models } },
        }),
      ),
    });
    const known = { ...provider.models, [model]: { ...provider.models[model], context: 7 } };
    expect(loaded).toEqual({
      ...snapshot,
      as_of: '2999-01-01',
      providers: {
        ...snapshot.providers,
        [id]: { ...provider, models: { ...known, fresh: { context: 8, tools: false } } },
      },
    });
  });

  test.each([
    '',
    '{',
    '{"as_of":"2999-01-01"',
    '{"format":1,"as_of":"2999-01-01"}',
    '{"format":1,"as_of":"2999-01-01","providers":null}',
    '{"format":1,"as_of":"2999-01-01","providers":[7]}',
    '{"format":1,"as_of":"2999-01-01","provider_aliases":{},"families":{},"providers":{"lab":null}}',
  ])('that is damaged (%j) is as good as none', (text) => {
    using folder = testFolder();
    expect(loadSnapshot({ catalog_file: folder.write('catalog.json', text) }).as_of).toBe(catalog.as_of);
  });
});
