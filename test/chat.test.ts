import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/cli/chat/commands.ts';
import { KEYS } from '../src/cli/chat/help-text.ts';
import { type ProviderServer, type ReplyFor, type SeenRequest, startProvider } from '../src/testing.ts';
import { type Sandbox, sandbox } from './sandbox.ts';
import { hasTmux, openTerminal, type Terminal } from './terminal.ts';

interface World extends AsyncDisposable {
  readonly server: ProviderServer;
  readonly box: Sandbox;
  chat(
    args?: readonly string[],
    options?: { columns?: number; rows?: number; env?: Record<string, string>; job?: boolean },
  ): Terminal;
}

const MODELS = [
  { id: 'big', context: 100_000, price: { in: 1, out: 4 }, tools: true, reasoning: ['low', 'high'] },
  { id: 'small', tools: true },
];

async function world(reply: ReplyFor, more: object = {}, models: readonly object[] = MODELS): Promise<World> {
  const server = await startProvider({ wire: 'openai-chat', reply });
  const lab = { base_url: server.base_url, wire: 'openai-chat', auth: 'none', models, simulated: true };
  const box = sandbox({ model: { provider: 'lab', model: 'big' }, providers: { lab }, ...more });
  const terminals: Terminal[] = [];
  return {
    server,
    box,
    chat(args = [], options = {}) {
      const terminal = openTerminal(['chat', ...args], { box, ...options });
      terminals.push(terminal);
      return terminal;
    },
    async [Symbol.asyncDispose]() {
      for (const terminal of terminals) terminal[Symbol.dispose]();
      box[Symbol.dispose]();
      await server.close();
    },
  };
}

/** The prompt is there, and a session behind it. */
const READY = 'lab/big simulated';
const last = ({ texts }: SeenRequest): string => texts.at(-1) ?? '';

if (!hasTmux) console.log('The chat is not tried in a terminal: there is no tmux here.');

