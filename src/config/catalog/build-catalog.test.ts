// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration refers to variables like this.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DelegateError } from '../../core/errors.ts';
import { authorityOf } from '../../core/routing/build-route.ts';
import { createCredentials } from '../credentials.ts';
import type { ProviderConfig } from '../files/config-file.ts';
import type { Env } from '../files/config-paths.ts';
import { findKeys } from '../find-keys.ts';
import { buildCatalog } from './build-catalog.ts';
import { loadSnapshot } from './load-catalog.ts';

const snapshot = loadSnapshot();
const build = (providers: Record<string, ProviderConfig> = {}, env: Env = {}) =>
  buildCatalog({ snapshot, providers, env });

function provider(id: string, config?: ProviderConfig, env?: Env) {
  const found = build(config === undefined ? {} : { [id]: config }, env).providers.get(id);
  if (found === undefined) throw new Error(`There is no ${id}.`);
  return found;
}

function refused(providers: Record<string, ProviderConfig>, env: Env = {}): string {
  try {
    buildCatalog({ snapshot, providers, env, where: () => 'config.yaml:1:1' });
  } catch (thrown) {
    if (thrown instanceof DelegateError)
      return thrown.issues.map(({ path, message }) => `${path}: ${message}`).join('\n');
    throw thrown;
  }
  throw new Error('It was accepted.');
}

describe('without configuration', () => {
  test('no provider is usable but the local ones, and none has a default model (F4)', () => {
    const { providers } = build();
    expect([...providers.values()].filter(({ usable }) => usable).map(({ id }) => id)).toEqual([
      'llamacpp',
      'lmstudio',
      'ollama',
      'vllm',
    ]);
    expect([...providers.values()].filter(({ default_model }) => default_model !== undefined)).toEqual([]);
    expect(findKeys({ providers })).toEqual([]);
  });

  test('a key makes its own provider usable, and no other (F24)', () => {
    const { providers } = build({}, { OPENAI_API_KEY: 'sk-canary-of-openai' });
    expect(findKeys({ providers })).toEqual([{ provider: 'openai', variable: 'OPENAI_API_KEY' }]);
    expect(providers.get('openai')?.credential).toEqual({
      kind: 'env',
      name: 'OPENAI_API_KEY',
      authority: 'https://api.openai.com',
    });
  });

  test('of several variables the first that holds a key counts', () => {
    const env = { GEMINI_API_KEY: 'your-key', GOOGLE_API_KEY: 'AIza-canary' };
    expect(provider('google', undefined, env).credential).toMatchObject({ name: 'GOOGLE_API_KEY' });
  });

  test('an address that needs a variable makes its provider unusable until it is set', () => {
    const env = { AZURE_OPENAI_API_KEY: 'canary-key' };
    const without = provider('azure', undefined, env);
    expect(without).toMatchObject({ usable: false, key_env: ['AZURE_OPENAI_RESOURCE_NAME'] });
    expect(without.credential.authority).toBe('');
    expect(provider('azure', undefined, { ...env, AZURE_OPENAI_RESOURCE_NAME: 'mine' })).toMatchObject({
      usable: true,
      base_url: 'https://mine.openai.azure.com/openai/v1',
    });
  });
});

