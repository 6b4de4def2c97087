import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import Database from 'libsql';
import width from 'string-width';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createProgram } from '../src/cli/program.ts';
import type { DelegationResult, TaskRecord } from '../src/index.ts';
import { type ProviderServer, type Reply, startProvider } from '../src/testing.ts';
import { type Running, type Sandbox, sandbox, until } from './sandbox.ts';

// Processes share the machine with everything else that is tested.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Answers at once. */
let quick: ProviderServer;
/** Answers when `release` is called, or never. */
let slow: ProviderServer;
let release: (reply: Reply) => void;

beforeAll(async () => {
  quick = await startProvider({
    wire: 'openai-chat',
    key: 'sk-quick-0123456789abcdef',
    reply: { text: 'Quick as asked.' },
  });
  slow = await startProvider({
    wire: 'anthropic-messages',
    key: 'sk-slow-0123456789abcdef',
    reply: ({ texts }) =>
      texts[0]?.includes('half')
        ? { text: 'Only the first third of this arrives.', hang: 'after-first' }
        : new Promise<Reply>((resolve) => {
            release = resolve;
          }),
  });
});
afterEach(() => {
  quick.reset();
  slow.reset();
});
afterAll(async () => {
  await quick.close();
  await slow.close();
});

function config(): object {
  return {
    model: 'quick/q-1',
    providers: {
      quick: { ...quick.config, models: [{ id: 'q-1', price: { in: 1, out: 2 } }, 'q-2'] },
      slow: { ...slow.config, models: ['s-1'] },
    },
    routes: { reviewer: { provider: 'quick', model: 'q-2', description: 'reviews' } },
  };
}

const batch = (...tasks: object[]): string => JSON.stringify({ tasks });
const QUICK = { goal: 'Answer at once, please.' };
const SLOW = { goal: 'Answer when you can.', provider: 'slow' };
const HALF = { goal: 'Answer half of it.', provider: 'slow' };

const json = <T>(text: string): T => JSON.parse(text) as T;

