// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a configuration refers to variables like this.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_FALLBACK_ON } from '../core/after-failure.ts';
import { DelegateError } from '../core/errors.ts';
import { DEFAULT_LIMITS } from '../core/settings.ts';
import { resolvePaths } from './files/config-paths.ts';
import { trustFolder } from './files/trust.ts';
import { type LoadOptions, loadConfig } from './load-config.ts';
import { type TestFolder, testFolder } from './test-folder.ts';

/** A user's home, with a project below it: only what the test writes is there. */
function home(folder: TestFolder, more: Partial<LoadOptions> = {}): LoadOptions {
  mkdirSync(join(folder.path, 'work/app'), { recursive: true });
  return { cwd: join(folder.path, 'work/app'), env: {}, home: folder.path, platform: 'linux', ...more };
}

const USER = '.config/yardmaster/config.yaml';

async function refusalOf(options: LoadOptions): Promise<DelegateError> {
  const error = await loadConfig(options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof DelegateError) return error;
  throw error ?? new Error('It was accepted.');
}

async function said(folder: TestFolder, options: LoadOptions): Promise<string> {
  const { code, message, hint } = await refusalOf(options);
  return [code, message, ...(hint === '' ? [] : [hint])].join('\n').replaceAll(folder.path, '~');
}

describe('without any file', () => {
  test('the defaults hold and name no model (F4)', async () => {
    using folder = testFolder();
    const loaded = await loadConfig(home(folder));
    expect(loaded.files).toEqual([]);
    expect(loaded.routing).toEqual({
      delegation: {},
      fallback: [],
      aliases: new Map(),
      routes: new Map(),
      policy: { selection: 'open', allow: ['*'], deny: [], above_parent_price: 'allow', effort_policy: 'clamp' },
    });
    expect(loaded.delegation).toEqual({
      limits: DEFAULT_LIMITS,
      on_mismatch: 'fail',
      toolsets: ['read'],
      budget: {},
      fallback_on: DEFAULT_FALLBACK_ON,
    });
    expect(loaded.where(['delegation', 'max_turns'])).toBe('default');
  });

  test('neither the YAML parser nor the schema is loaded', () => {
    const loaded = staticImports('load-config.ts');
    expect(loaded).toContain('settings-of.ts');
    expect(loaded).not.toContain('yaml');
    expect(loaded).not.toContain('valibot');
  });
});

