import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DelegateError } from '../core/errors.ts';
import { parseConfig } from './parse-config.ts';

const parse = (text: string) => parseConfig(text, { file: 'config.yaml', kind: 'user' });

function refusalOf(text: string): DelegateError {
  try {
    parse(text);
  } catch (thrown) {
    if (thrown instanceof DelegateError) return thrown;
    throw thrown;
  }
  throw new Error('It was accepted.');
}

/** What a person reads: the message, and below it what to do. */
function said(text: string): string {
  const { code, message, hint } = refusalOf(text);
  return [code, message, ...(hint === '' ? [] : [hint])].join('\n');
}

describe('a configuration file', () => {
  test('may say everything the documentation has', () => {
    const { config } = parse(DOCUMENTED);
    expect(config.delegation?.budget).toEqual({ usd: 5, tokens: 2_000_000 });
    expect(config.providers?.anthropic).toEqual({});
    expect(config.providers?.lab?.models).toHaveLength(2);
    expect(config.store).toEqual({});
  });

  test('may be JSON, with tabs', () => {
    expect(parse('{\n\t"model": "anthropic/sonnet",\n\t"delegation": { "max_turns": 3 }\n}').config).toEqual({
      model: 'anthropic/sonnet',
      delegation: { max_turns: 3 },
    });
  });

  test.each(['', '# nothing yet\n', '---\n', '\uFEFF{}', '~'])('may be empty: %j', (text) => {
    expect(parse(text).config).toEqual({});
  });

  test('a key without a value says nothing; a provider without settings is a provider', () => {
    expect(parse('delegation:\n  model:\n  max_turns: ~\nproviders:\n  anthropic:\n').config).toEqual({
      delegation: {},
      providers: { anthropic: {} },
    });
  });

  test('an explicit off may be written as none or as false', () => {
    expect(parse('delegation: { reasoning_effort: false }').config.delegation?.reasoning_effort).toBe(false);
    expect(parse('delegation: { reasoning_effort: none }').config.delegation?.reasoning_effort).toBe('none');
  });

  test('all problems are told at once, in the order of the file, with the nearest known names', () => {
    expect(
      said(`provders: {}
delegation:
  selecton: open
  max_turns: two
  reasoning_effort: hi
  allow: anthropic/*
  budget: { usd: -1, tokens: 0.5 }
  timeout_seconds: 0
model: { modle: x, provider: 3 }
toolsets: [Read]
history: { keep_days: 1.5 }
`),
    ).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      12 problems; nothing was started:
        config.yaml:1:1 provders: "provders" is not a key of the configuration. Did you mean "providers"?
        config.yaml:3:3 delegation.selecton: "selecton" is not a key of "delegation". Did you mean "selection"?
        config.yaml:4:14 delegation.max_turns: "two" is not a number. docs/configuration.md lists what may stand here.
        config.yaml:5:21 delegation.reasoning_effort: "hi" is not one of none, minimal, low, medium, high, xhigh, max, false. docs/configuration.md lists what may stand here.
        config.yaml:6:10 delegation.allow: "anthropic/*" is not a list. Write it as [a, b].
        config.yaml:7:18 delegation.budget.usd: "-1" is too small: the least is 0. docs/configuration.md lists what may stand here.
        config.yaml:7:30 delegation.budget.tokens: "0.5" is not a whole number. docs/configuration.md lists what may stand here.
        config.yaml:8:20 delegation.timeout_seconds: "0" is not more than 0. docs/configuration.md lists what may stand here.
        config.yaml:9:10 model.modle: "modle" is not a key of "model". Did you mean "model"?
        config.yaml:9:30 model.provider: "3" is not a text. Put it in quotes.
        config.yaml:10:12 toolsets[0]: "Read" has characters that cannot stand here. docs/configuration.md lists what may stand here.
        config.yaml:11:23 history.keep_days: "1.5" is not a whole number. docs/configuration.md lists what may stand here."
    `);
  });

  test('providers and routes are told the same way', () => {
    expect(
      said(`providers:
  lab:
    base_url: ''
    wire: chat
    key_env: [LAB_KEY, 1-2]
    models: [qwen, { id: llama, context: 0, price: { inn: 2 }, released: soon }, 3]
    max_in_fligt: 3
routes:
  reviewer: { provider: anthropic }
  other: opus
aliases: { fast: 3, slow: '' }
mcp_servers: { docs: { command: [], args: [x] } }
delegation: { fallback: [{ provider: x, modl: y }], on_mismatch: ignore }
`),
    ).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      16 problems; nothing was started:
        config.yaml:3:15 providers.lab.base_url: It is empty. Give it a value, or leave the key out.
        config.yaml:4:11 providers.lab.wire: "chat" is not one of openai-chat, openai-responses, anthropic-messages, ai-sdk. docs/configuration.md lists what may stand here.
        config.yaml:5:24 providers.lab.key_env[1]: The value has characters that cannot stand here. docs/configuration.md lists what may stand here.
        config.yaml:6:42 providers.lab.models[1].context: "0" is too small: the least is 1. docs/configuration.md lists what may stand here.
        config.yaml:6:54 providers.lab.models[1].price.inn: "inn" is not a key of "providers.lab.models[1].price". Did you mean "in"?
        config.yaml:6:74 providers.lab.models[1].released: "soon" is not a day. Write it as 2026-08-01, in quotes.
        config.yaml:6:82 providers.lab.models[2]: "3" is not one of a text, a mapping. docs/configuration.md lists what may stand here.
        config.yaml:7:5 providers.lab.max_in_fligt: "max_in_fligt" is not a key of "providers.lab". Did you mean "max_in_flight"?
        config.yaml:9:3 routes.reviewer.model: "model" is missing. docs/configuration.md lists what may stand here.
        config.yaml:10:10 routes.other: "opus" is not a mapping. Write keys and values below it.
        config.yaml:11:18 aliases.fast: "3" is not a text. Put it in quotes.
        config.yaml:11:27 aliases.slow: It is empty. Give it a value, or leave the key out.
        config.yaml:12:33 mcp_servers.docs.command: It is empty. Give it a value, or leave the key out.
        config.yaml:12:37 mcp_servers.docs.args: "args" is not a key of "mcp_servers.docs". It has command, env, cwd, url, headers, tools.
        config.yaml:13:41 delegation.fallback[0].modl: "modl" is not a key of "delegation.fallback[0]". Did you mean "model"?
        config.yaml:13:66 delegation.on_mismatch: "ignore" is not one of fail, warn. docs/configuration.md lists what may stand here."
    `);
  });

  test.each([
    ['a key twice', 'model: a\nmodel: b\n'],
    ['a list that is not closed', 'toolsets: [read\nmodel: x\n'],
    ['a wrong indent', 'delegation:\n  model: a\n max_turns: 3\n'],
    ['a tab', 'delegation:\n\tmodel: a\n'],
    ['a quote that is not closed', 'model: "a\n'],
    ['an alias of nothing', 'model: *nowhere\n'],
    ['a list', '- model: a\n'],
    ['a text', 'anthropic/sonnet\n'],
    ['two documents', 'model: a\n---\nmodel: b\n'],
    ['a mapping as a key', '? { a: b }\n: c\n'],
  ])('%s is refused with its position', (name, text) => {
    expect(`${name}: ${said(text)}`).toMatchSnapshot();
  });

  test.each(['__proto__', 'constructor', 'prototype'])('"%s" cannot be a key, wherever it stands', (key) => {
    for (const text of [`${key}: { x: 1 }`, `providers:\n  ${key}: {}`, `aliases: { "${key}": a/b }`]) {
      expect(refusalOf(text).message).toContain(`"${key}" cannot be a key.`);
    }
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('aliases may be used, but not multiplied', () => {
    expect(parse('aliases: { a: &x lab/q, b: *x }').config.aliases).toEqual({ a: 'lab/q', b: 'lab/q' });
    const row = (name: string, of: string): string => `${name}: &${name} [${Array(10).fill(of).join(', ')}]\n`;
    const bomb = `${row('a', 'x')}${row('b', '*a')}${row('c', '*b')}${row('d', '*c')}${row('e', '*d')}`;
    expect(said(bomb)).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      config.yaml:1:1: It repeats itself through aliases more than 100 times.
      Write the values out."
    `);
  });

  test.each(['[', '{a: ', '- '])('50,000 times %j is an answer, not a crash', (piece) => {
    expect(said(piece.repeat(50_000))).toContain('CONFIG_INVALID');
  });

  test('a key in the wrong place is never repeated in the message (F28)', () => {
    const text = 'providers:\n  lab:\n    api_key: [sk-canary-1234567890]\n    headers: { x-a: 31337 }\n';
    expect(refusalOf(text).message).not.toMatch(/canary|31337/);
    expect(JSON.stringify(refusalOf(text))).not.toMatch(/canary|31337/);
    for (const broken of [
      'api_key: "a" sk-canary-1',
      'api_key: \'a\' "sk-canary-1"',
      'key_env: sk-canary-1',
      'api_key: [sk-canary-1',
      'api_key: @sk-canary-1',
      'api_key: !sk-canary-1 x',
      '? api_key\n    sk-canary-1: 1: 2',
    ]) {
      expect(JSON.stringify(refusalOf(`providers:\n  lab:\n    ${broken}\n`))).not.toContain('canary');
    }
    expect(refusalOf('providers: { lab: { api_key: 1234567890 } }').message).not.toContain('1234567890');
  });

  test('a long value is cut in the message', () => {
    expect(refusalOf(`delegation: { selection: ${'x'.repeat(100_000)} }`).message.length).toBeLessThan(400);
  });

  test('a misspelled key is always found, whatever its neighbours', () => {
    const keys = [
      'model',
      'providers',
      'aliases',
      'routes',
      'delegation',
      'budgets',
      'toolsets',
      'profiles',
      'history',
    ];
    fc.assert(
      fc.property(fc.subarray(keys, { minLength: 1 }), fc.nat({ max: 3 }), (chosen, cut) => {
        const wrong = chosen.map((key) => `${key.slice(0, cut + 1)}x${key.slice(cut + 1)}`);
        const { issues } = refusalOf(
          wrong.map((key) => `${key}: ~\n`).join('') + wrong.map((key) => `${key}y: 1\n`).join(''),
        );
        expect(issues).toHaveLength(wrong.length);
      }),
      { numRuns: 30 },
    );
  });

  test('any text gives a configuration or a CONFIG_INVALID with a position', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(fc.constantFrom(...'{}[]:,-&*!|>\'"#?%@`\n\t ab1'), { maxLength: 60 }).map((c) => c.join('')),
        ),
        (text) => {
          try {
            parse(text);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(DelegateError);
            expect((thrown as DelegateError).code).toBe('CONFIG_INVALID');
            for (const { path } of (thrown as DelegateError).issues) expect(path).toMatch(/^config\.yaml:\d+:\d+/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

const DOCUMENTED = `
model: { provider: anthropic, model: sonnet, reasoning_effort: medium }
providers:
  anthropic: {}
  lab:
    base_url: http://127.0.0.1:8080/v1
    wire: openai-chat
    key_env: LAB_KEY
    models: [qwen3-32b, { id: llama-70b, context: 131072, price: { in: 0.2, out: 0.6 }, reasoning: [low, medium, high], tools: true, vision: false }]
    default_model: qwen3-32b
    max_in_flight: 4
    rpm: 60
aliases: { fast: groq/llama-3.3-70b, mine: lab/qwen3-32b }
routes:
  reviewer: { provider: anthropic, model: opus, reasoning_effort: high, description: "deep review", fallback: [ { provider: openrouter, model: anthropic/opus } ], tags: [no-train] }
delegation:
  model: ~
  selection: open
  allow: ["*"]
  deny: []
  above_parent_price: allow
  on_mismatch: fail
  effort_policy: clamp
  toolsets: [read]
  max_concurrent_children: 10
  max_spawn_depth: 1
  budget: { usd: 5, tokens: 2_000_000 }
budgets: { daily_usd: 20 }
toolsets: [read]
mcp_servers: { docs: { command: [npx, some-mcp-server] } }
profiles: { coder: { prompt_file: prompts/coder.md, toolsets: [read, write, terminal], route: reviewer } }
store: { url: ~ }
history: { keep_days: 30 }
`;
