import type { Catalog, ModelEntry, ModelFamily, ProviderEntry } from './catalog.ts';
import type { RoutingPolicy, RoutingSettings } from './settings.ts';

/** A model for tests: an id and whatever else matters. */
export function testModel(id: string, facts: Omit<ModelEntry, 'id'> = {}): ModelEntry {
  return { id, ...facts };
}

/** A provider for tests: usable with its own key at its own authority, unless told otherwise. */
export function testProvider(
  id: string,
  models: readonly (string | ModelEntry)[],
  facts: Partial<Omit<ProviderEntry, 'id' | 'models'>> = {},
): ProviderEntry {
  const base_url = facts.base_url ?? `https://${id}.test/v1`;
  const env = `${id.toUpperCase().replaceAll('-', '_')}_API_KEY`;
  return {
    id,
    wire: 'openai-chat',
    base_url,
    credential: { kind: 'env', name: env, authority: new URL(base_url).origin },
    key_env: [env],
    usable: true,
    listing: 'closed',
    configured: false,
    ...facts,
    models: new Map(
      models.map((model) => (typeof model === 'string' ? testModel(model) : model)).map((m) => [m.id, m]),
    ),
  };
}

export function testCatalog(
  providers: readonly ProviderEntry[] = testProviders(),
  rest: Partial<Omit<Catalog, 'providers'>> = {},
): Catalog {
  return {
    providers: new Map(providers.map((provider) => [provider.id, provider])),
    provider_aliases: new Map([
      ['gemini', 'google'],
      ['claude', 'anthropic'],
      ['kimi', 'moonshotai'],
    ]),
    families: TEST_FAMILIES,
    as_of: '2026-11-01',
    ...rest,
  };
}

const family = (
  tokens: readonly string[],
  vendors: readonly string[],
  without: readonly string[] = [],
): ModelFamily => ({
  tokens,
  vendors,
  without,
});

export const TEST_FAMILIES: ReadonlyMap<string, ModelFamily> = new Map([
  ['sonnet', family(['claude', 'sonnet'], ['anthropic'])],
  ['opus', family(['claude', 'opus'], ['anthropic'])],
  ['haiku', family(['claude', 'haiku'], ['anthropic'])],
  ['gpt', family(['gpt'], ['openai'], ['mini', 'oss'])],
  ['gemini', family(['gemini'], ['google'], ['flash'])],
  ['flash', family(['gemini', 'flash'], ['google'], ['lite'])],
  ['kimi', family(['kimi'], ['moonshotai'])],
  ['llama', family(['llama'], ['meta-llama'])],
]);

/** The providers of docs/routing.md, "The catalog of the examples"; its test holds the two together. */
export function testProviders(): readonly ProviderEntry[] {
  return [
    testProvider(
      'anthropic',
      [
        testModel('claude-sonnet-4-5', {
          reasoning: ['low', 'medium', 'high'],
          price: { in: 3, out: 15 },
          vision: true,
          tools: true,
        }),
        testModel('claude-sonnet-4-5-20250929', { reasoning: ['low', 'medium', 'high'], price: { in: 3, out: 15 } }),
        testModel('claude-opus-4-5', {
          reasoning: ['low', 'medium', 'high', 'max'],
          price: { in: 5, out: 25 },
          vision: true,
        }),
        testModel('claude-haiku-4-5', { reasoning: [], price: { in: 1, out: 5 } }),
      ],
      { wire: 'anthropic-messages', default_family: 'sonnet' },
    ),
    testProvider(
      'openai',
      [
        testModel('gpt-5', {
          reasoning: ['minimal', 'low', 'medium', 'high'],
          price: { in: 1.25, out: 10 },
          vision: true,
        }),
        testModel('gpt-5-mini', { reasoning: ['minimal', 'low', 'medium', 'high'], price: { in: 0.25, out: 2 } }),
        testModel('gpt-4.1', { reasoning: [], price: { in: 2, out: 8 }, vision: true }),
      ],
      { wire: 'openai-responses', default_family: 'gpt' },
    ),
    testProvider('google', ['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite'], {
      default_family: 'gemini',
    }),
    testProvider('openrouter', [
      testModel('anthropic/claude-sonnet-4.5', { reasoning: ['low', 'medium', 'high'], price: { in: 3, out: 15 } }),
      'anthropic/claude-opus-4.5',
      'openai/gpt-5',
      testModel('meta-llama/llama-3.3-70b:free', { price: { in: 0, out: 0 }, tools: false, vision: false }),
      'moonshotai/kimi-k2',
      'shared-1',
      testModel('openrouter/auto', { router: true }),
    ]),
    testProvider('gateway', ['anthropic/claude-opus-4.5', 'openai/gpt-5', 'shared-1']),
    testProvider('groq', ['llama-3.3-70b', 'only-on-groq']),
    testProvider('moonshotai', ['kimi-k2', 'kimi-k3'], { usable: false, default_family: 'kimi' }),
    testProvider('ollama-cloud', ['kimi-k2', 'qwen3-32b', 'shared-2']),
    testProvider('single', ['one-model']),
    testProvider('lab', ['qwen3-32b'], {
      base_url: 'http://127.0.0.1:8080/v1',
      credential: { kind: 'none', authority: 'http://127.0.0.1:8080' },
      key_env: [],
      listing: 'open',
      default_model: 'qwen3-32b',
      configured: true,
      tags: ['local'],
    }),
  ];
}

export const OPEN_POLICY: RoutingPolicy = {
  selection: 'open',
  allow: ['*'],
  deny: [],
  above_parent_price: 'allow',
  effort_policy: 'clamp',
};

/** Settings for tests: nothing configured, everything allowed, unless told otherwise. */
export function testSettings(
  settings: Partial<Omit<RoutingSettings, 'policy'>> & { readonly policy?: Partial<RoutingPolicy> } = {},
): RoutingSettings {
  return {
    delegation: {},
    fallback: [],
    aliases: new Map(),
    routes: new Map(),
    ...settings,
    policy: { ...OPEN_POLICY, ...settings.policy },
  };
}