describe.skipIf(!hasTmux).concurrent('a chat in a terminal', { timeout: 60_000 }, () => {
  test('takes lines, streams an answer, names what served, and remembers what was typed', async ({ expect }) => {
    await using made = await world((request) => ({
      reasoning: 'I think.',
      text: `# Heard\n\nYou said **${last(request).replace('\n', ' and ')}**.`,
    }));
    const { chat, server } = made;
    const terminal = chat();
    await terminal.sees(READY);
    terminal.type('one');
    terminal.press('M-Enter');
    terminal.type('two');
    terminal.press('Enter');
    const screen = await terminal.sees('served big ✔ match simulated');
    expect(screen).toMatch(/❯ one\n {2}two\n\n▸ thought for .*\n\nHeard\n\nYou said one and two\.\n/);
    expect(last(server.requests[0]!)).toBe('one\ntwo');
    expect(screen).toMatch(/context \d+% of 100k · \$0\.\d+ simulated/);
    terminal.press('Up');
    terminal.press('Enter');
    await expect.poll(() => server.requests.length).toBe(2);
    expect(last(server.requests[1]!)).toBe('one\ntwo');

    terminal.type('/quti');
    terminal.press('Enter');
    await terminal.sees('There is no command "/quti".');
    expect(terminal.screen()).toContain('Did you mean "/quit"?');
    terminal.type('/quit');
    terminal.press('Enter');
    expect(await terminal.ended()).toBe(0);
    const [, id] = /--resume (s_\w+)/.exec(terminal.screen())!;

    const again = chat(['--resume', id!]);
    await again.sees(`resumed ${id}`);
    expect(again.screen()).toContain('You said one and two.');
    again.press('Up');
    await again.sees(/^ one$/m);
  });

  test('escape stops a reply and keeps what was said; ctrl+c twice leaves', async ({ expect }) => {
    await using made = await world((request) =>
      last(request) === 'hang' ? { text: 'So far and ', deltas: 1, hang: 'after-first' } : { text: 'I go on.' },
    );
    const { chat, server } = made;
    const terminal = chat();
    await terminal.sees(READY);
    terminal.type('hang');
    terminal.press('Enter');
    await terminal.sees('So far');
    terminal.press('Escape');
    await terminal.sees('Interrupted. What was said until then is kept.');
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
    terminal.type('and now?');
    terminal.press('Enter');
    await terminal.sees('I go on.');
    terminal.type('half a line');
    terminal.press('C-c');
    await terminal.loses('half a line');
    expect(terminal.screen()).toContain('ctrl+c again leaves');
    terminal.press('C-c');
    expect(await terminal.ended()).toBe(0);
    expect(terminal.screen()).toContain('Kept: yardmaster chat --resume s_');
  });

  test('goes to the shell on ctrl+z, and comes back with what was typed', async ({ expect }) => {
    await using made = await world(() => ({ text: 'Still here.' }));
    const { chat } = made;
    const terminal = chat([], { job: true });
    await terminal.sees(READY);
    terminal.type('half a');
    terminal.press('C-z');
    await terminal.sees(/Stopped/);
    terminal.press('Enter');
    await terminal.loses(/Stopped/);
    await terminal.sees('half a');
    terminal.type(' line');
    terminal.press('Enter');
    expect(await terminal.sees('Still here.')).toContain('❯ half a line');
  });

  test('folds a pasted megabyte, and sends all of it', async ({ expect }) => {
    await using made = await world((request) => ({ text: `${last(request).length} characters came.` }));
    const { chat, server } = made;
    const terminal = chat();
    await terminal.sees(READY);
    const pasted = `${'0123456789abcde\n'.repeat(65_536)}end`;
    terminal.paste(pasted);
    await terminal.sees('[paste #1 +65537 lines]');
    terminal.press('Enter');
    await terminal.sees(`${pasted.length} characters came.`);
    expect(last(server.requests[0]!)).toBe(pasted);
    expect(terminal.screen()).toMatch(/… [\d,]+ more characters of 65537 lines, all sent/);
  });

  test('is made narrow and wide while an answer streams, and loses and doubles nothing', async ({ expect }) => {
    const words = Array.from({ length: 60 }, (_, at) => `mark-${at} and some more words`).join('\n\n');
    await using made = await world(() => ({ text: words, deltas: 80, delta_delay_ms: 15 }));
    const { chat } = made;
    const terminal = chat([], { columns: 100, rows: 24 });
    await terminal.sees(READY);
    terminal.type('go');
    terminal.press('Enter');
    for (const [at, columns, rows] of [
      [5, 40, 24],
      [20, 160, 40],
      [35, 40, 12],
      [45, 80, 24],
    ] as const) {
      // On a busy machine the stream may be further on than the screen that is looked at.
      await terminal.sees(new RegExp(`mark-(${Array.from({ length: 60 - at }, (_, past) => at + past).join('|')}) `));
      terminal.resize(columns, rows);
    }
    await terminal.sees('served big');
    // The window is back at a usual size, and the screen was painted for it.
    terminal.press('C-l');
    await expect
      .poll(() => terminal.all().match(/mark-\d+ /g))
      .toEqual(Array.from({ length: 60 }, (_, at) => `mark-${at} `));
    expect(terminal.screen()).toContain(READY);
  });

  test('shows what a model and a tool say as text, and lets nothing of it act; without colour where that is asked', async ({
    expect,
  }) => {
    const evil =
      'red \u001b[31mred\u001b[0m \u001b]0;taken\u0007 \u001b[2J\u001b[H **bold** \u0008\u202ecba\r\n\r\n- item';
    await using made = await world(({ turn }) =>
      turn === 0
        ? { text: evil, tool_calls: [{ name: 'read_file', arguments: { path: '\u001b[2J\u001b]0;taken\u0007x' } }] }
        : { text: 'The end.' },
    );
    const { chat, server } = made;
    const coloured = chat();
    const plain = chat([], { columns: 40, env: { NO_COLOR: '1' } });
    for (const terminal of [coloured, plain]) {
      await terminal.sees(READY);
      terminal.type('hello');
      terminal.press('Enter');
      const screen = await terminal.sees('The end.');
      expect(screen).toContain('❯ hello');
      expect(screen).toContain('red red');
      expect(screen).toMatch(/✘ read_file/);
      expect(terminal.title()).not.toContain('taken');
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colour is written.
    const colour = /\u001b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)[;m]/;
    expect(coloured.coloured()).toMatch(colour);
    expect(plain.coloured()).not.toMatch(colour);
    expect(server.requests).toHaveLength(4);
  });

  test('asks before a file is written: not at all, once, always', async ({ expect }) => {
    const write = (path: string) => ({
      tool_calls: [{ name: 'write_file', arguments: { path, content: `${path}\n` } }],
    });
    await using made = await world(
      (request) =>
        /\.txt$/.test(last(request)) && request.tool_results.length === 0
          ? write(last(request))
          : { text: 'So it is.' },
      { toolsets: ['read', 'write'] },
    );
    const { chat, box } = made;
    const terminal = chat();
    await terminal.sees(READY);
    const say = async (path: string): Promise<void> => {
      terminal.type(path);
      terminal.press('Enter');
    };
    for (const [path, key] of [
      ['no.txt', 'n'],
      ['once.txt', 'y'],
      ['always.txt', 'a'],
    ] as const) {
      await say(path);
      await terminal.sees('? Allow write_file?');
      expect(terminal.screen()).toContain(`  path ${path}`);
      expect(existsSync(join(box.cwd, path))).toBe(false);
      terminal.press(key);
      await terminal.loses('? Allow write_file?');
      await terminal.loses('· esc stops\n');
    }
    await say('again.txt');
    await expect.poll(() => existsSync(join(box.cwd, 'again.txt'))).toBe(true);
    expect(['no', 'once', 'always'].map((name) => existsSync(join(box.cwd, `${name}.txt`)))).toEqual([
      false,
      true,
      true,
    ]);
    expect(terminal.all()).toContain('denied: write_file no.txt');
  });

  test('asks before children go over routes that the rules refuse, and tells the model what was said', async ({
    expect,
  }) => {
    const call = { name: 'delegate_task', arguments: { tasks: [{ goal: 'Look into all of it.', model: 'dear' }] } };
    const models = [
      { id: 'big', price: { in: 1, out: 4 }, tools: true },
      { id: 'dear', price: { in: 10, out: 40 }, tools: true },
    ];
    await using made = await world(
      ({ turn, tool_results }) =>
        turn === 0 ? { tool_calls: [call] } : { text: `It said ${tool_results[0]?.content.slice(0, 12)}.` },
      { delegation: { above_parent_price: 'ask' } },
      models,
    );
    const { chat, server } = made;
    const terminal = chat();
    await terminal.sees(READY);
    terminal.type('go');
    terminal.press('Enter');
    await terminal.sees('? Allow these routes?');
    expect(terminal.screen()).toMatch(/1\. Look into all of it\.\n +lab\/dear simulated \$10 in, \$40 out/);
    terminal.press('n');
    await terminal.sees('It said ROUTE_DENIED.');
    expect(server.requests.map(({ model }) => model)).toEqual(['big', 'big']);
  });

  test('switches the model as it is typed or picked, and saves it with the comments kept', async ({ expect }) => {
    await using made = await world(() => ({ text: 'Served.' }), {
      routes: { reviewer: { provider: 'lab', model: 'small', description: 'deep review' } },
    });
    const { chat, box, server } = made;
    const before = readFileSync(box.config_file, 'utf8');
    writeFileSync(box.config_file, `# mine\n${before}`);
    const terminal = chat();
    await terminal.sees(READY);
    const enter = (line: string): void => {
      terminal.type(line);
      terminal.press('Enter');
    };
    enter('/model smal');
    await terminal.sees('MODEL_UNKNOWN lab does not offer the model "smal".');
    enter('/model small --provider nowhere');
    await terminal.sees('PROVIDER_UNKNOWN');
    enter('/model small --save');
    await terminal.sees(`saved in ${box.config_file}`);
    await terminal.sees(/^lab\/small simulated/m);
    expect(readFileSync(box.config_file, 'utf8')).toMatch(/^# mine\nmodel: \{ ?provider: lab, model: small ?\}\n/);
    enter('/model');
    await terminal.sees('Which model?');
    terminal.type('lab big');
    await terminal.sees('1 of 1');
    terminal.press('Enter');
    await terminal.sees(/^lab\/big simulated/m);
    enter('/effort high');
    await terminal.sees('effort high');
    enter('hello');
    await terminal.sees('Served.');
    expect(server.requests.at(-1)).toMatchObject({ model: 'big', effort: { reasoning_effort: 'high' } });
    enter('/route reviewer');
    await terminal.sees(/^lab\/small simulated/m);
    enter('/cost');
    await terminal.sees(/lab\/big simulated +1/);
  });

  test('shows children while they work, their transcript, stops one, and tells when results arrive', async ({
    expect,
  }) => {
    const child = (goal: string) => ({ goal, model: 'small' });
    const tasks = [child('Hold on and on, for ever.'), child('Say something at once.')];
    await using made = await world((request) => {
      const parent = request.tools.some(({ name }) => name === 'delegate_task');
      if (!parent)
        return last(request).startsWith('Hold')
          ? { text: 'Held. ', deltas: 1, hang: 'after-first' }
          : { text: 'Something.' };
      if (request.turn === 0)
        return { text: 'I ask two.', tool_calls: [{ name: 'delegate_task', arguments: { tasks, background: true } }] };
      return { text: request.turn === 1 ? 'They are at it.' : 'Now I know.' };
    });
    const { chat } = made;
    const terminal = chat([], { columns: 120 });
    await terminal.sees(READY);
    terminal.type('ask around');
    terminal.press('Enter');
    await terminal.sees('They are at it.');
    await terminal.sees(/✔ Say something at once\. +lab\/small simulated/);
    await terminal.sees('1 running');
    terminal.type('/agents');
    terminal.press('Enter');
    await terminal.sees('children 1 of 2 at work');
    terminal.press('Down', 'Enter');
    await terminal.sees('Something.');
    terminal.press('Escape');
    await terminal.sees('children 1 of 2 at work');
    terminal.press('Up', 'x');
    await terminal.sees('Stop this child and everything below it?');
    terminal.press('y');
    await terminal.sees('1 told to stop');
    await terminal.sees('children 0 of 2 at work');
    terminal.press('Escape');
    await terminal.sees('Results of 2 background children arrived');
    const screen = await terminal.sees('Now I know.');
    expect(screen).toContain('They are at it.');
    terminal.type('/explain');
    terminal.press('Enter');
    await terminal.sees('as it was decided');
  });
});

describe.skipIf(!hasTmux).concurrent('a first chat', { timeout: 60_000 }, () => {
  test('without a key says what is missing, in words', async () => {
    using box = sandbox();
    using terminal = openTerminal([], { box });
    expect(await terminal.ended()).toBe(2);
    expect(terminal.all()).toMatch(/^No model is set to talk to\./);
    expect(terminal.screen()).toContain('yardmaster init');
  });

  test('with a key and no model lets one be picked', async () => {
    using box = sandbox(undefined, { OPENAI_API_KEY: 'sk-never-sent' });
    using terminal = openTerminal([], { box });
    await terminal.sees('Which model shall it be?');
    terminal.type('openai');
    terminal.press('Enter');
    await terminal.sees(/^openai\/\S+ · /m);
  });

  test('with a model that cannot be had is refused as everywhere', async () => {
    using box = sandbox();
    using terminal = openTerminal(['-m', 'sonnet', '--provider', 'anthropic'], { box });
    expect(await terminal.ended()).toBe(2);
    expect(terminal.all()).toMatch(/^refused 1 problem; nothing was started.*\n.*CREDENTIAL_MISSING/);
  });
});

describe('a chat without a terminal', () => {
  test.each([
    [['chat'], 'A chat needs a terminal, and this is none.'],
    [['--model', 'x'], 'A chat needs a terminal, and this is none.'],
  ])('%j is refused, and says what to use', async (args, message) => {
    using box = sandbox();
    const { code, stderr } = await box.run(args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('yardmaster run');
    expect(code).toBe(2);
  });

  test('and without any argument the help is printed', async () => {
    using box = sandbox();
    const { code, stdout } = await box.run([]);
    expect(stdout).toContain('Usage: yardmaster');
    expect(code).toBe(2);
  });
});

describe('docs/chat.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/chat.md'), 'utf8');
  const rows = (title: string): string[] => {
    const [, part = ''] = page.split(`\n## ${title}\n`);
    return part
      .split('\n## ')[0]!
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(1);
  };

  test('has every command as it is', () => {
    const line = ({ name, takes, does }: (typeof COMMANDS)[number]) =>
      `| \`/${name}${takes === '' ? '' : ` ${takes}`}\` | ${does} |`;
    expect(rows('Commands')).toEqual(COMMANDS.map(line));
  });

  test('has every key as it is', () => {
    expect(rows('Keys')).toEqual(KEYS.map(([keys, does]) => `| ${keys} | ${does} |`));
  });
});