describe('with configuration', () => {
  test('a provider of one’s own has what its entry says, and an open list when it gives none', () => {
    const lab = provider('lab', {
      base_url: 'http://127.0.0.1:8080/v1/',
      key_env: 'LAB_KEY',
      models: ['qwen', { id: 'llama', context: 8192, reasoning: ['low'], price: { in: 1, out: 2 }, router: false }],
      default_model: 'qwen',
      max_in_flight: 4,
      headers: { 'X-Team': 'research' },
      tags: ['no-train'],
      simulated: true,
    });
    expect({ ...lab, models: [...lab.models.values()] }).toEqual({
      id: 'lab',
      wire: 'openai-chat',
      base_url: 'http://127.0.0.1:8080/v1',
      credential: { kind: 'env', name: 'LAB_KEY', authority: 'http://127.0.0.1:8080' },
      key_env: ['LAB_KEY'],
      usable: false,
      listing: 'closed',
      models: [{ id: 'qwen' }, { id: 'llama', context: 8192, reasoning: ['low'], price: { in: 1, out: 2 } }],
      default_model: 'qwen',
      headers: { 'x-team': 'research' },
      max_in_flight: 4,
      tags: ['no-train'],
      simulated: true,
      configured: true,
    });
    expect(provider('lab', { base_url: 'http://127.0.0.1:1', auth: 'none' })).toMatchObject({
      listing: 'open',
      usable: true,
    });
  });

  test('a known provider keeps its list and takes what is added', () => {
    const listed = provider('groq').models;
    const [first = ''] = listed.keys();
    const groq = provider('groq', { models: ['brand-new', { id: first, context: 5 }] });
    expect(groq.models.size).toBe(listed.size + 1);
    expect(groq.models.get(first)).toEqual({ ...listed.get(first), context: 5 });
    expect(groq.listing).toBe('closed');
    expect(provider('groq', { models: 'open' })).toMatchObject({ listing: 'open', configured: true });
  });

  test('aliases and custom: fold to one id; two names of one provider are an error', () => {
    expect(build({ Gemini: { rpm: 5 } }).providers.get('google')).toMatchObject({ configured: true, rpm: 5 });
    expect(build({ 'custom:Lab': { base_url: 'http://h/v1', auth: 'none' } }).providers.has('lab')).toBe(true);
    expect(refused({ gemini: {}, google: {} })).toBe(
      'config.yaml:1:1 providers.google: "google" and "gemini" are the same provider.',
    );
  });

  test('two entries on one host with two keys stay apart (F25)', () => {
    const providers: Record<string, ProviderConfig> = {
      one: { base_url: 'https://lab.example/v1', api_key: '${KEY_ONE}' },
      two: { base_url: 'https://lab.example/v1', key_env: 'KEY_TWO' },
      three: { base_url: 'https://lab.example/v1', api_key: 'canary-three' },
    };
    const env = { KEY_ONE: 'canary-one', KEY_TWO: 'canary-two' };
    const catalog = build(providers, env);
    const credentials = createCredentials({ env, snapshot, providers });
    const keys = ['one', 'two', 'three'].map((id) =>
      credentials.key(catalog.providers.get(id)!.credential, 'https://lab.example'),
    );
    expect(keys).toEqual(['canary-one', 'canary-two', 'canary-three']);
  });

  test('a variable that is missing makes only its own provider unusable, and is named', () => {
    const providers = {
      lab: { base_url: '${LAB_URL}', api_key: '${LAB_KEY}', headers: { 'x-team': '${TEAM}' } },
      other: { base_url: 'http://127.0.0.1:1', auth: 'none' as const },
    };
    const catalog = build(providers);
    expect(catalog.providers.get('lab')).toMatchObject({ usable: false, key_env: ['LAB_URL', 'TEAM', 'LAB_KEY'] });
    expect(catalog.providers.get('other')?.usable).toBe(true);
    const set = build(providers, { LAB_URL: 'https://lab.example/v1', LAB_KEY: 'canary-key', TEAM: 'red' });
    expect(set.providers.get('lab')).toMatchObject({
      usable: true,
      base_url: 'https://lab.example/v1',
      headers: { 'x-team': 'red' },
    });
  });

  test.each<[string, Record<string, ProviderConfig>, string]>([
    [
      'an unknown provider without an address',
      { grqo: {} },
      '"grqo" is not a provider of the catalog, so it needs a base_url.',
    ],
    ['one without a key', { lab: { base_url: 'http://h/v1' } }, '"lab" has no key.'],
    [
      'two kinds of key',
      { lab: { base_url: 'http://h/v1', key_env: 'A', auth: 'none' } },
      '"lab" has more than one of key_env, api_key and auth.',
    ],
    ['no URL', { lab: { base_url: 'h:80:80', auth: 'none' } }, '"h:80:80" is neither http nor https.'],
    ['another scheme', { lab: { base_url: 'file:///etc', auth: 'none' } }, '"file:///etc" is neither http nor https.'],
    ['a query', { lab: { base_url: 'http://h/?a=b', auth: 'none' } }, 'The address has a query or a fragment.'],
    [
      'a package that is missing',
      { lab: { base_url: 'http://h', auth: 'none', wire: 'ai-sdk' } },
      '"ai-sdk" needs a package.',
    ],
    [
      'a key in a header',
      { lab: { base_url: 'http://h', auth: 'none', headers: { 'X-Api-Key': 'x' } } },
      '"X-Api-Key" looks like a key, and headers are stored with every task.',
    ],
    [
      'a key in a header',
      { lab: { base_url: 'http://h', auth: 'none', headers: { 'X-Team': 'sk-0123456789abcdefghij' } } },
      '"X-Team" looks like a key, and headers are stored with every task.',
    ],
    [
      'a header of the connection',
      { lab: { base_url: 'http://h', auth: 'none', headers: { Host: 'x' } } },
      '"Host" cannot be set.',
    ],
    [
      'a line break in a header',
      { lab: { base_url: 'http://h', auth: 'none', headers: { 'x-a': 'b\r\nx-c: d' } } },
      '"x-a" cannot be set.',
    ],
  ])('%s is refused', (_, providers, message) => {
    expect(refused(providers)).toContain(`: ${message}`);
  });

  test.each<[string, ProviderConfig]>([
    ['openai', { base_url: 'https://proxy.example/v1' }],
    ['openai', { base_url: 'http://api.openai.com/v1' }],
    ['openai', { base_url: 'https://api.openai.com:8443/v1' }],
    ['openai', { base_url: 'https://api.openai.com.evil.example/v1' }],
    ['anthropic', { base_url: '${PROXY}' }],
    ['azure', { base_url: 'https://mine.openai.azure.com/openai/v1' }],
    ['claude', { base_url: 'https://proxy.example' }],
  ])('the key of %s does not follow to %j (F16, F24)', (id, config) => {
    expect(refused({ [id]: config }, { PROXY: 'https://proxy.example' })).toContain('is not where the key of');
  });

  test.each<[string, ProviderConfig]>([
    ['openai', { base_url: 'https://proxy.example/v1', key_env: 'PROXY_KEY' }],
    ['openai', { base_url: 'https://proxy.example/v1', auth: 'none' }],
    ['openai', { base_url: 'https://api.openai.com/v2' }],
    ['ollama', { base_url: 'http://10.0.0.5:11434/v1' }],
    ['azure', { base_url: 'https://mine.openai.azure.com/openai/v1', key_env: 'AZURE_OPENAI_API_KEY' }],
  ])('but an entry with a key of its own may move %s to %j', (id, config) => {
    const env = { OPENAI_API_KEY: 'canary-openai', PROXY_KEY: 'canary-proxy' };
    const { credential, base_url } = provider(id, config, env);
    expect(credential.authority).toBe(authorityOf(base_url));
  });

  test.each<[string, ProviderConfig, string]>([
    ['lab', { base_url: 'https://lab.example/v1', key_env: 'OPENAI_API_KEY' }, 'key_env'],
    ['lab', { base_url: 'https://lab.example/v1', key_env: ['LAB_KEY', 'OPENAI_API_KEY'] }, 'key_env'],
    ['lab', { base_url: 'https://lab.example/v1', api_key: '${OPENAI_API_KEY}' }, 'api_key'],
    ['lab', { base_url: 'https://lab.example/${OPENAI_API_KEY}', auth: 'none' }, 'base_url'],
    ['groq', { headers: { 'x-team': '${OPENAI_API_KEY}' } }, 'headers'],
    ['groq', { key_env: 'OPENAI_API_KEY' }, 'key_env'],
    ['openai', { base_url: 'https://proxy.example/v1', key_env: 'OPENAI_API_KEY' }, 'key_env'],
  ])('OPENAI_API_KEY is OpenAI’s: %s may not use it as %j (F24)', (id, config, key) => {
    expect(refused({ [id]: config }, { OPENAI_API_KEY: 'sk-canary-of-openai' })).toBe(
      `config.yaml:1:1 providers.${id}.${key}: "OPENAI_API_KEY" is the key of openai and goes to https://api.openai.com only.`,
    );
  });

  test('a key put where its variable’s name belongs is refused and not repeated (F28)', () => {
    const message = refused({
      groq: { key_env: 'gsk_canary0123456789abcdef' },
      lab: { key_env: ['A', 'hf_canary0123456789abcdef'] },
    });
    expect(message.split('\n')).toEqual([
      'config.yaml:1:1 providers.groq.key_env: It holds a key, not the name of a variable.',
      'config.yaml:1:1 providers.lab.key_env: It holds a key, not the name of a variable.',
    ]);
  });

  test.each([
    ['${LAB_SECRET}', 'of-any-form'],
    ['${LAB_PATH}', 'sk-canary0123456789abcdef'],
  ])('a key in an address (%s) is refused and not repeated (F28)', (part, value) => {
    const config: ProviderConfig = { base_url: `https://lab.example/${part}/v1`, auth: 'none' };
    const message = refused({ lab: config }, { [part.slice(2, -1)]: value });
    expect(message).toContain(`"${part.slice(2, -1)}" looks like a key, and addresses are shown and stored.`);
    expect(message).not.toContain(value);
  });

  test('a header that the wire sets itself is refused', () => {
    const headers = { 'Anthropic-Version': '2024-01-01' };
    expect(refused({ anthropic: { headers } })).toContain('"Anthropic-Version" cannot be set.');
  });

  test('a second entry at the vendor’s own address may', () => {
    const config: ProviderConfig = { base_url: 'https://api.openai.com/v1', key_env: 'OPENAI_API_KEY', rpm: 5 };
    expect(provider('cheap', config, { OPENAI_API_KEY: 'sk-canary-of-openai' }).usable).toBe(true);
  });

  test('a password in an address is refused and not repeated (F28)', () => {
    const message = refused({ lab: { base_url: '${LAB_URL}', auth: 'none' } }, { LAB_URL: 'http://me:canary@h/v1' });
    expect(message).toContain('"${LAB_URL}" has a user or a password in it.');
    expect(message).not.toContain('canary');
    const written = [
      'http://me:canary@h/v1',
      'http://h/v1?key=canary',
      'me:canary@h',
      'https://me:canary@api.openai.com.x/',
    ];
    for (const base_url of written) expect(refused({ openai: { base_url } })).not.toContain('canary');
  });

  test('the order of entries never matters', () => {
    const entries: [string, ProviderConfig][] = [
      ['anthropic', { rpm: 1 }],
      ['lab', { base_url: 'http://h/v1', auth: 'none', models: ['x'] }],
      ['gemini', { models: ['y'] }],
      ['two', { base_url: 'http://h/v1', api_key: 'canary' }],
    ];
    const flat = (providers: Record<string, ProviderConfig>) =>
      [...build(providers).providers.values()]
        .map((entry) => ({ ...entry, models: [...entry.models.values()] }))
        .sort((one, other) => (one.id < other.id ? -1 : 1));
    const expected = flat(Object.fromEntries(entries));
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 4 }), (shuffled) => {
        expect(flat(Object.fromEntries(shuffled))).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });
});
