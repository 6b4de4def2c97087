// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration refers to variables like this.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { DelegateError } from '../../core/errors.ts';
import { createResolver } from '../../core/resolve-route.ts';
import { type Route, routeLabel } from '../../core/route.ts';
import { buildCatalog } from '../catalog/build-catalog.ts';
import { loadSnapshot } from '../catalog/load-catalog.ts';
import { loadConfig } from '../load-config.ts';
import { type TestFolder, testFolder } from '../test-folder.ts';
import { type Imported, importHermes } from './import-hermes.ts';

const snapshot = loadSnapshot();
const env = {
  OPENROUTER_API_KEY: 'sk-or-v1-0123456789',
  ANTHROPIC_API_KEY: 'sk-ant-0123456789',
  OLLAMA_API_KEY: 'ollama-0123456789',
  DEEPSEEK_API_KEY: 'deepseek-0123456789',
  LAB_KEY: 'lab-0123456789',
};

interface Given {
  readonly hermes: object | string;
  readonly ours?: string;
  readonly dry_run?: boolean;
}

function run(folder: TestFolder, { hermes, ours, dry_run = false }: Given): Promise<Imported> {
  const source = folder.write('hermes.yaml', typeof hermes === 'string' ? hermes : stringify(hermes));
  const file = `${folder.path}/config.yaml`;
  if (ours !== undefined) folder.write('config.yaml', ours);
  return importHermes({ source, file, cwd: folder.path, env, snapshot, dry_run });
}

const text = (folder: TestFolder, name = 'config.yaml'): string => readFileSync(`${folder.path}/${name}`, 'utf8');

describe('a configuration that is there already', () => {
  const OURS = `# mine
model: anthropic/haiku # cheap
providers:
  groq: # fast
aliases:
  Fast: groq/llama # used daily
delegation:
  max_turns: 9 # short
`;

  test('keeps its comments, its order and every value it has, and the report says so', async () => {
    using folder = testFolder();
    const { lines, backup } = await run(folder, {
      ours: OURS,
      hermes: {
        model: { provider: 'openrouter', default: 'anthropic/claude-opus-4.6' },
        model_aliases: { fast: { provider: 'groq', model: 'other' }, far: { provider: 'groq', model: 'big' } },
        providers: { lab: { base_url: 'http://10.0.0.7/v1' } },
        delegation: { max_iterations: 50, max_spawn_depth: 2 },
      },
    });
    expect(text(folder)).toBe(
      `${OURS.replace('used daily\n', 'used daily\n  far: groq/big\n').replace('  groq: # fast\n', '  groq: # fast\n  lab: { base_url: http://10.0.0.7/v1, auth: none }\n')}  max_spawn_depth: 2\n`,
    );
    const kept = lines.filter(({ state }) => state === 'kept_yours').map(({ from }) => from);
    expect(kept).toEqual(['model.provider', 'model.default', 'model_aliases.fast', 'delegation.max_iterations']);
    expect(readFileSync(backup!, 'utf8')).toBe(OURS);
  });

  test('is written once: a second import changes nothing and makes no second backup', async () => {
    using folder = testFolder();
    const hermes = { delegation: { provider: 'groq', max_iterations: 5 } };
    await run(folder, { ours: OURS, hermes });
    const first = text(folder);
    const again = await run(folder, { hermes });
    expect(again.written).toBe(false);
    expect(text(folder)).toBe(first);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.bak'))).toHaveLength(1);
  });

  test('never gets half a route, half a provider or a second pin', async () => {
    using folder = testFolder();
    await run(folder, {
      ours: 'delegation: { model: haiku }\nproviders: { lab: { base_url: http://10.0.0.1/v1, key_env: LAB_KEY } }\n',
      hermes: {
        delegation: { provider: 'groq', model: 'm' },
        providers: { lab: { base_url: 'http://10.0.0.7/v1', default_model: 'a' } },
      },
    });
    expect(text(folder)).toBe(
      'delegation: { model: haiku }\nproviders: { lab: { base_url: http://10.0.0.1/v1, key_env: LAB_KEY } }\n',
    );
  });

  test('knows a provider under its other names', async () => {
    using folder = testFolder();
    const { lines } = await run(folder, {
      ours: 'providers: { gemini: { rpm: 5 } }\n',
      hermes: { providers: { google: { default_model: 'gemini' } } },
    });
    expect(text(folder)).toBe('providers: { gemini: { rpm: 5 } }\n');
    expect(lines.map(({ state }) => state)).toEqual(['kept_yours']);
  });

  test('that is broken is refused and left alone', async () => {
    using folder = testFolder();
    await expect(run(folder, { ours: 'model: [', hermes: { model: 'a' } })).rejects.toThrow(DelegateError);
    expect(text(folder)).toBe('model: [');
  });
});

