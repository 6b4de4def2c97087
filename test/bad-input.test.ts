import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { exitCodeOfError } from '../src/cli/exit-code.ts';
import { DELEGATE_FIELDS, FIELD_NAMES } from '../src/core/call/delegate-fields.ts';
import { createYardmaster, DelegateError, type Store } from '../src/index.ts';
import { createMemoryStore, type ProviderServer, startProvider } from '../src/testing.ts';
import { type Ran, sandbox } from './sandbox.ts';

// Processes share the machine with everything else that is tested.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const GOAL = 'Say what this project is about.';
const KEYS = { KEY_A: 'sk-a-canary-0123456789', KEY_B: 'sk-b-canary-0123456789' };
const LONG = 'x'.repeat(1_048_576);
const servers: ProviderServer[] = [];
let store: Store;

beforeAll(async () => {
  servers.push(
    await startProvider({ wire: 'openai-chat', key: KEYS.KEY_A, models: ['small', 'large', 'shared'] }),
    await startProvider({ wire: 'anthropic-messages', key: KEYS.KEY_B, models: ['other', 'another', 'shared'] }),
  );
});
beforeEach(() => {
  for (const server of servers) server.reset();
  store = createMemoryStore();
});
afterAll(async () => {
  for (const server of servers) await server.close();
});

/** Two providers with keys, one without, and everything a call can name. */
function config(delegation: object = {}): object {
  const [alpha, beta] = servers as [ProviderServer, ProviderServer];
  return {
    model: { provider: 'alpha', model: 'small' },
    providers: {
      alpha: {
        ...reach(alpha),
        key_env: 'KEY_A',
        models: [{ id: 'small', reasoning: ['low', 'high'], price: { in: 1, out: 2 } }, 'large', 'shared', 'plain'],
      },
      beta: {
        ...reach(beta),
        key_env: 'KEY_B',
        models: [{ id: 'other', vision: false, price: { in: 9, out: 90 } }, 'another', { id: 'shared', tools: false }],
      },
      gamma: { ...reach(alpha), auth: 'none', models: ['none'] },
      keyless: { ...reach(alpha), key_env: 'KEY_C', models: ['hidden'] },
    },
    aliases: { fast: 'alpha/large' },
    routes: { reviewer: { provider: 'beta', model: 'other' } },
    delegation,
  };
}

function reach({ wire, base_url }: ProviderServer): object {
  return { wire, base_url };
}

/** Refuses, or the test fails. Whatever it refuses, nothing was sent and nothing was stored. */
async function refusalOf(args: unknown, delegation?: object): Promise<DelegateError> {
  await using yard = await createYardmaster({ config: config(delegation), env: KEYS, store });
  const error = await yard.delegate(args).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DelegateError);
  expect(servers.flatMap(({ requests }) => requests)).toEqual([]);
  expect(await store.tasks()).toEqual([]);
  expect(exitCodeOfError(error as DelegateError)).toBe(2);
  return error as DelegateError;
}