// They only read, each in a process of its own.
describe.concurrent('a finished delegation', () => {
  let box: Sandbox;
  let result: DelegationResult;

  beforeAll(async () => {
    box = sandbox(config());
    const { stdout } = await box.run(['delegate', '-', '--json'], {
      stdin: batch(QUICK, { ...QUICK, route: 'reviewer' }),
    });
    result = json<DelegationResult>(stdout);
  });
  afterAll(() => box[Symbol.dispose]());

  /** Every command that prints data; null = it needs the network. `marks`: what it shows comes from scripts. */
  interface Row {
    readonly args: () => readonly string[];
    readonly marks?: true;
    readonly lines?: true;
    readonly code?: number;
  }
  const COMMANDS: Record<string, Row | null> = {
    run: { args: () => [QUICK.goal], marks: true },
    delegate: { args: () => ['-g', QUICK.goal], marks: true },
    explain: { args: () => ['-g', QUICK.goal, '-m', 'q-2'], marks: true },
    models: { args: () => ['q'], marks: true },
    'models refresh': null,
    providers: { args: () => [], marks: true },
    routes: { args: () => [], marks: true },
    doctor: { args: () => [], marks: true },
    init: { args: () => ['--force', '--config', join(box.cwd, 'other.yaml')] },
    'import hermes': { args: () => [box.write('hermes.yaml', 'model: { default: q-1 }\n'), '--dry-run'] },
    trust: { args: () => [] },
    'config get': { args: () => ['delegation'] },
    'config set': { args: () => ['delegation.max_turns', '50', '--config', join(box.cwd, 'other.yaml')] },
    'config path': { args: () => [] },
    'config schema': { args: () => [] },
    jobs: { args: () => [], marks: true },
    status: { args: () => [result.delegation_id], marks: true },
    wait: { args: () => [result.delegation_id], marks: true },
    steer: { args: () => [result.delegation_id, 'Go on.'], code: 1 },
    stop: { args: () => [result.delegation_id] },
    logs: { args: () => [result.delegation_id], marks: true, lines: true },
    result: { args: () => [result.delegation_id], marks: true },
    cost: { args: () => ['--by', 'day'], marks: true },
    prune: { args: () => ['--days', '1000'] },
    'mcp install': { args: () => ['codex', '--print'] },
  };

  test('every command that takes --json has a row here', () => {
    const named = commandsOf(createProgram()).filter(({ command }) =>
      command.options.some(({ long }) => long === '--json'),
    );
    expect(named.map(({ name }) => name)).toEqual(Object.keys(COMMANDS));
  });

  const rows = Object.entries(COMMANDS).flatMap(([name, row]) => (row === null ? [] : [{ name, ...row }]));
  test.each(rows)(
    '$name: with --json stdout is JSON and nothing else; what is simulated says so',
    async ({ name, args, marks, lines, code = 0 }) => {
      const line = [...name.split(' '), ...args()];
      const [asJson, asText] = await Promise.all([box.run([...line, '--json']), box.run(line)]);
      expect([asJson.code, asText.code]).toEqual([code, code]);
      const documents = lines
        ? asJson.stdout
            .trimEnd()
            .split('\n')
            .map(json<object>)
        : [json<object>(asJson.stdout)];
      expect(documents.length).toBeGreaterThan(0);
      expect(asText.stdout + asText.stderr).not.toBe('');
      // Nothing paints what is piped.
      expect(asText.stdout + asText.stderr + asJson.stderr).not.toContain('\u001b');
      if (marks === undefined) return;
      // Nor is anything cut.
      expect(asText.stdout).not.toContain('…');
      expect(documents.filter((one) => !JSON.stringify(one).includes('simulated'))).toEqual([]);
      expect(asText.stdout + asText.stderr).toContain('simulated');
    },
  );

  test('is shown alike by delegate, result and status, alone or as a part', async () => {
    const { delegation_id, results } = result;
    const [whole, part, record] = await Promise.all([
      box.run(['result', delegation_id, '--json']),
      box.run(['result', results[1]!.id, '--json']),
      box.run(['status', results[0]!.id, '--json']),
    ]);
    expect(json<DelegationResult>(whole.stdout)).toMatchObject({
      delegation_id,
      results,
      usage: result.usage,
      cost: result.cost,
    });
    expect(json<DelegationResult>(part.stdout).results).toEqual([results[1]]);
    expect(json<TaskRecord[]>(record.stdout)).toMatchObject([{ status: 'completed', result: results[0] }]);
  });

  test('is in its transcript, which names the route', () => {
    const files = readdirSync(join(box.home, 'transcripts'), { recursive: true, withFileTypes: true });
    const texts = files
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(texts.join('')).toMatch(/quick\/q-1.*simulated/);
    expect(texts.join('')).toContain('assistant | Quick as asked.');
  });

  test.each([
    ['cost', ['cost', '--by', 'model'], /quick\/q-1 \(simulated\) +\d+ .*\$0\.\d+/],
    ['a price that nobody knows', ['cost', '--by', 'model'], /quick\/q-2 \(simulated\) .*\$ unknown/],
    ['jobs', ['jobs', '-n', '1'], /^delegation .*\n\S+ .*quick\/q-1/],
    ['config path', ['config', 'path'], /config\.yaml/],
    ['config get', ['config', 'get', 'delegation.on_mismatch'], /^fail$/m],
    ['a file and flags', ['explain', '-', '--reasoning-effort', 'low'], /call +\{"reasoning_effort":"low"\}/],
  ])('%s in text', async (_what, args, says) => {
    const { code, stdout } = await box.run(args, { stdin: batch(QUICK) });
    expect(code).toBe(0);
    expect(stdout).toMatch(says);
  });

  test.each([
    ['status', 'd_nothing'],
    ['result', 'd_nothing'],
    ['logs', 'd_nothing'],
  ])('%s of an id that nobody gave is refused', async (...args) => {
    const { code, stderr } = await box.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain('"d_nothing"');
  });

  test('on a terminal there is colour, and NO_COLOR takes it away', async () => {
    const args = ['result', result.delegation_id];
    const [plain, painted, uncoloured, dumb] = await Promise.all([
      box.run(args),
      box.run(args, { columns: 200 }),
      box.run(args, { columns: 200, env: { NO_COLOR: '1' } }),
      box.run(args, { columns: 200, env: { TERM: 'dumb' } }),
    ]);
    expect(painted.stdout).toContain('\u001b[');
    expect(uncoloured.stdout).toBe(plain.stdout);
    expect(dumb.stdout).toBe(plain.stdout);
  });

  test.each(['jobs', 'models', 'providers', 'routes', 'cost', 'status'])(
    '%s fits a terminal of 80 columns',
    async (name) => {
      const args = name === 'status' ? [name, result.delegation_id] : [name];
      const { stdout } = await box.run(args, { columns: 80, env: { NO_COLOR: '1' } });
      expect(Math.max(...stdout.split('\n').map((line) => width(line)))).toBeLessThanOrEqual(80);
    },
  );

  test('a reader that goes away ends the command in peace', async () => {
    const running = box.start(['models', '--all', '--json']);
    running.process.stdout!.once('data', () => running.process.stdout!.destroy());
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('exit codes', () => {
  test('0: all completed; 1: something ran and did not; and what did is there', async () => {
    using box = sandbox(config());
    const refusing = await startProvider({ wire: 'openai-chat', key: 'another', models: ['r-1'] });
    await using _ = refusing;
    const args = ['delegate', '-', '--json', '--config', join(box.cwd, 'with.yaml')];
    box.write(
      'with.yaml',
      JSON.stringify({
        providers: { quick: quick.config, refusing: { ...refusing.config, api_key: 'sk-wrong-0123456789' } },
      }),
    );
    const good = { ...QUICK, provider: 'quick', model: 'q-1' };
    const [all, some] = await Promise.all([
      box.run(args, { stdin: batch(good) }),
      box.run(args, { stdin: batch(good, { ...QUICK, provider: 'refusing' }) }),
    ]);
    expect([all.code, some.code]).toEqual([0, 1]);
    expect(json<DelegationResult>(some.stdout).results.map(({ status }) => status)).toEqual(['completed', 'failed']);
  });

  test('3: the store cannot be used, and nothing was sent', async () => {
    using box = sandbox(config());
    const file = box.write('no-folder', '');
    const { code, stdout } = await box.run(['delegate', '-g', QUICK.goal, '--json'], {
      env: { YARDMASTER_HOME: file },
    });
    expect(code).toBe(3);
    expect(json<{ error: object }>(stdout)).toMatchObject({ error: { code: 'STORE_FAILED' } });
    expect(quick.requests).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '130: %s stops the children, and what there is gets printed',
    async (signal) => {
      using box = sandbox(config());
      const running = await startedWith(box, batch(QUICK, SLOW));
      running.process.kill(signal);
      const { code, stdout, stderr } = await running.ended;
      expect(code).toBe(130);
      const { results } = json<DelegationResult>(stdout);
      expect(results.map(({ status, summary }) => [status, summary])).toEqual([
        ['completed', 'Quick as asked.'],
        ['cancelled', ''],
      ]);
      expect(stderr).toContain('Interrupted');
      const stored = await box.run(['status', json<DelegationResult>(stdout).delegation_id, '--json']);
      expect(json<TaskRecord[]>(stored.stdout).map((task) => task.result)).toEqual(results);
    },
  );

  test('130: half an answer is better than none', async () => {
    using box = sandbox(config());
    const running = box.start(['delegate', '-'], { stdin: batch(QUICK, HALF), columns: 140, env: { TERM: 'xterm' } });
    await until(() => running.stderr.includes('answering'), 'the first words have arrived');
    running.process.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/completed[\s\S]*Quick as asked\.[\s\S]*cancelled[\s\S]*Only the fir/);
  });

  test('130 at once: a second interrupt does not wait for anything', async () => {
    using box = sandbox(config());
    const running = await startedWith(box, batch(QUICK, SLOW));
    // While another process writes, the results cannot be stored, so the first interrupt alone would have to wait.
    const db = new Database(join(box.home, 'yardmaster.db'));
    db.exec('BEGIN IMMEDIATE');
    running.process.kill('SIGINT');
    await until(() => running.stderr.includes('Interrupted'), 'the first interrupt is heard');
    running.process.kill('SIGINT');
    const { code, stdout } = await running.ended;
    db.exec('ROLLBACK');
    db.close();
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  });
});

/** A delegation whose last tasks hang: it has said all that it will say. */
async function startedWith(box: Sandbox, stdin: string): Promise<Running> {
  const slowTasks = stdin.split('"slow"').length - 1;
  const running = box.start(['delegate', '-', '--json'], { stdin });
  await until(() => slow.requests.length === slowTasks, 'the slow tasks are on the wire');
  await until(() => running.stderr.includes('completed'), 'the quick task has ended');
  return running;
}

async function onlyJob(box: Sandbox): Promise<string> {
  const jobs = json<{ delegation_id: string }[]>((await box.run(['jobs', '--json'])).stdout);
  expect(jobs).toHaveLength(1);
  return jobs[0]!.delegation_id;
}

describe('another process', () => {
  test('sees a running delegation, and follows it to its end', async () => {
    using box = sandbox(config());
    const running = await startedWith(box, batch(QUICK, SLOW));
    const id = await onlyJob(box);
    const [status, result, jobs] = await Promise.all([
      box.run(['status', id]),
      box.run(['result', id, '--json']),
      box.run(['jobs', '--json']),
    ]);
    expect(status).toMatchObject({ code: 0, stdout: expect.stringMatching(/✔ completed[\s\S]*● running/) });
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('still running') });
    expect(json<DelegationResult>(result.stdout)).toMatchObject({
      results: [{ status: 'completed' }],
      cost: { complete: false },
    });
    // What a running child will have cost is not known, and is not zero.
    expect(json<object[]>(jobs.stdout)).toMatchObject([
      { statuses: { completed: 1, running: 1 }, cost: { complete: false } },
    ]);

    const follower = box.start(['logs', id, '--follow']);
    await until(() => follower.stdout.includes('Quick as asked.'), 'the follower prints what there is');
    release({ text: 'It took a while.' });
    const [ended, followed] = await Promise.all([running.ended, follower.ended]);
    expect(ended.code).toBe(0);
    expect(followed).toMatchObject({ code: 0, stdout: expect.stringContaining('It took a while.') });
  });

  test('shares the store: delegations at the same time all end, each with its own results', async () => {
    using box = sandbox(config());
    const names = ['one', 'two', 'three'];
    const ran = await Promise.all(
      names.map((name) =>
        box.run(['delegate', '-', '--json'], {
          stdin: batch(...[1, 2, 3].map((n) => ({ goal: `Answer ${name} number ${n}.` }))),
        }),
      ),
    );
    for (const { code, stdout } of ran) {
      expect(code).toBe(0);
      expect(json<DelegationResult>(stdout).results.map(({ status }) => status)).toEqual([
        'completed',
        'completed',
        'completed',
      ]);
    }
    const jobs = json<{ statuses: object; goal: string }[]>((await box.run(['jobs', '--json'])).stdout);
    expect(jobs.map(({ statuses }) => statuses)).toEqual([{ completed: 3 }, { completed: 3 }, { completed: 3 }]);
    expect(quick.requests).toHaveLength(9);
  });

  test('finds what a killed one left: its results stay, the rest is lost once its lease ends, nothing is sent again (F39)', async () => {
    using box = sandbox(config());
    const running = await startedWith(box, batch(QUICK, SLOW, { ...SLOW }));
    running.process.kill('SIGKILL');
    await running.ended;
    const id = await onlyJob(box);
    const before = json<TaskRecord[]>((await box.run(['status', id, '--json'])).stdout);
    expect(before.map(({ status }) => status)).toEqual(['completed', 'running', 'running']);

    endLeases(box);
    const [status, result, cost] = [
      await box.run(['status', id, '--json']),
      await box.run(['result', id, '--json']),
      await box.run(['cost', '--json']),
    ];
    expect(json<TaskRecord[]>(status.stdout).map((task) => task.status)).toEqual(['completed', 'lost', 'lost']);
    expect([status.code, result.code]).toEqual([1, 1]);
    const { results } = json<DelegationResult>(result.stdout);
    expect(results).toMatchObject([
      { status: 'completed', summary: 'Quick as asked.' },
      { status: 'lost', error: { code: 'LOST' }, cost: { complete: false } },
      { status: 'lost', error: { code: 'LOST' }, cost: { complete: false } },
    ]);
    expect(results[0]).toEqual(before[0]!.result);
    expect(json<object>(cost.stdout)).toMatchObject({ total: { complete: false } });
    expect((await box.run(['result', id])).stdout).toMatch(/✘ 2\..*lost/);
    // A log that is followed ends with its task.
    expect((await box.run(['logs', id, '-f'])).code).toBe(0);
    expect([quick.requests.length, slow.requests.length]).toEqual([1, 2]);
  });

  test('learns what a lost task had done before it was lost', async () => {
    using box = sandbox(config());
    box.write('notes.txt', 'The answer is 42.');
    const reader = await startProvider({
      wire: 'openai-chat',
      models: ['r-1'],
      reply: ({ turn }) =>
        turn === 0
          ? {
              text: 'I look it up.',
              tool_calls: [{ name: 'read_file', arguments: { path: 'notes.txt' } }],
              usage: { input: 100, output: 10 },
            }
          : { hang: true },
    });
    await using _ = reader;
    writeFileSync(
      box.config_file,
      JSON.stringify({
        model: 'reader/r-1',
        providers: { reader: { ...reader.config, models: [{ id: 'r-1', price: { in: 1, out: 1 } }] } },
      }),
    );
    const running = box.start(['delegate', '-g', 'Say what the answer is.']);
    await until(() => reader.requests.length === 2, 'the second turn is on the wire');
    running.process.kill('SIGKILL');
    await running.ended;
    endLeases(box);
    const { stdout } = await box.run(['result', await onlyJob(box), '--json']);
    expect(json<DelegationResult>(stdout).results).toMatchObject([
      {
        status: 'lost',
        summary: 'I look it up.',
        turns: 1,
        usage: { input: 100, output: 10 },
        cost: { usd: 0.00011, complete: false },
        route: { served: { model: 'r-1', verified: 'match' } },
      },
    ]);
    expect(reader.requests).toHaveLength(2);
  });

  /** As if the lease of a dead process had run out. */
  function endLeases(box: Sandbox): void {
    const db = new Database(join(box.home, 'yardmaster.db'));
    db.exec('UPDATE task SET lease_until = 1 WHERE ended_at IS NULL');
    db.close();
  }
});

describe('a terminal', () => {
  test.each([40, 80, 140])('%i columns wide shows the running children, then the results', async (columns) => {
    using box = sandbox(config());
    const running = box.start(['delegate', '-'], { stdin: batch(QUICK, SLOW), columns, env: { TERM: 'xterm' } });
    await until(() => slow.requests.length === 1 && running.stderr.includes('slow/s-1'), 'the tree shows both');
    release({ text: 'There it is.' });
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out.
    const frames = stderr.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
    expect(frames).toContain('simulated');
    expect(Math.max(...frames.split('\n').map((line) => width(line)))).toBeLessThanOrEqual(columns);
    expect(stdout).toContain('There it is.');
    expect(stdout).toContain('simulated');
  });
});

describe.concurrent('the surroundings', () => {
  test('init writes what was found here, never a key, and overwrites only when told to', async () => {
    using box = sandbox(undefined, { ANTHROPIC_API_KEY: 'sk-ant-canary-0123456789' });
    const first = await box.run(['init', '--json']);
    const written = readFileSync(box.config_file, 'utf8');
    expect(first.code).toBe(0);
    expect(written).toMatch(/^model: \{ provider: anthropic/m);
    expect(written + first.stdout + first.stderr).not.toContain('canary');
    writeFileSync(box.config_file, '# mine\n');
    const again = await box.run(['init', '--json']);
    expect(again.code).toBe(2);
    expect(readFileSync(box.config_file, 'utf8')).toBe('# mine\n');
    const forced = json<{ backup: string }>((await box.run(['init', '--force', '--json'])).stdout);
    expect(readFileSync(forced.backup, 'utf8')).toBe('# mine\n');
    expect((await box.run(['doctor', '--json'])).code).toBe(0);
  });

  test('config set changes one value and keeps the comments; what is wrong is refused and changes nothing', async () => {
    using box = sandbox('# mine\ndelegation:\n  max_turns: 5 # few\n');
    expect((await box.run(['config', 'set', 'delegation.max_turns', '7'])).code).toBe(0);
    expect(readFileSync(box.config_file, 'utf8')).toBe('# mine\ndelegation:\n  max_turns: 7 # few\n');
    const wrong = await box.run(['config', 'set', 'delegation.on_mismatch', 'wran', '--json']);
    expect(wrong.code).toBe(2);
    expect(json<object>(wrong.stdout)).toMatchObject({ error: { issues: [{ suggestions: ['warn'] }] } });
    const unknown = await box.run(['config', 'get', 'delegation.max_turn']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('"max_turns"') });
    expect(readFileSync(box.config_file, 'utf8')).toBe('# mine\ndelegation:\n  max_turns: 7 # few\n');
  });

  test('trust lets a folder set an endpoint, and only that folder', async () => {
    using box = sandbox();
    box.write(
      'yardmaster.yaml',
      JSON.stringify({ model: 'quick/q-1', providers: { quick: { ...quick.config, models: ['q-1'] } } }),
    );
    const before = await box.run(['explain', '--json']);
    expect(before.code).toBe(2);
    expect((await box.run(['trust', 'nowhere'])).code).toBe(2);
    expect((await box.run(['trust', '.'])).code).toBe(0);
    expect((await box.run(['explain', '--json'])).code).toBe(0);
  });

  test.each([
    ['a file', ['delegate', 'dry.json'], undefined],
    ['stdin', ['delegate', '-'], JSON.stringify({ ...QUICK, dry_run: true, background: true })],
  ])('a batch from %s that says dry_run is explained, and nothing is sent', async (_, args, stdin) => {
    using box = sandbox(config());
    box.write('dry.json', JSON.stringify({ tasks: [QUICK], dry_run: true }));
    const { code, stdout } = await box.run(args, stdin === undefined ? {} : { stdin });
    expect(code).toBe(0);
    expect(stdout).toContain('nothing was sent');
    expect(quick.requests).toEqual([]);
  });

  test('nothing is written where nothing was asked for', async () => {
    using box = sandbox();
    for (const args of [['providers'], ['models', 'x'], ['explain', '-m', 'sonnet'], ['config', 'path'], ['--help']])
      await box.run(args);
    expect(readdirSync(box.home)).toEqual([]);
    expect(existsSync(box.config_file)).toBe(false);
  });
});

describe.concurrent('help', () => {
  const commands = commandsOf(createProgram());

  test.each(commands.filter(({ command }) => command.commands.length === 0 || command.options.length > 0))(
    'of $name has an example that the command takes',
    ({ name, command }) => {
      let text = '';
      command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
      const examples = [...text.matchAll(/^ {2}yardmaster (.+)$/gm)].map(([, line]) => line!);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        expect(example).toContain(name);
        const named = commands.filter((one) => example.includes(one.name));
        const known = named.flatMap((one) => one.command.options).flatMap(({ short, long }) => [short, long]);
        for (const flag of example.match(/(?<= )--?[a-z][a-z-]*/g) ?? []) expect(known).toContain(flag);
      }
    },
  );

  test.each([
    ['delgate', /unknown command 'delgate'[\s\S]*delegate/],
    ['delegate --modell x', /unknown option '--modell'[\s\S]*--model/],
    ['cost --by weather', /Allowed choices are model, provider, day/],
    ['jobs -n 0', /whole number above 0/],
    ['status', /missing required argument 'id'/],
    ['config', /Usage: yardmaster config/],
  ])('yardmaster %s is refused, and says what there is', async (line, says) => {
    using box = sandbox();
    const { code, stdout, stderr } = await box.run(line.split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
  });

  test('completion knows every command and its options', async () => {
    using box = sandbox();
    const file = box.write('complete.bash', (await box.run(['completion', 'bash'])).stdout);
    const script = `source ${file}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _yardmaster; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const complete = (...words: string[]): string[] => {
      const said = execFileSync('bash', ['-c', script, 'bash', 'yardmaster', ...words], { encoding: 'utf8' });
      return said.trimEnd().split('\n');
    };
    expect(complete('dele')).toEqual(['delegate']);
    expect(complete('config', 's')).toEqual(['set', 'schema']);
    expect(complete('delegate', '--reas')).toEqual(['--reasoning-effort']);
    expect(new Set(complete(''))).toEqual(
      new Set([...commands.filter(({ name }) => !name.includes(' ')).map(({ name }) => name), '--version', '--help']),
    );
    const [zsh, fish] = await Promise.all([box.run(['completion', 'zsh']), box.run(['completion', 'fish'])]);
    expect(zsh.stdout).toMatch(/^#compdef yardmaster/);
    expect(fish.stdout).toContain('-l reasoning-effort');
  });
});

/** Every command with its whole name. */
function commandsOf(
  command: Command,
  path: readonly string[] = [],
): { readonly name: string; readonly command: Command }[] {
  return command.commands.flatMap((child) => {
    const name = [...path, child.name()];
    return [{ name: name.join(' '), command: child }, ...commandsOf(child, name)];
  });
}