describe('files', () => {
  test('the user’s file counts, and the nearest project file on top of it', async () => {
    using folder = testFolder();
    const user = folder.write(USER, 'delegation:\n  max_turns: 50\n  max_price: 10\naliases: { fast: groq/a }\n');
    folder.write('yardmaster.yaml', 'delegation: { max_turns: 1 }\n');
    const project = folder.write('work/yardmaster.yaml', 'delegation:\n  max_turns: 20\naliases: { mine: groq/b }\n');
    const loaded = await loadConfig(home(folder));
    expect(loaded.files).toEqual([
      { file: user, kind: 'user' },
      { file: project, kind: 'project', trusted: false },
    ]);
    expect(loaded.delegation.limits.max_turns).toBe(20);
    expect([...loaded.routing.aliases]).toEqual([
      ['fast', 'groq/a'],
      ['mine', 'groq/b'],
    ]);
    expect(loaded.where(['delegation', 'max_turns'])).toBe(`${project}:2:14`);
    expect(loaded.where(['delegation', 'max_price'])).toBe(`${user}:3:14`);
    expect(loaded.where(['aliases', 'fast'])).toBe(`${user}:4:18`);
    expect(loaded.where(['delegation', 'max_spawn_depth'])).toBe('default');
  });

  test.each([
    ['--config', { file: 'only.yaml' }],
    ['YARDMASTER_CONFIG', { env: { YARDMASTER_CONFIG: 'only.yaml' } }],
    ['an object', { given: { delegation: { max_turns: 7 } } }],
  ])('%s stands alone', async (_, more) => {
    using folder = testFolder();
    folder.write(USER, 'delegation: { max_price: 10 }\n');
    folder.write('work/yardmaster.yaml', 'delegation: { max_turns: 1 }\n');
    folder.write('work/app/only.yaml', 'delegation: { max_turns: 7 }\n');
    const { delegation, routing } = await loadConfig(home(folder, more));
    expect(delegation.limits.max_turns).toBe(7);
    expect(routing.policy.max_price).toBeUndefined();
  });

  test.each([
    ['linux', {}, '~/.config/yardmaster/config.yaml', '~/.local/share/yardmaster'],
    ['linux', { XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d' }, '/c/yardmaster/config.yaml', '/d/yardmaster'],
    ['linux', { XDG_CONFIG_HOME: '' }, '~/.config/yardmaster/config.yaml', '~/.local/share/yardmaster'],
    ['darwin', {}, '~/Library/Application Support/yardmaster/config.yaml', '~/Library/Application Support/yardmaster'],
    ['win32', { APPDATA: '/r', LOCALAPPDATA: '/l' }, '/r/yardmaster/config.yaml', '/l/yardmaster'],
    ['linux', { YARDMASTER_HOME: '/data' }, '~/.config/yardmaster/config.yaml', '/data'],
  ] as const)('on %s with %j they are in %s and %s', (platform, env, config_file, data) => {
    const paths = resolvePaths({ platform, env, home: '~' });
    expect([paths.config_file, paths.data]).toEqual([config_file, data]);
    expect(paths.catalog_file.startsWith(paths.data)).toBe(true);
  });

  test.each([
    ['a folder', (folder: TestFolder) => mkdirSync(join(folder.path, USER), { recursive: true })],
    ['binary', (folder: TestFolder) => folder.write(USER, new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1]))],
    ['not UTF-8', (folder: TestFolder) => folder.write(USER, new Uint8Array([0x6d, 0x3a, 0x20, 0xff, 0xfe]))],
    ['50 MB', (folder: TestFolder) => truncateSync(folder.write(USER, 'model: a\n'), 50_000_000)],
    [
      'endless',
      (folder: TestFolder) => {
        folder.write(`${USER}.x`, '');
        symlinkSync('/dev/zero', join(folder.path, USER));
      },
    ],
  ])('a file that is %s is refused', async (name, make) => {
    using folder = testFolder();
    make(folder);
    expect(`${name}: ${await said(folder, home(folder))}`).toMatchSnapshot();
  });

  test('a file that cannot be read is refused', async () => {
    using folder = testFolder();
    folder.write(`${USER}.x`, '');
    symlinkSync(join(folder.path, USER), join(folder.path, USER));
    expect(await said(folder, home(folder))).toContain('cannot be read (ELOOP)');
  });

  test('a named file must exist', async () => {
    using folder = testFolder();
    expect(await said(folder, home(folder, { file: 'no.yaml' }))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      "~/work/app/no.yaml" does not exist.
      Check the path given with --config."
    `);
  });

  test('loading changes no file (F11)', async () => {
    using folder = testFolder();
    const files = [
      folder.write(USER, '# mine\ndelegation: {max_turns: 5}\n'),
      folder.write('work/yardmaster.yaml', 'delegation: { max_turns: 1 }\n'),
    ];
    const hashes = () => files.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
    const before = hashes();
    await Promise.all(Array.from({ length: 20 }, () => loadConfig(home(folder))));
    expect(hashes()).toEqual(before);
    expect(execFileSync('find', [folder.path, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n').sort()).toEqual(
      [...files].sort(),
    );
  });
});

describe('what files say', () => {
  test('routes, fallbacks and efforts arrive as they are asked for', async () => {
    const { routing, delegation } = await loadConfig({
      cwd: '/',
      env: { PLACE: 'anthropic' },
      given: {
        model: 'anthropic/sonnet',
        delegation: {
          provider: 'groq',
          reasoning_effort: false,
          fallback: ['openrouter/x', { route: 'deep' }],
          budget: { usd: 1 },
          timeout_seconds: 60,
        },
        routes: {
          deep: { provider: '${PLACE}', model: 'opus', fallback: ['a/b'], tags: ['t'], description: 'd' },
          later: { provider: '${NOWHERE}', model: 'x' },
        },
        aliases: { Fast: '${PLACE}/haiku' },
      },
    });
    expect(routing.parent).toEqual({ model: 'anthropic/sonnet' });
    expect(routing.delegation).toEqual({ provider: 'groq', reasoning_effort: 'none' });
    expect(routing.fallback).toEqual([{ model: 'openrouter/x' }, { route: 'deep' }]);
    expect(routing.aliases.get('fast')).toBe('anthropic/haiku');
    expect(routing.routes.get('deep')).toEqual({
      provider: 'anthropic',
      model: 'opus',
      description: 'd',
      tags: ['t'],
      fallback: [{ model: 'a/b' }],
    });
    // A variable is missed where it is used, not before.
    expect(routing.routes.get('later')?.provider).toBe('${NOWHERE}');
    expect(delegation.budget).toEqual({ usd: 1 });
    expect(delegation.limits.timeout_seconds).toBe(60);
  });

  test('a missing variable of the parent’s own route is told at its place', async () => {
    using folder = testFolder();
    folder.write(USER, 'model:\n  provider: ${WHERE}\n  model: sonnet\n');
    expect(await said(folder, home(folder))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      ~/.config/yardmaster/config.yaml:2:13 model.provider: "WHERE" is not set in the environment.
      Set it, or write the value itself."
    `);
  });

  test('a misspelled route is found on loading, wherever it is named (F26)', async () => {
    using folder = testFolder();
    folder.write(
      USER,
      `routes:
  reviewer: { provider: anthropic, model: opus, fallback: [{ route: fasst }] }
  fast: { provider: groq, model: x }
delegation:
  route: reviwer
profiles: { coder: { route: nothing } }
`,
    );
    expect(await said(folder, home(folder))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      3 problems; nothing was started:
        ~/.config/yardmaster/config.yaml:2:69 routes.reviewer.fallback[0].route: "fasst" is not a route of this configuration. Did you mean "fast"?
        ~/.config/yardmaster/config.yaml:5:10 delegation.route: "reviwer" is not a route of this configuration. Did you mean "reviewer"?
        ~/.config/yardmaster/config.yaml:6:29 profiles.coder.route: "nothing" is not a route of this configuration. Define it under routes; it has reviewer, fast."
    `);
  });

  test('a toolset that nobody has is found on loading', async () => {
    using folder = testFolder();
    folder.write(
      USER,
      'mcp_servers: { docs: { command: [x] } }\ndelegation: { toolsets: [read, wriite, "mcp:dogs"] }\n',
    );
    expect(await said(folder, home(folder))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      2 problems; nothing was started:
        ~/.config/yardmaster/config.yaml:2:32 delegation.toolsets[1]: "wriite" is not a toolset of this configuration. Did you mean "write"?
        ~/.config/yardmaster/config.yaml:2:40 delegation.toolsets[2]: "mcp:dogs" is not a toolset of this configuration. Did you mean "mcp:docs"?"
    `);
  });

  test('a store that this version has not is refused, and keys without effect are noted', async () => {
    using folder = testFolder();
    const file = folder.write(
      USER,
      'store: { url: postgres://db.example/x }\nhistory: { keep_days: 3 }\nprofiles: { p: {} }\n',
    );
    expect(await said(folder, home(folder))).toContain(':1:15 store.url: A shared store is not part of this version.');
    folder.write(USER, 'history: { keep_days: 3 }\nprofiles: { p: {} }\n');
    expect((await loadConfig(home(folder))).notes).toEqual([`${file}:2:1 profiles: has no effect in this version`]);
  });

  test('names that are the same stand only once', async () => {
    using folder = testFolder();
    folder.write(USER, 'aliases: { Fast: a/b, fast: c/d }\nproviders: { lab: {}, "custom:lab": {} }\n');
    expect(await said(folder, home(folder))).toMatchInlineSnapshot(`
      "CONFIG_INVALID
      2 problems; nothing was started:
        ~/.config/yardmaster/config.yaml:1:29 aliases.fast: "fast" and "Fast" are the same name. Keep one.
        ~/.config/yardmaster/config.yaml:2:23 providers."custom:lab": "custom:lab" and "lab" are the same name. Keep one."
    `);
  });

  test('a key that stands in a file works, and is noted without being shown (F28)', async () => {
    using folder = testFolder();
    const file = folder.write(USER, 'providers:\n  lab: { base_url: http://h/v1, api_key: sk-canary }\n');
    const { notes } = await loadConfig(home(folder));
    expect(notes).toEqual([
      `${file}:2:42 providers.lab.api_key: a key stands in this file; name an environment variable instead`,
    ]);
  });

  test('an object is checked like a file', async () => {
    const given = { delegation: { max_turn: 3, allow: 'x' }, providers: [] };
    const { message } = await refusalOf({ cwd: '/', env: {}, given });
    expect(message).toMatchInlineSnapshot(`
      "3 problems; nothing was started:
        config.delegation.max_turn: "max_turn" is not a key of "delegation". Did you mean "max_turns"?
        config.providers: A list is not a mapping. docs/configuration.md lists what may stand here.
        config.delegation.allow: "x" is not a list. Write it as [a, b]."
    `);
  });
});