function tellsWhatToDo(error: DelegateError): void {
  const said = [error, ...error.issues];
  expect(said.filter(({ message }) => message.trim() === '')).toEqual([]);
  expect(error.issues.filter(({ hint }) => hint.trim() === '')).toEqual([]);
  const text = `${error.message}${error.hint}${JSON.stringify(error.issues)}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point.
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(text).not.toContain('canary');
}

const two = (first: object, second: object = {}): object => ({
  tasks: [
    { goal: GOAL, ...first },
    { goal: GOAL, ...second },
  ],
});

/** What is asked → every issue as `path code`, with what the error has to say of it. */
const REFUSED: readonly [what: string, args: unknown, issues: Record<string, string>, delegation?: object][] = [
  ['an unknown provider', two({}, { provider: 'alhpa' }), { 'tasks[1].provider PROVIDER_UNKNOWN': '"alhpa" "alpha"' }],
  ['an unknown model', two({ model: 'smal' }), { 'tasks[0].model MODEL_UNKNOWN': '"smal" "small"' }],
  [
    'an unknown model of a named provider',
    two({ model: 'othr', provider: 'beta' }),
    { 'tasks[0].model MODEL_UNKNOWN': '"othr" beta "other"' },
  ],
  ['a misspelt alias', two({ model: 'fats' }), { 'tasks[0].model MODEL_UNKNOWN': '"fats" "fast"' }],
  [
    'an unknown effort',
    two({ reasoning_effort: 'hihg' }),
    { 'tasks[0].reasoning_effort EFFORT_INVALID': '"hihg" "high"' },
  ],
  ['an unknown field', two({ modle: 'small' }), { 'tasks[0].modle REQUEST_INVALID': '"modle" "model"' }],
  ['an unknown toolset', two({ toolsets: ['raed'] }), { 'tasks[0].toolsets[0] TOOLSET_DENIED': '"raed" "read"' }],
  ['an unknown route', two({ route: 'reviewr' }), { 'tasks[0].route ROUTE_UNKNOWN': '"reviewr" "reviewer"' }],
  ['an unknown name for all tasks', { ...two({}), route: 'reviewr' }, { 'route ROUTE_UNKNOWN': '"reviewer"' }],
  [
    'a provider twice, differently',
    two({ model: 'large --provider alpha', provider: 'beta' }),
    { 'tasks[0].provider ROUTE_CONFLICT': '"beta" alpha' },
  ],
  [
    'a provider in the model object and another beside it',
    two({ model: { model: 'large', provider: 'alpha' }, provider: 'beta' }),
    { 'tasks[0].provider ROUTE_CONFLICT': '"beta" alpha' },
  ],
  [
    'an alias with its provider, and another provider',
    two({ model: 'fast', provider: 'beta' }),
    { 'tasks[0].model ROUTE_CONFLICT': '"fast" "alpha/large" "beta"' },
  ],
  [
    'a route and a model',
    two({ route: 'reviewer', model: 'small' }),
    { 'tasks[0].route ROUTE_CONFLICT': '"reviewer"' },
  ],
  [
    'a route and a provider',
    two({ route: 'reviewer', provider: 'beta' }),
    { 'tasks[0].route ROUTE_CONFLICT': '"reviewer"' },
  ],
  [
    'a dangling --provider',
    two({ model: 'small --provider' }),
    { 'tasks[0].model ROUTE_INVALID': '"small --provider"' },
  ],
  ['another flag', two({ model: 'small --global' }), { 'tasks[0].model ROUTE_INVALID': '"--global"' }],
  [
    'a provider without its key',
    two({ provider: 'keyless' }),
    { 'tasks[0].provider CREDENTIAL_MISSING': 'keyless KEY_C' },
  ],
  [
    'a model that only a provider without its key has',
    two({ model: 'hidden' }),
    { 'tasks[0].model MODEL_UNKNOWN': '"hidden" keyless' },
  ],
  [
    'a provider with many models and no default',
    two({ provider: 'beta' }),
    { 'tasks[0].model MODEL_REQUIRED': '"beta" "another"' },
  ],
  [
    'a model that several have',
    two({ model: 'shared' }),
    { 'tasks[0].model MODEL_AMBIGUOUS': '"shared" alpha beta' },
    { provider: 'gamma' },
  ],
  [
    'what is denied',
    two({ model: 'large' }),
    { 'tasks[0].model ROUTE_DENIED': '"alpha/large" delegation.deny "alpha/l*"' },
    { deny: ['alpha/l*'] },
  ],
  [
    'what is not allowed',
    two({ route: 'reviewer' }),
    { 'tasks[0].route ROUTE_DENIED': '"beta/other"' },
    { allow: ['alpha/*'] },
  ],
  [
    'what is too dear',
    two({ route: 'reviewer' }),
    { 'tasks[0].route ROUTE_DENIED': '"beta/other" 90' },
    { max_price: 10 },
  ],
  [
    'what is dearer than the parent',
    two({ route: 'reviewer' }),
    { 'tasks[0].route ROUTE_DENIED': '"beta/other"' },
    { above_parent_price: 'deny' },
  ],
  [
    'what somebody would have to be asked about, and nobody is there (F45)',
    two({ route: 'reviewer' }),
    { 'tasks[0].route ROUTE_DENIED': '"beta/other" "ask"' },
    { above_parent_price: 'ask' },
  ],
  [
    'a choice where there is none',
    two({ reasoning_effort: 'low' }),
    { 'tasks[0].reasoning_effort ROUTE_DENIED': '"low"' },
    { selection: 'off' },
  ],
  [
    'a model where only routes may be chosen',
    two({ model: 'large' }),
    { 'tasks[0].model ROUTE_DENIED': '"large"' },
    { selection: 'routes' },
  ],
  [
    'an effort the model lacks, strictly',
    two({ reasoning_effort: 'max' }),
    { 'tasks[0].reasoning_effort EFFORT_INVALID': '"max" high' },
    { effort_policy: 'strict' },
  ],
  [
    'a toolset above the ceiling',
    two({ toolsets: ['read'] }),
    { 'tasks[0].toolsets[0] TOOLSET_DENIED': '"read"' },
    { toolsets: [] },
  ],
  [
    'images for a model without eyes',
    two({ route: 'reviewer', images: ['a.png'] }),
    { 'tasks[0].images ABILITY_MISSING': '"beta/other"' },
  ],
  [
    'tools for a model without hands',
    two({ provider: 'beta', model: 'shared' }),
    { 'tasks[0].toolsets ABILITY_MISSING': '"beta/shared" read' },
  ],
  [
    'a budget in money where nobody knows the price',
    two({ model: 'plain', budget: { usd: 1 } }),
    { 'tasks[0].budget BUDGET_EXCEEDED': '"alpha/plain" "1"' },
  ],
  ['an image that is not there', two({ images: ['none.png'] }), { 'tasks[0].images[0] REQUEST_INVALID': '"none.png"' }],
  [
    'a schema that is none',
    two({ output_schema: { type: 'strnig' } }),
    { 'tasks[0].output_schema REQUEST_INVALID': 'JSON Schema' },
  ],
  ['an empty goal', two({}, { goal: '' }), { 'tasks[1].goal REQUEST_INVALID': 'blank' }],
  ['a blank goal', two({ goal: ' \n\t ' }), { 'tasks[0].goal REQUEST_INVALID': 'blank' }],
  ['a placeholder', two({ goal: '<insert goal here>' }), { 'tasks[0].goal REQUEST_INVALID': '"<insert goal here>"' }],
  ['a goal of one word in a batch', two({ goal: 'Fix it' }), { 'tasks[0].goal REQUEST_INVALID': '"Fix it" 10' }],
  ['no goal', { tasks: [{ context: 'x' }] }, { 'tasks[0].goal REQUEST_INVALID': 'no goal' }],
  ['no tasks', { tasks: [] }, { 'tasks REQUEST_INVALID': 'empty' }],
  ['nothing at all', {}, { 'tasks REQUEST_INVALID': 'nothing to delegate' }],
  [
    '10,000 tasks',
    { tasks: Array.from({ length: 10_000 }, () => ({ goal: GOAL })) },
    { 'tasks LIMIT_EXCEEDED': '"10000" 100' },
  ],
  ['tasks as broken JSON', { tasks: '[{"goal":' }, { 'tasks REQUEST_INVALID': 'not JSON' }],
  [
    'tasks as JSON that says a thing twice',
    { tasks: `[{"goal":"${GOAL}","model":"small","model":"large"}]` },
    { 'tasks REQUEST_INVALID': '"model" twice' },
  ],
  ['tasks as a mapping', { tasks: { goal: GOAL } }, { 'tasks REQUEST_INVALID': 'list of tasks' }],
  [
    'numbers as text',
    two({ timeout_seconds: '10', budget: { turns: '3' } }),
    { 'tasks[0].timeout_seconds REQUEST_INVALID': '"10"', 'tasks[0].budget.turns REQUEST_INVALID': '"3"' },
  ],
  [
    'text as numbers',
    two({ goal: 7, model: 4 }),
    { 'tasks[0].goal REQUEST_INVALID': '"7"', 'tasks[0].model REQUEST_INVALID': '"4"' },
  ],
  ['an argument that is no object', 'do it', { ' REQUEST_INVALID': '"do it"' }],
  ['a list', [{ goal: GOAL }], { ' REQUEST_INVALID': 'list' }],
  [
    'an address and a key',
    { ...two({}), base_url: 'http://127.0.0.1:1', api_key: 'x' },
    { 'base_url REQUEST_INVALID': 'configuration', 'api_key REQUEST_INVALID': 'configuration' },
  ],
  [
    '__proto__',
    JSON.parse(`{"tasks":[{"goal":"${GOAL}","__proto__":{"model":"large"}}]}`),
    { 'tasks[0].__proto__ REQUEST_INVALID': '"__proto__"' },
  ],
  ['NUL in a goal', two({ goal: `${GOAL}\u0000` }), { 'tasks[0].goal REQUEST_INVALID': '\\u0000' }],
  ['an escape sequence in a model', two({ model: 'small\u001b[2J' }), { 'tasks[0].model ROUTE_INVALID': '\\u001b' }],
  [
    'a name that looks like another',
    two({ provider: 'al\u200bpha' }),
    { 'tasks[0].provider ROUTE_INVALID': '\\u200b' },
  ],
  [
    'everything at once',
    {
      tasks: [
        { goal: 'todo' },
        { goal: GOAL, modle: 'x', provider: 'nobody' },
        { goal: GOAL, reasoning_effort: 'lots' },
      ],
      conext: '',
    },
    {
      'conext REQUEST_INVALID': '"context"',
      'tasks[0].goal REQUEST_INVALID': '"todo"',
      'tasks[1].modle REQUEST_INVALID': '"model"',
      'tasks[1].provider PROVIDER_UNKNOWN': '"nobody"',
      'tasks[2].reasoning_effort EFFORT_INVALID': '"lots"',
    },
  ],
];

describe('a call is refused before anything is sent or stored', () => {
  test.each(REFUSED)('%s', async (_what, args, expected, delegation) => {
    const error = await refusalOf(args, delegation);
    tellsWhatToDo(error);
    expect(error.issues.map(({ path, code }) => `${path} ${code}`)).toEqual(Object.keys(expected));
    for (const [at, words] of Object.values(expected).entries()) {
      const { message, hint } = error.issues[at]!;
      for (const word of words.match(/"[^"]*"|\S+/g)!) expect(`${message} ${hint}`).toContain(word);
      expect(error.message).toContain(message);
    }
  });

  test.each(FIELD_NAMES)(
    '1 MB in "%s", with control characters or without, is refused in a few words',
    async (name) => {
      const { kind, inTask } = DELEGATE_FIELDS[name];
      const values: unknown[] = [LONG, `\u001b[2J\u0000${LONG}`, ['\u0007'.repeat(1_048_576)]];
      // A schema is an object that may say what it likes, within its size.
      values.push(kind.schema.type === 'object' ? { a: LONG } : { ['\u0007'.repeat(1_048_576)]: 1 });
      for (const value of values) {
        const error = await refusalOf(
          inTask ? { tasks: [{ goal: GOAL, [name]: value }] } : { goal: GOAL, [name]: value },
        );
        tellsWhatToDo(error);
        expect(JSON.stringify(error).length).toBeLessThan(3_000);
      }
    },
  );

  test('nesting without end and a flood of fields', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level++) deep = { deep };
    const flood = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`field ${n}`, n]));
    for (const args of [
      { goal: GOAL, output_schema: { deep } },
      { goal: GOAL, deep },
      { goal: GOAL, ...flood },
      { tasks: deep },
    ]) {
      const error = await refusalOf(args);
      tellsWhatToDo(error);
      expect(JSON.stringify(error).length).toBeLessThan(150_000);
    }
  });

  test('whatever a call holds: what is wrong with it is said, or it is explained', async () => {
    await using yard = await createYardmaster({ config: config(), env: KEYS, store });
    const name = fc.constantFrom(
      'small',
      'shared',
      'fast',
      'alpha',
      'beta',
      'reviewer',
      'low',
      '',
      ' ',
      'x\u0007',
      '—provider',
    );
    const field = fc.constantFrom('model', 'provider', 'reasoning_effort', 'route', 'context', 'toolsets', 'budget');
    const fields = fc.dictionary(field, fc.oneof(name, name, fc.anything()), { maxKeys: 4 });
    fc.assert(
      fc.property(fields, fc.array(fields, { maxLength: 3 }), (top, tasks) => {
        try {
          yard.explain({ tasks: tasks.map((task) => ({ goal: GOAL, ...task })), ...top });
        } catch (error) {
          expect(error).toBeInstanceOf(DelegateError);
          expect(exitCodeOfError(error as DelegateError)).toBe(2);
          tellsWhatToDo(error as DelegateError);
        }
      }),
    );
  });
});

/** What stands in the configuration → what is said about it. */
const CONFIGS: readonly [what: string, text: string, says: RegExp][] = [
  ['broken YAML', 'providers: [', /config\.yaml:\d+:\d+/],
  ['an unknown key', 'delegation: { alow: [] }', /config\.yaml:1:15.*"alow".*\n.*"allow"/],
  ['a key twice', 'model: a/b\nmodel: c/d\n', /config\.yaml:2:1/],
  [
    'a known provider at another address, without a key of its own',
    'providers: { openai: { base_url: "http://127.0.0.1:9/v1" } }',
    /base_url/,
  ],
  [
    'a key for another address',
    'providers: { openai: { base_url: "http://127.0.0.1:9/v1", key_env: OPENAI_API_KEY } }',
    /OPENAI_API_KEY/,
  ],
  ['a number as text', 'delegation: { max_turns: "5" }', /config\.yaml:1:26.*"5" is not a number/],
  ['control characters in a value', 'delegation: { on_mismatch: "a\\u001b[2J" }', /"a\\u001b\[2J" is not one of/],
  [
    'control characters in a key',
    `delegation: { "a\\u001b[2J${'b'.repeat(1_000)}": 1 }`,
    /"a\\u001b\[2Jb+…" \(\d+ characters\) is not a key/,
  ],
  ['__proto__', '__proto__: { model: x }', /__proto__/],
  ['nesting without end', '['.repeat(10_000), /config\.yaml/],
  ['NUL bytes', 'model: a\u0000', /not a text file/],
  ['a text of 1 MB', `model: ${'x'.repeat(1_000_000)}`, /./],
  [
    'aliases upon aliases',
    `a: &a [x]\n${Array.from({ length: 120 }, (_, n) => `b${n}: *a`).join('\n')}`,
    /config\.yaml/,
  ],
];

describe('a configuration is refused', () => {
  test.each(CONFIGS)('%s', async (_what, text, says) => {
    using box = sandbox(text, { OPENAI_API_KEY: 'sk-canary-0123456789abcdef' });
    const options = { cwd: box.cwd, env: box.env, store };
    // What only a call shows is refused with the call.
    const error = await createYardmaster(options)
      .then((yard) => yard.delegate({ goal: GOAL }))
      .then(
        () => undefined,
        (thrown: DelegateError) => thrown,
      );
    expect(error).toBeInstanceOf(DelegateError);
    expect(exitCodeOfError(error!)).toBe(2);
    tellsWhatToDo(error!);
    expect(JSON.stringify(error).length).toBeLessThan(3_000);
    expect(
      `${error!.issues.map(({ path, message, hint }) => `${path} ${message}\n${hint}`).join('\n')}\n${error!.message}`,
    ).toMatch(says);
    expect(await store.tasks()).toEqual([]);
  });
});

describe.concurrent('the command', () => {
  /** Exit 2, nothing sent, no store, and with `--json` one document that tells it. */
  function refused({ code, stdout }: Ran, home: string): DelegateError {
    expect(code).toBe(2);
    expect(servers.flatMap(({ requests }) => requests)).toEqual([]);
    expect(existsSync(join(home, 'yardmaster.db'))).toBe(false);
    expect(stdout.endsWith('\n')).toBe(true);
    return (JSON.parse(stdout) as { error: DelegateError }).error;
  }

  test('tells every problem with its place, in text and as JSON', async () => {
    using box = sandbox(config(), KEYS);
    box.write('batch.json', JSON.stringify(REFUSED.at(-1)![1]));
    const [text, json] = await Promise.all([
      box.run(['delegate', 'batch.json']),
      box.run(['delegate', 'batch.json', '--json']),
    ]);
    expect(text).toMatchObject({ code: 2, stdout: '' });
    expect(text.stderr.trimEnd()).toMatchInlineSnapshot(`
      "refused 5 problems; nothing was started, nothing was sent.
        ✘ conext REQUEST_INVALID There is no field "conext" here.
          → Did you mean "context"?
        ✘ tasks[0].goal REQUEST_INVALID The goal "todo" is a placeholder.
          → Say in full what this child is to do; it knows nothing else.
        ✘ tasks[1].modle REQUEST_INVALID There is no field "modle" here.
          → Did you mean "model"?
        ✘ tasks[1].provider PROVIDER_UNKNOWN There is no provider "nobody".
          → Ready here: alpha, beta, gamma, llamacpp, lmstudio, ollama, vllm. Define others under "providers:".
        ✘ tasks[2].reasoning_effort EFFORT_INVALID "lots" is no reasoning effort.
          → The levels are none, minimal, low, medium, high, xhigh, max."
    `);
    expect(refused(json, box.home).issues).toHaveLength(5);
    expect(json.stderr).toBe('');
  });

  test.each<[string, readonly string[], string | Uint8Array | undefined, RegExp]>([
    ['stdin that is empty', ['-'], ' \n', /stdin is empty/],
    [
      'YAML that is broken',
      ['-'],
      'tasks:\n  - goal: [1, 2\n',
      /stdin is neither JSON nor YAML: .*\(line 3, column 1\)/,
    ],
    ['YAML that says a thing twice', ['-'], `tasks:\n  - goal: ${GOAL}\n    goal: ${GOAL}\n`, /line 3, column 5/],
    ['JSON that says a thing twice', ['-'], `{"goal":"${GOAL}","model":"small","model":"large"}`, /column 59/],
    ['YAML with a tag', ['-'], `goal: !secret ${GOAL}\n`, /!secret/],
    [
      'YAML that grows without end',
      ['-'],
      `${'abcdefghij'
        .split('')
        .map((x, n, all) => `${x}: &${x} [${n === 0 ? 1 : Array(9).fill(`*${all[n - 1]}`)}]`)
        .join('\n')}\ntasks: *j`,
      /alias/,
    ],
    ['bytes that are no text', ['-'], new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), /not UTF-8/],
    ['a file that is not there', ['none.yaml'], undefined, /"none.yaml" does not exist/],
    ['a folder', ['.'], undefined, /"\." is a folder/],
    ['a file without end', ['/dev/zero'], undefined, /more than 134217728 bytes/],
    ['neither a file nor a goal', [], undefined, /nothing to delegate/],
    ['a file and a goal', ['batch.json', '-g', GOAL], undefined, /Both/],
    ['a flag against the file', ['-', '-m', 'large'], `{"goal":"${GOAL}","model":"small"}`, /"large".*"small"/],
    ['toolsets for tasks that are text', ['-', '--toolsets', 'read'], `{"tasks":"[]"}`, /no list/],
    ['an unknown option', ['--modle', 'x'], undefined, /unknown option '--modle'/],
    ['an unknown provider', ['-g', GOAL, '--provider', 'alhpa'], undefined, /"alhpa"/],
  ])('refuses %s', async (_what, args, stdin, says) => {
    using box = sandbox(config(), KEYS);
    const ran = await box.run(['delegate', ...args, '--json'], stdin === undefined ? {} : { stdin });
    const { message } = refused(ran, box.home);
    expect(message).toMatch(says);
    expect(message.length).toBeLessThan(500);
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    ['is a folder', (file) => mkdirSync(file), /is a folder/],
    ['cannot be read', (file) => symlinkSync(file, file), /cannot be read \(ELOOP\)/],
    ['has 50 MB', (file) => writeFileSync(file, Buffer.alloc(50 * 1024 * 1024, 'a')), /52,428,800 bytes/],
    ['is not there', () => undefined, /does not exist/],
  ])('refuses a configuration that %s', async (_what, make, says) => {
    using box = sandbox(undefined, KEYS);
    const file = join(box.cwd, 'my.yaml');
    make(file);
    const ran = await box.run(['delegate', '-g', GOAL, '--json', '--config', file]);
    expect(refused(ran, box.home)).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(says) });
  });
});

test('tasks as a JSON string are taken', async () => {
  await using yard = await createYardmaster({ config: config(), env: KEYS, store });
  const args: unknown = { tasks: JSON.stringify([{ goal: GOAL, model: 'large' }]) };
  const { results } = await yard.delegate(args);
  expect(results).toMatchObject([{ status: 'completed', route: { sent: { model: 'large' } } }]);
});
