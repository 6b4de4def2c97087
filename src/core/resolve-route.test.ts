import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Catalog, ModelEntry, ProviderEntry } from './catalog.ts';
import { EFFORTS } from './effort.ts';
import type { Issue } from './errors.ts';
import { createResolver, type Resolution, type Resolved } from './resolve-route.ts';
import type { Route, RouteRequest } from './route.ts';
import type { NamedRoute, RoutingSettings } from './settings.ts';
import { testCatalog, testModel, testProvider, testProviders, testSettings } from './test-catalog.ts';

const PARENT: RouteRequest = { provider: 'openrouter', model: 'anthropic/claude-opus-4.5' };

function resolve(
  task: RouteRequest,
  settings: Parameters<typeof testSettings>[0] = { parent: PARENT },
  catalog = testCatalog(),
): Resolution {
  return createResolver(catalog, testSettings(settings)).resolve({ task, call: {} });
}
function routed(resolution: Resolution): Resolved {
  if (!resolution.ok) throw new Error(JSON.stringify(resolution.issues));
  return resolution;
}
function refused(resolution: Resolution): readonly Issue[] {
  if (resolution.ok) throw new Error(`resolved to ${resolution.route.provider}/${resolution.route.model}`);
  return resolution.issues;
}

describe('a route is one bundle', () => {
  test("a child on another provider has that provider's key, endpoint and limits, and nothing of the parent (F16, F24, F49)", () => {
    const catalog = testCatalog([
      testProvider('big', [testModel('m', { context: 1_000_000, max_output: 64_000 })], {
        headers: { 'x-parent': '1' },
        wire: 'openai-responses',
      }),
      testProvider('small', [testModel('m', { context: 8_000 })]),
    ]);
    const { route } = routed(
      resolve({ provider: 'small', model: 'm' }, { parent: { provider: 'big', model: 'm' } }, catalog),
    );
    expect(route).toEqual({
      provider: 'small',
      model: 'm',
      wire: 'openai-chat',
      base_url: 'https://small.test/v1',
      authority: 'https://small.test',
      credential: { kind: 'env', name: 'SMALL_API_KEY', authority: 'https://small.test' },
      context: 8_000,
      fallback: [],
    });
  });

  test('two custom endpoints on one host keep their own keys (F25)', () => {
    const at = 'http://127.0.0.1:9000';
    const custom = (id: string): ProviderEntry =>
      testProvider(id, ['m'], { base_url: `${at}/${id}`, credential: { kind: 'config', provider: id, authority: at } });
    const catalog = testCatalog([custom('one'), custom('two')]);
    const keys = ['one', 'two'].map(
      (provider) => routed(resolve({ provider, model: 'm' }, {}, catalog)).route.credential,
    );
    expect(keys).toEqual([
      { kind: 'config', provider: 'one', authority: at },
      { kind: 'config', provider: 'two', authority: at },
    ]);
  });

  test("a model served elsewhere than its provider cannot borrow the provider's key (F24, E8)", () => {
    const catalog = testCatalog([testProvider('p', [testModel('m', { base_url: 'https://elsewhere.test/v1' })])]);
    const [issue] = refused(resolve({ provider: 'p', model: 'm' }, {}, catalog));
    expect(issue).toMatchObject({ code: 'CREDENTIAL_MISSING', path: 'task.model' });
    expect(issue?.message).toContain('"https://elsewhere.test"');
  });

  test('a model served at the same authority on another path and wire is fine (E29)', () => {
    const model = testModel('m', { base_url: 'https://p.test/anthropic', wire: 'anthropic-messages' });
    const { route } = routed(resolve({ provider: 'p', model: 'm' }, {}, testCatalog([testProvider('p', [model])])));
    expect(route).toMatchObject({
      base_url: 'https://p.test/anthropic',
      wire: 'anthropic-messages',
      authority: 'https://p.test',
    });
  });

  test.each([
    ['https://p.test:443', 'https://p.test/v1', true],
    ['https://p.test', 'http://p.test/v1', false],
    ['https://p.test', 'https://p.test:8443/v1', false],
    ['https://p.test', 'https://p.test.evil.test/v1', false],
    ['https://p.test', 'https://p.test@evil.test/v1', false],
    ['', '', false],
  ])('a key of "%s" at %s fits: %s', (authority, base_url, fits) => {
    const catalog = testCatalog([
      { ...testProvider('p', ['m']), base_url, credential: { kind: 'env', name: 'P', authority } },
    ]);
    expect(resolve({ provider: 'p', model: 'm' }, {}, catalog).ok).toBe(fits);
  });

  test('an AI SDK provider keeps its package', () => {
    const catalog = testCatalog([testProvider('p', ['m'], { wire: 'ai-sdk', package: '@ai-sdk/p' })]);
    expect(routed(resolve({ provider: 'p', model: 'm' }, {}, catalog)).route).toMatchObject({
      wire: 'ai-sdk',
      package: '@ai-sdk/p',
    });
  });

  test('facts of model and provider reach the route as they are', () => {
    const facts: Omit<ModelEntry, 'id'> = {
      context: 1,
      max_output: 2,
      price: { in: 0, out: 0 },
      tools: false,
      vision: true,
      served_as: ['x'],
      router: true,
      effort_dialect: 'output_config',
      reasoning: ['low', 'max'],
      effort_words: { max: 'ultimate' },
      tags: ['b'],
    };
    const catalog = testCatalog([testProvider('p', [testModel('m', facts)], { tags: ['a', 'b'], simulated: true })]);
    const { route } = routed(resolve({ provider: 'p', model: 'm', reasoning_effort: 'max' }, {}, catalog));
    expect(route).toMatchObject({
      context: 1,
      max_output: 2,
      price: { in: 0, out: 0 },
      tools: false,
      vision: true,
      served_as: ['x'],
      router: true,
      effort_dialect: 'output_config',
      reasons: true,
      effort_word: 'ultimate',
      reasoning_effort: 'max',
      simulated: true,
      tags: ['a', 'b'],
    });
  });
});