test('a dry run gives the file as it would be and writes nothing', async () => {
  using folder = testFolder();
  const imported = await run(folder, { hermes: { delegation: { max_iterations: 5 } }, dry_run: true });
  expect(imported).toMatchObject({ written: false, text: expect.stringContaining('max_turns: 5') });
  expect(existsSync(`${folder.path}/config.yaml`)).toBe(false);
});

test('a key that stands in your own file is not shown', async () => {
  using folder = testFolder();
  const ours = 'providers: { lab: { base_url: http://10.0.0.1/v1, api_key: lab-key-in-clear-01234 } }\n';
  const imported = await run(folder, { ours, hermes: { delegation: { max_iterations: 5 } } });
  expect(JSON.stringify(imported)).not.toContain('in-clear');
  expect(text(folder)).toContain('in-clear');
});

test('every line names the line of the source it speaks of', async () => {
  using folder = testFolder();
  const hermes = '# top\nagent:\n  reasoning_effort: high\ndelegation:\n  max_iterations: 5\n  x: 1\n';
  const { lines } = await run(folder, { hermes });
  expect(lines.map(({ line, from, state }) => [line, from, state])).toEqual([
    [3, 'agent.reasoning_effort', 'taken'],
    [5, 'delegation.max_iterations', 'taken'],
    [6, 'delegation.x', 'no_counterpart'],
  ]);
});

test('a result that would not load is refused, and nothing is written', async () => {
  using folder = testFolder();
  const error: unknown = await run(folder, { hermes: { model: { default: '${NOT_SET}' } } }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('nothing was written') });
  expect(existsSync(`${folder.path}/config.yaml`)).toBe(false);
});

test('what is configured and cannot run yet is told', async () => {
  using folder = testFolder();
  const { open } = await run(folder, { hermes: { model: { provider: 'groq', default: 'llama' } } });
  expect(open.map(({ code }) => code)).toContain('CREDENTIAL_MISSING');
});