describe('a project', () => {
  test('that is trusted may connect to where it wants, but still not widen', async () => {
    using folder = testFolder();
    folder.write(USER, 'delegation: { toolsets: [read], max_turns: 5 }\n');
    const file = folder.write(
      'work/yardmaster.yaml',
      'providers: { lab: { base_url: http://127.0.0.1:1/v1, auth: none } }\ndelegation: { toolsets: [read, write], max_turns: 9 }\n',
    );
    expect((await refusalOf(home(folder))).issues).toHaveLength(2);
    trustFolder(join(folder.path, 'work'), resolvePaths(home(folder)));
    const loaded = await loadConfig(home(folder));
    expect(loaded.files.at(-1)).toEqual({ file, kind: 'project', trusted: true });
    expect(Object.keys(loaded.providers)).toEqual(['lab']);
    expect(loaded.delegation.toolsets).toEqual(['read']);
    expect(loaded.delegation.limits.max_turns).toBe(5);
    expect(loaded.notes.map((note) => note.replace(file, 'FILE'))).toMatchInlineSnapshot(`
      [
        "FILE:2:25 delegation.toolsets: "write" is not allowed by your own configuration",
        "FILE:2:51 delegation.max_turns: stays 5, the lower one",
      ]
    `);
  });

  test('in a folder above a trusted one is not trusted', async () => {
    using folder = testFolder();
    folder.write('yardmaster.yaml', 'mcp_servers: { x: { command: [sh] } }\n');
    trustFolder(join(folder.path, 'work/app'), resolvePaths(home(folder)));
    expect(await said(folder, home(folder))).toContain('"mcp_servers" may not come from a project');
  });
});

/** What a module loads when it is imported: its files and packages, through all of them, as seen from here. */
function staticImports(file: string, seen: Set<string> = new Set()): string[] {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  for (const [, specifier = ''] of text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm)) {
    const name = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier;
    if (seen.has(name)) continue;
    seen.add(name);
    if (specifier.startsWith('.')) staticImports(name, seen);
  }
  return [...seen];
}