describe('refusals say what was asked, why not, and what to do', () => {
  test('a missing key names its variables (F24, F26)', () => {
    const [issue] = refused(resolve({ provider: 'moonshotai', model: 'kimi-k2' }));
    expect(issue).toMatchObject({
      code: 'CREDENTIAL_MISSING',
      message: '"moonshotai/kimi-k2" needs a key for moonshotai, and none is present.',
      hint: 'Set MOONSHOTAI_API_KEY.',
    });
  });

  test('an unknown model on a provider without key says both', () => {
    expect(refused(resolve({ provider: 'moonshotai', model: 'kimi-k9' })).map(({ code }) => code)).toEqual([
      'MODEL_UNKNOWN',
      'CREDENTIAL_MISSING',
    ]);
  });

  test('a model that only providers without a key offer names them, and does not hop (F14, E1, E2)', () => {
    const [issue] = refused(resolve({ model: 'kimi-k3' }));
    expect(issue?.hint).toContain('Without a credential here, so not chosen: moonshotai (MOONSHOTAI_API_KEY).');
    expect(issue?.suggestions).toEqual(['moonshotai/kimi-k2', 'ollama-cloud/kimi-k2', 'kimi']);
  });

  test('a model that several providers offer names them', () => {
    const [issue] = refused(resolve({ model: 'shared-1' }, { parent: { provider: 'openai', model: 'gpt-5' } }));
    expect(issue).toMatchObject({
      message: 'The model "shared-1" is offered by 2 providers: gateway, openrouter.',
      suggestions: ['gateway/shared-1', 'openrouter/shared-1'],
    });
  });

  test('a typo in an alias is met with the alias and ids, nearest first', () => {
    const [issue] = refused(resolve({ model: 'sonet' }, { parent: { provider: 'anthropic', model: 'opus' } }));
    expect(issue?.suggestions).toEqual(['sonnet', 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5']);
    expect(issue?.hint).toContain('Did you mean "sonnet"');
  });

  test("a provider's name given as a model says so", () => {
    const [issue] = refused(resolve({ model: 'groq' }));
    expect(issue?.hint).toContain('"groq" is a provider: ask for it with "provider".');
  });

  test('a provider without a default lists a few of its models', () => {
    const [issue] = refused(resolve({ provider: 'groq' }));
    expect(issue).toMatchObject({ code: 'MODEL_REQUIRED', suggestions: ['llama-3.3-70b', 'only-on-groq'] });
  });

  test('nothing asked and nothing configured is one clear error, and no built-in model (F4, F30)', () => {
    const [issue, ...more] = refused(createResolver(testCatalog(), testSettings()).resolve({ task: {}, call: {} }));
    expect(issue).toMatchObject({
      code: 'MODEL_REQUIRED',
      path: 'task.model',
      message: 'No model was asked for, and none is configured.',
    });
    expect(more).toEqual([]);
  });

  test('a 1 MB name is refused briefly and not remembered', () => {
    const model = 'x'.repeat(1_048_576);
    const text = JSON.stringify(refused(resolve({ model, provider: model, route: model, reasoning_effort: model })));
    expect(text.length).toBeLessThan(3_000);
  });

  test.each(['a\u0000b', 'a\u001b[31mb', 'a\u200bb', 'a\u202eb'])(
    'the name %j is refused, and shown escaped',
    (name) => {
      for (const field of ['model', 'provider', 'route', 'reasoning_effort'] as const) {
        const [issue] = refused(resolve({ [field]: name }));
        expect(issue).toMatchObject({ code: 'ROUTE_INVALID', path: `task.${field}` });
        expect(issue?.message).toContain('\\u');
      }
    },
  );

  test('all that is wrong with a task and its call is said at once', () => {
    const resolver = createResolver(testCatalog(), testSettings({ parent: PARENT }));
    const issues = refused(
      resolver.resolve({
        task: { model: 'gpt-5 --provider openai', provider: 'groq', reasoning_effort: 'lots' },
        call: { route: 'none', model: 'x --global' },
      }),
    );
    expect(issues.map(({ code, path }) => `${path} ${code}`)).toEqual([
      'task.reasoning_effort EFFORT_INVALID',
      'task.provider ROUTE_CONFLICT',
      'call.model ROUTE_INVALID',
      'call.route ROUTE_UNKNOWN',
    ]);
  });

  test('messages and hints are whole sentences, and quote what was asked', () => {
    const asked = [{ model: 'nope' }, { provider: 'nope' }, { route: 'nope' }, { model: 'a b' }, { provider: 'groq' }];
    for (const request of asked) {
      for (const { message, hint } of refused(resolve(request))) {
        expect(message).toMatch(/".+".*\.$/);
        expect(hint).toMatch(/[.?]$/);
      }
    }
  });
});

describe('ids survive as they are (F7)', () => {
  test.each(['a/b/c', 'm:free', 'm[1m]', 'm@20250929', '@cf/meta/llama-3', 'accounts/x/models/y', 'M-Upper', 'm.v1:0'])(
    '%s',
    (id) => {
      const catalog = testCatalog([testProvider('p', [id, 'other'])]);
      expect(routed(resolve({ provider: 'p', model: id }, {}, catalog)).route.model).toBe(id);
      expect(routed(resolve({ model: `${id} --provider p` }, {}, catalog)).route.model).toBe(id);
      expect(routed(resolve({ model: id }, { parent: { provider: 'p', model: 'other' } }, catalog)).route.model).toBe(
        id,
      );
      expect(routed(resolve({ model: `p/${id}` }, {}, catalog)).route.model).toBe(id);
    },
  );

  test('all of 50 routes can be asked for (F13)', () => {
    const names = Array.from({ length: 50 }, (_, index) => `r${index}`);
    const routes = new Map(names.map((name): [string, NamedRoute] => [name, { provider: 'openai', model: 'gpt-5' }]));
    for (const name of names) expect(routed(resolve({ route: name }, { routes })).route.name).toBe(name);
  });
});

describe('what is inherited', () => {
  const live = routed(
    resolve({ provider: 'openai', model: 'gpt-5', reasoning_effort: 'high' }, { parent: PARENT }),
  ).route;
  const chained: Route = { ...live, name: 'parents', fallback: [live] };

  test('under a live parent its provider is the baseline, and delegation settings still come first (E27)', () => {
    const resolver = createResolver(testCatalog(), testSettings({ parent: PARENT })).under(chained);
    expect(routed(resolver.resolve({ task: { model: 'gpt-5-mini' }, call: {} })).route).toMatchObject({
      provider: 'openai',
    });
    const configured = createResolver(testCatalog(), testSettings({ delegation: { provider: 'lab' } }), {
      parent: chained,
    });
    expect(routed(configured.resolve({ task: {}, call: {} })).route).toMatchObject({ provider: 'lab' });
  });

  test("the parent's fallback chain is never inherited (F14, E13)", () => {
    const resolver = createResolver(testCatalog(), testSettings(), { parent: chained });
    for (const task of [{}, { model: 'gpt-5' }, { model: 'gpt-5-mini' }, { provider: 'anthropic' }]) {
      expect(routed(resolver.resolve({ task, call: {} })).route.fallback).toEqual([]);
    }
  });

  test("the parent's effort goes only onto its own provider and model (F29, E9)", () => {
    const resolver = createResolver(testCatalog(), testSettings(), { parent: live });
    const efforts = [
      {},
      { model: 'gpt-5' },
      { model: 'gpt-5-mini' },
      { provider: 'gateway', model: 'openai/gpt-5' },
    ].map((task) => routed(resolver.resolve({ task, call: {} })).route.reasoning_effort);
    expect(efforts).toEqual(['high', 'high', undefined, undefined]);
  });

  test('nothing set means nothing sent, not some global level (F30)', () => {
    const { route, source } = routed(resolve({ provider: 'openai' }));
    expect(route).not.toHaveProperty('reasoning_effort');
    expect(source).not.toHaveProperty('reasoning_effort');
  });

  test('what each layer said is kept verbatim', () => {
    const settings = testSettings({ parent: PARENT, delegation: { reasoning_effort: 'LOW' } });
    const task = { goal: 'x', model: ' gpt-5 —provider openai ', provider: '' };
    expect(routed(createResolver(testCatalog(), settings).resolve({ task, call: {} })).requested).toEqual({
      task: { model: ' gpt-5 —provider openai ' },
      config: { reasoning_effort: 'LOW' },
      parent: PARENT,
    });
  });
});

describe('notes', () => {
  test.each<[RouteRequest, readonly string[]]>([
    [{ provider: 'lab', model: 'new' }, ['unverified-model: lab/new is not in the known list']],
    [
      { provider: 'anthropic', reasoning_effort: 'max' },
      ['effort "max" became "high": anthropic/claude-sonnet-4-5 takes low, medium, high'],
    ],
    [
      { model: 'haiku', reasoning_effort: 'low' },
      ['effort "low" is left out: anthropic/claude-haiku-4-5 takes no reasoning effort'],
    ],
    [{ model: 'haiku', reasoning_effort: 'none' }, []],
    [
      { provider: 'lab', reasoning_effort: 'low' },
      ['effort "low" is sent as asked: the levels of lab/qwen3-32b are not known'],
    ],
    [{ provider: 'openai', reasoning_effort: 'low' }, []],
  ])('%j', (request, notes) => {
    expect(routed(resolve(request)).notes).toEqual(notes);
  });

  test('a route is not its own fallback: refused in a chain of its own, told where it is the common one', () => {
    const catalog = testCatalog([testProvider('lab', ['m', 'n'])]);
    const again = { provider: 'lab', model: 'm' };
    const own = { ...again, fallback: [{ provider: 'lab', model: 'n' }, again] };
    expect(refused(resolve({ route: 'r' }, { routes: new Map([['r', own]]) }, catalog))).toMatchObject([
      { code: 'ROUTE_INVALID', path: 'config.routes.r.fallback[1]', message: expect.stringContaining('"lab/m"') },
    ]);
    const { route, notes } = routed(resolve({}, { parent: again, fallback: [again] }, catalog));
    expect(route.fallback).toEqual([]);
    expect(notes).toEqual(['fallback 1: lab/m is in the chain already, and is left out']);
  });

  test('a key that leaves unencrypted over a network is told of (F24)', () => {
    const at = 'http://10.0.0.7:8000';
    const credential = { kind: 'env', name: 'LAB_KEY', authority: at } as const;
    const catalog = testCatalog([testProvider('lab', ['m'], { base_url: `${at}/v1`, credential })]);
    expect(routed(resolve({ provider: 'lab', model: 'm' }, {}, catalog)).notes).toEqual([
      `plain-http: the key goes to ${at} without encryption`,
    ]);
  });

  test("a fallback's notes say that they are a fallback's", () => {
    const settings = { parent: { provider: 'openai' }, fallback: [{ provider: 'lab', model: 'new' }] };
    expect(routed(resolve({}, settings)).notes).toEqual([
      'fallback 1: unverified-model: lab/new is not in the known list',
    ]);
  });
});

describe('a decision can be followed', () => {
  test('the trail tells alias, baseline, candidates, policy, key and effort', () => {
    const settings = testSettings({ parent: PARENT, aliases: new Map([['s', 'sonnet']]) });
    const resolver = createResolver(testCatalog(), settings);
    const steps = resolver.explain({ task: { model: 's', reasoning_effort: 'max' }, call: {} });
    expect(steps.map(({ text }) => text)).toEqual([
      '"s" is an alias of yours for "sonnet".',
      'The task asks for the model "s".',
      'The baseline provider is openrouter, named by the parent.',
      'The newest such model that openrouter offers is anthropic/claude-sonnet-4.5.',
      'openrouter/anthropic/claude-sonnet-4.5: effort "max" became "high": openrouter/anthropic/claude-sonnet-4.5 takes low, medium, high, asked by the task.',
      'openrouter/anthropic/claude-sonnet-4.5 is allowed.',
      'The key from OPENROUTER_API_KEY goes to https://openrouter.test and nowhere else.',
    ]);
  });

  test('an inherited route and its fallbacks are told in order', () => {
    const settings = testSettings({ parent: PARENT, fallback: [{ provider: 'lab' }] });
    const steps = createResolver(testCatalog(), settings).explain({ task: {}, call: {} });
    expect(steps.map(({ about }) => about)).toEqual([
      'layer',
      'policy',
      'credential',
      'fallback',
      'layer',
      'model',
      'policy',
      'credential',
    ]);
    expect(steps[3]?.text).toBe('Fallback 1 is {"provider":"lab"}.');
  });

  test('a search names the providers it weighed', () => {
    const resolver = createResolver(testCatalog(), testSettings({ parent: PARENT }));
    const steps = resolver.explain({ task: { model: 'only-on-groq' }, call: {} });
    expect(steps).toContainEqual({
      about: 'provider',
      text: 'openrouter does not list "only-on-groq"; of the providers with a credential, one offers it.',
      considered: ['groq/only-on-groq'],
    });
  });
});

/** Everything random at once: catalogs whose facts are all different, settings, requests. */
const IDS = ['m1', 'm2', 'v/m1', 'v/m2', 'claude-sonnet-4', 'claude-sonnet-4-5', 'v/claude-opus-5', 'p1/m1'] as const;
const PROVIDERS = ['p1', 'p2', 'p3', 'p4'] as const;

let serial = 0;
const arbitraryModel = fc
  .record({ id: fc.constantFrom(...IDS), own: fc.boolean(), reasoning: fc.option(fc.subarray([...EFFORTS])) })
  .map(({ id, own, reasoning }): ModelEntry => {
    serial += 1;
    return {
      id,
      price: { in: serial, out: serial },
      context: serial,
      ...(own ? { wire: 'anthropic-messages' } : {}),
      ...(reasoning === null ? {} : { reasoning }),
    };
  });
const arbitraryProvider = (id: string): fc.Arbitrary<ProviderEntry> =>
  fc
    .record({
      models: fc.uniqueArray(arbitraryModel, { selector: ({ id: name }) => name, maxLength: 5 }),
      usable: fc.boolean(),
      configured: fc.boolean(),
      open: fc.boolean(),
      default_model: fc.option(fc.constantFrom(...IDS), { freq: 3 }),
      family: fc.boolean(),
    })
    .map(({ models, usable, configured, open, default_model, family }) =>
      testProvider(id, models, {
        usable,
        configured,
        listing: open ? 'open' : 'closed',
        headers: { 'x-of': id },
        ...(default_model === null ? {} : { default_model }),
        ...(family ? { default_family: 'sonnet' } : {}),
      }),
    );
const arbitraryProviders = fc.tuple(...PROVIDERS.map(arbitraryProvider));

const arbitraryRequest = fc.record(
  {
    model: fc.constantFrom(
      ...IDS,
      'sonnet',
      'opus',
      'v/opus',
      'fast',
      'mine',
      'm1 --provider p2',
      'p2/m2',
      'inherit',
      'nope',
    ),
    provider: fc.constantFrom(...PROVIDERS, 'P1', 'other', ''),
    reasoning_effort: fc.constantFrom(...EFFORTS, 'lots'),
    route: fc.constantFrom('r1', 'r2'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<RouteRequest>;
/** Mostly plain requests: those that contradict themselves are refused, which shows little. */
const arbitraryPlain = arbitraryRequest.map(({ route, ...request }) =>
  route === undefined || request.model !== undefined || request.provider !== undefined
    ? request
    : { ...request, route },
);
const arbitrarySettings = fc
  .record({
    parent: fc.option(arbitraryPlain),
    delegation: arbitraryPlain,
    fallback: fc.array(arbitraryPlain, { maxLength: 2 }),
    aliases: fc.constant([
      ['fast', 'p2/m1'],
      ['mine', 'm2'],
    ] as [string, string][]),
    routes: fc.constant([
      ['r1', { provider: 'p1', model: 'sonnet', fallback: [{ provider: 'p2' }] }],
      ['r2', { provider: 'p3', model: 'm1', reasoning_effort: 'low' }],
    ] as [string, NamedRoute][]),
    strict: fc.boolean(),
    deny: fc.subarray(['p3', '*/v*']),
  })
  .map(({ parent, aliases, routes, strict, deny, ...rest }) =>
    testSettings({
      ...rest,
      ...(parent === null ? {} : { parent }),
      aliases: new Map(aliases),
      routes: new Map(routes),
      policy: { deny, effort_policy: strict ? 'strict' : 'clamp' },
    }),
  );
const arbitraryCase = fc.record({
  providers: arbitraryProviders,
  settings: arbitrarySettings,
  task: arbitraryPlain,
  call: arbitraryPlain,
});

const ALIASES = new Map([['other', 'p4']]);
const catalogOf = (providers: readonly ProviderEntry[]): Catalog =>
  testCatalog(providers, { provider_aliases: ALIASES });

function reversed(settings: RoutingSettings): RoutingSettings {
  return {
    ...settings,
    aliases: new Map([...settings.aliases].reverse()),
    routes: new Map([...settings.routes].reverse()),
  };
}

describe('properties', () => {
  test('every field of every route comes from one provider entry and one model entry (F16)', () => {
    let seen = 0;
    fc.assert(
      fc.property(arbitraryCase, ({ providers, settings, task, call }) => {
        const catalog = catalogOf(providers);
        const resolution = createResolver(catalog, settings).resolve({ task, call });
        if (!resolution.ok) return;
        for (const route of [resolution.route, ...resolution.route.fallback]) {
          seen += 1;
          const provider = catalog.providers.get(route.provider)!;
          const model = provider.models.get(route.model) ?? { id: route.model };
          expect(route).toMatchObject({
            base_url: provider.base_url,
            authority: new URL(provider.base_url).origin,
            wire: model.wire ?? provider.wire,
          });
          expect(route.credential).toBe(provider.credential);
          expect(route.headers).toBe(provider.headers);
          expect(route.price).toBe(model.price);
          expect(route.context).toBe(model.context);
        }
      }),
      { numRuns: 300 },
    );
    expect(seen).toBeGreaterThan(30);
  });

  test('no provider without a credential is ever chosen, by search or otherwise (F4, F24)', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ providers, settings, task, call }) => {
        const catalog = catalogOf(providers);
        const resolution = createResolver(catalog, settings).resolve({ task, call });
        if (!resolution.ok) return;
        for (const route of [resolution.route, ...resolution.route.fallback]) {
          expect(catalog.providers.get(route.provider)?.usable).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a model asked for without a provider never leaves a baseline that offers it (F14)', () => {
    fc.assert(
      fc.property(
        arbitraryProviders,
        fc.constantFrom(...PROVIDERS),
        fc.constantFrom(...IDS),
        (providers, baseline, model) => {
          const catalog = catalogOf(providers);
          if (!catalog.providers.get(baseline)?.models.has(model)) return;
          const resolution = createResolver(catalog, testSettings({ delegation: { provider: baseline } })).resolve({
            task: { model },
            call: {},
          });
          if (resolution.ok) expect(resolution.route).toMatchObject({ provider: baseline, model });
          else expect(resolution.issues.map(({ code }) => code)).toEqual(['CREDENTIAL_MISSING']);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('the order of configuration never changes a decision', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ providers, settings, task, call }) => {
        const shuffled = [...providers]
          .reverse()
          .map((provider) => ({ ...provider, models: new Map([...provider.models].reverse()) }));
        const one = createResolver(catalogOf(providers), settings).resolve({ task, call });
        const other = createResolver(catalogOf(shuffled), reversed(settings)).resolve({ task, call });
        expect(other).toEqual(one);
      }),
      { numRuns: 300 },
    );
  });

  test('the same request gets the same answer, whatever was asked before', () => {
    fc.assert(
      fc.property(
        arbitraryCase,
        fc.array(fc.tuple(arbitraryPlain, arbitraryPlain), { maxLength: 5 }),
        ({ providers, settings, task, call }, before) => {
          const resolver = createResolver(catalogOf(providers), settings);
          for (const [otherTask, otherCall] of before) resolver.resolve({ task: otherTask, call: otherCall });
          const fresh = createResolver(catalogOf(providers), settings).resolve({ task, call });
          expect(resolver.resolve({ task, call })).toEqual(fresh);
          expect(resolver.resolve({ task, call })).toBe(resolver.resolve({ task: { ...task }, call: { ...call } }));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('the same task under another call is another question', () => {
    const resolver = createResolver(testCatalog(), testSettings({ parent: PARENT }));
    const providers = ['gateway', 'openrouter', 'gateway'].map(
      (provider) => routed(resolver.resolve({ task: { model: 'shared-1' }, call: { provider } })).route.provider,
    );
    expect(providers).toEqual(['gateway', 'openrouter', 'gateway']);
  });

  test('an explicit provider and listed id are that route or an error, never another (F2, F3)', () => {
    const catalog = testCatalog();
    const pairs = testProviders().flatMap(({ id, models }) =>
      [...models.keys()].map((model) => ({ provider: id, model })),
    );
    fc.assert(
      fc.property(fc.constantFrom(...pairs), arbitrarySettings, arbitraryPlain, (pair, settings, call) => {
        const plain = { ...settings, aliases: new Map<string, string>() };
        const resolution = createResolver(catalog, plain).resolve({ task: pair, call });
        if (resolution.ok) expect(resolution.route).toMatchObject(pair);
      }),
      { numRuns: 200 },
    );
  });

  test('a refusal always has an issue, and every issue a place and a way out', () => {
    fc.assert(
      fc.property(arbitraryCase, ({ providers, settings, task, call }) => {
        const resolution = createResolver(catalogOf(providers), settings).resolve({ task, call });
        if (resolution.ok) return;
        expect(resolution.issues.length).toBeGreaterThan(0);
        for (const issue of resolution.issues) {
          expect(issue.path).toMatch(/^(task|call|config)\./);
          expect(issue.message).not.toBe('');
          expect(issue.hint).not.toBe('');
          expect(issue.suggestions.length).toBeLessThanOrEqual(3);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('any text in any field is decided or refused, never thrown', () => {
    const resolver = createResolver(testCatalog(), testSettings({ parent: PARENT }));
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('--provider', '/', '//', ':', 'custom:', '__proto__', '\u0000\ud800', 'constructor'),
    );
    fc.assert(
      fc.property(
        fc.record({ model: text, provider: text, reasoning_effort: text, route: text }, { requiredKeys: [] }),
        (task) => {
          const resolution = resolver.resolve({
            task: task as RouteRequest,
            call: {},
          });
          expect(resolution.ok || resolution.issues.length > 0).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