describe('a file that is no configuration of Hermes', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['empty', '', 'is empty'],
    ['a comment', '# nothing\n', 'is empty'],
    ['a list', '- a\n', 'no mapping'],
    ['an empty mapping', '{}\n', 'is empty'],
    ['broken', 'model: [sk-canary-0123456789abcdef\n', 'not valid YAML'],
    ['a tag of Python', 'model: !!python/object:os.system [a]\n', 'not valid YAML'],
    ['binary', new Uint8Array([0, 1, 2, 255]), 'not a text file'],
    ['not UTF-8', new Uint8Array([0x6d, 0x3a, 0x20, 0xff]), 'not UTF-8'],
    ['huge', `a: ${'x'.repeat(2_000_001)}`, 'bytes'],
    ['nested without end', `a: ${'['.repeat(20_000)}`, 'YAML|nested'],
    [
      'a bomb of aliases',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n`,
      'aliases',
    ],
    ['a key of JavaScript', '__proto__: { model: x }\n', 'cannot be a key'],
  ])('%s is refused with what is wrong', async (_, content, why) => {
    using folder = testFolder();
    const source = folder.write('hermes.yaml', content);
    const file = `${folder.path}/config.yaml`;
    const error: unknown = await importHermes({ source, file, cwd: folder.path, env, snapshot, dry_run: false }).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(DelegateError);
    expect((error as DelegateError).code).toBe('CONFIG_INVALID');
    expect((error as DelegateError).message).toMatch(new RegExp(why));
    expect(JSON.stringify(error)).not.toContain('canary');
    expect(readdirSync(folder.path)).toEqual(['hermes.yaml']);
  });

  test('one that is not there says so', async () => {
    using folder = testFolder();
    const options = { file: `${folder.path}/config.yaml`, cwd: folder.path, env, snapshot, dry_run: false };
    await expect(importHermes({ ...options, source: `${folder.path}/none.yaml` })).rejects.toThrow('does not exist');
    await expect(importHermes({ ...options, source: folder.path })).rejects.toThrow('is a folder');
  });
});

test('no key of the file is in anything that is said or written, wherever it stands', async () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9_-]{16,40}$/).map((tail) => `Zq9${tail}`);
  const place = fc.constantFrom<(key: string) => object>(
    (key) => ({ providers: { lab: { base_url: 'https://lab.example.com/v1', api_key: key } } }),
    (key) => ({ providers: { lab: { base_url: 'https://lab.example.com/v1', key_env: `${key}-` } } }),
    (key) => ({ providers: { lab: { base_url: `https://u:${key}@lab.example.com/v1` } } }),
    (key) => ({ providers: { lab: { base_url: `https://lab.example.com/v1?key=${key}` } } }),
    (key) => ({ providers: { lab: { base_url: 'http://10.0.0.7/v1', extra_headers: { 'X-Api-Key': key } } } }),
    (key) => ({ providers: { lab: { base_url: 'http://10.0.0.7/v1', extra_body: { token: key } } } }),
    (key) => ({ custom_providers: [{ name: 'Lab', base_url: 'https://lab.example.com/v1', api_key: key }] }),
    (key) => ({ model: { provider: 'anthropic', default: 'sonnet', api_key: key } }),
    (key) => ({ model: { base_url: 'https://api.example.com/v1', default: 'm', api_key: key } }),
    (key) => ({ delegation: { base_url: 'https://api.example.com/v1', model: 'm', api_key: key } }),
    (key) => ({ fallback_providers: [{ base_url: 'https://api.example.com/v1', model: 'm', api_key: key }] }),
    (key) => ({ delegation: { model: `sk-${key}` } }),
    (key) => ({ model_aliases: { [`sk-${key}`]: { provider: 'groq', model: 'm' } } }),
    (key) => ({ model_aliases: { a: { provider: 'groq', model: `sk-${key}` } } }),
    (key) => ({ auxiliary: { vision: { api_key: key } }, delegation: { model: key } }),
  );
  await fc.assert(
    fc.asyncProperty(secret, place, async (key, at) => {
      using folder = testFolder();
      const said: unknown = await run(folder, { hermes: at(key) }).catch((thrown) => thrown);
      const shown = JSON.stringify(said instanceof DelegateError ? [said, String(said)] : said);
      expect(shown).not.toContain(key);
      if (existsSync(`${folder.path}/config.yaml`)) expect(text(folder)).not.toContain(key);
    }),
    { numRuns: 60 },
  );
});

test('whatever stands in a file, it is imported into something that loads, or refused', async () => {
  const word = fc.constantFrom(
    'groq',
    'lab',
    'custom',
    'custom:lab',
    'openai',
    'nous',
    'auto',
    'a b',
    'a/b/c',
    '${X}',
    'Über',
  );
  const url = fc.constantFrom(
    'http://10.0.0.7/v1',
    'https://h.example.com',
    'https://api.openai.com/v1',
    'x',
    '${U}/v1',
  );
  const odd = fc.oneof(
    word,
    url,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant([]),
    fc.constant({}),
    fc.double(),
  );
  const fields = [
    'provider',
    'model',
    'default',
    'base_url',
    'api_key',
    'key_env',
    'api_mode',
    'name',
    'models',
    'aliases',
  ];
  const more = [
    'default_model',
    'extra_headers',
    'fallback',
    'fallback_providers',
    'reasoning_effort',
    'default_toolsets',
  ];
  const entry = fc.oneof(
    odd,
    fc.dictionary(fc.constantFrom(...fields, ...more), fc.oneof(odd, fc.array(odd), fc.dictionary(word, odd))),
  );
  const named = fc.dictionary(word, entry);
  const file = fc.record(
    {
      model: entry,
      agent: fc.oneof(odd, fc.record({ reasoning_effort: odd })),
      model_aliases: fc.oneof(odd, named),
      providers: fc.oneof(odd, named),
      custom_providers: fc.oneof(odd, fc.array(entry), named),
      fallback_providers: fc.oneof(odd, fc.array(entry)),
      fallback_model: entry,
      delegation: fc.oneof(
        entry,
        fc.record({ profiles: named, default_profile: word, max_iterations: odd, model: odd }),
      ),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(file, async (hermes) => {
      using folder = testFolder();
      const came: unknown = await run(folder, { hermes }).catch((thrown) => thrown);
      if (came instanceof Error) {
        expect(came).toBeInstanceOf(DelegateError);
        expect((came as DelegateError).code).toBe('CONFIG_INVALID');
        return;
      }
      if ((came as Imported).written) await resolve(folder, {});
    }),
    { numRuns: 60 },
  );
});

describe('what routes in Hermes routes here (reference: hermes.md 2.13 and 3.1)', () => {
  const openrouter = { provider: 'openrouter', default: 'anthropic/claude-opus-4.6' };

  test.each<[string, object, { model?: string; provider?: string; reasoning_effort?: string }, string, string?]>([
    ['nothing asked: the parent', { model: openrouter }, {}, 'openrouter/anthropic/claude-opus-4.6'],
    [
      'a pin of delegation comes before the parent',
      { model: openrouter, delegation: { provider: 'deepseek', model: 'deepseek-v4-pro' } },
      {},
      'deepseek/deepseek-v4-pro',
    ],
    [
      'a task comes before the pin',
      { model: openrouter, delegation: { provider: 'deepseek', model: 'deepseek-v4-pro' } },
      { model: 'claude-haiku-4-5', provider: 'anthropic' },
      'anthropic/claude-haiku-4-5',
    ],
    [
      'a model alone stays on the provider of delegation (E1, E2)',
      { model: openrouter, delegation: { provider: 'ollama-cloud' } },
      { model: 'kimi-k2.6' },
      'ollama-cloud/kimi-k2.6',
    ],
    [
      'a model of delegation alone stays on the provider of the parent',
      { model: { provider: 'ollama-cloud', default: 'glm-5' }, delegation: { model: 'kimi-k2.6' } },
      {},
      'ollama-cloud/kimi-k2.6',
    ],
    [
      'a custom provider with its own address and key',
      {
        model: openrouter,
        custom_providers: [{ name: 'lab', base_url: 'https://lab.example.com/v1', key_env: 'LAB_KEY', model: 'qwen3' }],
      },
      { model: 'qwen3', provider: 'custom:lab' },
      'lab/qwen3',
    ],
    [
      'an alias with a provider of its own',
      { model: openrouter, model_aliases: { opus: { provider: 'anthropic', model: 'claude-opus-4.6' } } },
      { model: 'opus' },
      'anthropic/claude-opus-4-6',
    ],
    [
      'the effort of delegation, on a route of its own',
      {
        model: { provider: 'anthropic', default: 'claude-opus-4.6' },
        agent: { reasoning_effort: 'high' },
        delegation: { reasoning_effort: 'low' },
      },
      {},
      'anthropic/claude-opus-4-6',
      'low',
    ],
    [
      'the effort of the parent is not carried to another provider (E9)',
      {
        model: { provider: 'anthropic', default: 'claude-opus-4.6' },
        agent: { reasoning_effort: 'high' },
        delegation: { provider: 'ollama-cloud', model: 'kimi-k2.6' },
      },
      {},
      'ollama-cloud/kimi-k2.6',
    ],
  ])('%s', async (_, hermes, task, label, effort) => {
    using folder = testFolder();
    await run(folder, { hermes });
    const resolution = await resolve(folder, task);
    expect(resolution).toMatchObject({ ok: true });
    const { route } = resolution as { route: Route };
    expect([routeLabel(route), route.reasoning_effort]).toEqual([label, effort]);
  });

  test('pinned children do not borrow the chain of the parent; unpinned ones use it (E13)', async () => {
    const chain = { fallback_providers: [{ provider: 'anthropic', model: 'claude-haiku-4.5' }] };
    const fallbackOf = async (hermes: object): Promise<readonly string[]> => {
      using folder = testFolder();
      await run(folder, { hermes });
      const resolution = await resolve(folder, {});
      return (resolution as { route: Route }).route.fallback.map(routeLabel);
    };
    expect(await fallbackOf({ model: openrouter, ...chain })).toEqual(['anthropic/claude-haiku-4-5']);
    const delegation = { provider: 'ollama-cloud', model: 'kimi-k2.6' };
    expect(await fallbackOf({ model: openrouter, ...chain, delegation })).toEqual([]);
  });
});

async function resolve(folder: TestFolder, task: object) {
  const { providers, routing, where } = await loadConfig({ cwd: folder.path, env, file: `${folder.path}/config.yaml` });
  return createResolver(buildCatalog({ snapshot, providers, env, where }), routing).resolve({ task, call: {} });
}
