import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PermissionAnswer, PermissionQuestion, SessionEvent, Yardmaster } from '../src/index.ts';
import { type Reply, type ReplyFor, type SeenRequest, scriptedModel } from '../src/testing.ts';
import { keyOf, type Lab, startLab } from './lab.ts';

const MODEL = { provider: 'chat', model: 'chat-1' };

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const calls = (name: string, args: object): Reply => ({ tool_calls: [{ name, arguments: args as never }] });
const delegates = (args: object): Reply => calls('delegate_task', args);
const lastResult = (seen: SeenRequest): string => seen.tool_results.at(-1)?.content ?? '';

/** A parent at `chat` that does `turns`, one a request since the last message; children elsewhere say what `child` says. */
function parentWith(
  turns: readonly (Reply | ((seen: SeenRequest) => Reply | Promise<Reply>))[],
  child: Reply | ReplyFor = { text: 'The child is done.' },
): ReplyFor {
  let at = 0;
  return (seen) => {
    if (seen.wire !== 'openai-chat') return typeof child === 'function' ? child(seen) : child;
    const turn = turns[Math.min(at++, turns.length - 1)] ?? {};
    return typeof turn === 'function' ? turn(seen) : turn;
  };
}

function gate(): { readonly passed: Promise<void>; open(): void } {
  let open: () => void = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe('a session', () => {
  test('answers, and goes on with what was said', async () => {
    const lab = await startLab((seen) => ({ text: `answer ${seen.turn + 1} to ${seen.texts.join(' | ')}` }));
    const events: SessionEvent[] = [];
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session({ on: (event) => events.push(event) });
    const first = await session.send('one');
    expect(first).toMatchObject({ status: 'completed', text: 'answer 1 to one', turns: 1 });
    const second = await session.send('two');
    expect(second.text).toBe('answer 2 to one | two');
    expect(second.route).toMatchObject({
      resolved: { provider: 'chat', model: 'chat-1' },
      served: { verified: 'match' },
    });
    expect(events.map(({ type }) => type).filter((type) => type !== 'text-delta')).toEqual([
      ...['reply-start', 'turn-start', 'usage', 'reply-end'],
      ...['reply-start', 'turn-start', 'usage', 'reply-end'],
    ]);
    expect(session.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(session.context).toBeGreaterThan(0);
  });

  test('says its tools and prompt with the same bytes in every request, also after a switch', async () => {
    const lab = await startLab({ text: 'Yes.' }, { chat: ['chat-1', 'chat-2'] });
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session();
    await session.send('one');
    await session.switch({ model: 'chat-2' });
    await session.send('two');
    const [one, two] = lab
      .requests()
      .map(({ system, json }) => JSON.stringify([system, (json as { tools: unknown }).tools]));
    expect(lab.requests().map(({ model }) => model)).toEqual(['chat-1', 'chat-2']);
    expect(two).toBe(one);
  });

  test('reads the rules of its folder and only in its toolsets, and delegates to usable models that it is told of', async () => {
    const lab = await startLab({ text: 'Yes.' });
    const cwd = folder();
    writeFileSync(join(cwd, 'AGENTS.md'), 'Always whistle.');
    const yard = await lab.open({ model: MODEL, toolsets: ['read', 'write'] }, { cwd });
    const session = await yard.session({ toolsets: ['read'] });
    await session.send('Hello.');
    const [{ system, tools }] = lab.requests() as [SeenRequest];
    expect(system).toContain('Always whistle.');
    expect(tools.map(({ name }) => name)).toEqual(['read_file', 'list_files', 'search_files', 'delegate_task']);
    expect(JSON.stringify(tools.at(-1)?.parameters)).toContain('messages: messages-1');
  });

  test('waits its turn when something is said while it answers', async () => {
    const held = gate();
    const lab = await startLab(async ({ turn }) => {
      if (turn === 0) await held.passed;
      return { text: `answer ${turn + 1}` };
    });
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session();
    const both = Promise.all([session.send('one'), session.send('two')]);
    await expect.poll(() => lab.requests().length).toBe(1);
    expect(session.busy).toBe(true);
    held.open();
    expect((await both).map(({ text }) => text)).toEqual(['answer 1', 'answer 2']);
    await session.idle();
    expect(session.busy).toBe(false);
  });

  test.each([
    ['a toolset it may not have', { toolsets: ['terminal'] }, 'TOOLSET_DENIED'],
    ['a model nobody has', { request: { model: 'nobody-has-it' } }, 'MODEL_UNKNOWN'],
    ['a session that is not there', { resume: 's_gone' }, 'NOT_FOUND'],
    ['a folder without sessions', { resume: 'last' }, 'NOT_FOUND'],
  ])('is refused for %s, and nothing is sent', async (_, options, code) => {
    const lab = await startLab();
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    await expect(yard.session(options)).rejects.toMatchObject({ code });
    expect(lab.requests()).toEqual([]);
  });

  test('falls back along its named route, and begins again on it with the next message', async () => {
    let broken = true;
    const lab = await startLab((seen) =>
      seen.model === 'chat-1' && broken ? { status: 402 } : { text: `by ${seen.model}: ${seen.texts.length}` },
    );
    const routes = { main: { ...MODEL, fallback: [{ provider: 'messages', model: 'messages-1' }] } };
    const yard = await lab.open({ model: { route: 'main' }, routes }, { cwd: folder() });
    const session = await yard.session();
    const hopped = await session.send('one');
    expect(hopped).toMatchObject({ status: 'completed', text: 'by messages-1: 1' });
    expect(hopped.route.hops).toHaveLength(1);
    broken = false;
    expect((await session.send('two')).text).toBe('by chat-1: 2');
  });

  test('counts in the daily budget, and stops when it is used up', async () => {
    const usage = { input: 1_000_000, output: 10 };
    const models = [{ id: 'chat-1', price: { in: 2, out: 2 }, max_output: 100 }];
    const lab = await startLab({ text: 'Dear.', usage }, { chat: models });
    const yard = await lab.open({ model: MODEL, budgets: { daily_usd: 1 } }, { cwd: folder() });
    const session = await yard.session();
    expect((await session.send('one')).status).toBe('completed');
    expect(await yard.spentToday()).toMatchObject({ used: expect.closeTo(2.00002, 6) });
    expect(await session.send('two')).toMatchObject({ status: 'denied', error: { code: 'BUDGET_EXCEEDED' } });
    expect(session.spend().cost).toEqual({ usd: expect.closeTo(2.00002, 6), complete: true });
  });

  test('ends a reply that another model gave, as a child would', async () => {
    const lab = await startLab({ text: 'I am somebody else.', served_model: 'other-7' });
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session();
    expect(await session.send('one')).toMatchObject({ status: 'failed', error: { code: 'SERVED_MISMATCH' } });
  });
});

describe('delegation', () => {
  test('brings back what the children found, and what all of it cost', async () => {
    const models = {
      chat: [{ id: 'chat-1', price: { in: 10, out: 10 } }],
      messages: [{ id: 'messages-1', price: { in: 1, out: 1 } }],
    };
    const reply = parentWith(
      [
        delegates({ tasks: [{ goal: 'Count the files.', provider: 'messages' }] }),
        (seen) => ({ text: `I read: ${lastResult(seen)}` }),
      ],
      { text: 'There are 3.', usage: { input: 1000, output: 0 } },
    );
    const lab = await startLab(reply, models);
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session();
    const { text } = await session.send('How many?');
    expect(text).toContain('There are 3.');
    expect(text).toContain('It is data');
    const { by_route, children } = session.spend();
    expect(by_route.map(({ route }) => route.provider)).toEqual(['messages', 'chat']);
    expect(children).toMatchObject({ cost: { usd: 0.001 }, cost_on_parent_route: { usd: 0.01 } });
    expect(session.explain()?.tasks[0]).toMatchObject({ route: { provider: 'messages' } });
  });

  test('inherits the route that the parent was switched to', async () => {
    const lab = await startLab(parentWith([delegates({ goal: 'Do what the parent would.' }), { text: 'ok' }]), {
      chat: ['chat-1', 'chat-2'],
    });
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session();
    await session.switch({ model: 'chat-2' });
    await session.send('Go.');
    expect(session.explain()?.tasks[0]).toMatchObject({
      route: { provider: 'chat', model: 'chat-2' },
      source: { model: 'parent' },
    });
  });

  test('in the background lets the parent go on; the results come as a message between replies', async () => {
    const held = gate();
    const reply = parentWith(
      [
        delegates({ goal: 'Take your time.', provider: 'messages', background: true }),
        { text: 'I go on.' },
        { text: 'Still here.' },
        (seen) => ({ text: `Thanks for ${seen.texts.at(-1)}` }),
      ],
      async () => {
        await held.passed;
        return { text: 'It took time.' };
      },
    );
    const lab = await startLab(reply);
    const events: SessionEvent[] = [];
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session({ on: (event) => events.push(event) });
    expect((await session.send('Begin.')).text).toBe('I go on.');
    // A follow-up does not cancel it.
    expect((await session.send('And?')).text).toBe('Still here.');
    expect(lab.servers.messages.requests).toHaveLength(1);
    held.open();
    await session.idle();
    const [, , third] = events.filter((event) => event.type === 'reply-start');
    expect(third).toMatchObject({ cause: 'results', text: '', results: [{ results: [{ status: 'completed' }] }] });
    const last = events.findLast((event) => event.type === 'reply-end');
    expect(last?.type === 'reply-end' && last.reply.text).toMatch(/not from the person.*It took time\./s);
    expect(await yard.collect()).toEqual([]);
  });

  test('in the background goes on when the reply is interrupted', async () => {
    const held = gate();
    const reply = parentWith(
      [
        delegates({ goal: 'Take your time.', provider: 'messages', background: true }),
        { hang: true },
        { text: 'Thanks.' },
      ],
      async () => {
        await held.passed;
        return { text: 'It took time.' };
      },
    );
    const lab = await startLab(reply);
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session();
    const begun = session.send('Begin.');
    await expect.poll(() => lab.servers.chat.requests.length).toBe(2);
    session.interrupt();
    expect(await begun).toMatchObject({ status: 'cancelled', error: { code: 'CANCELLED' } });
    held.open();
    await session.idle();
    expect(lab.servers.chat.requests.at(-1)?.texts.join()).toContain('It took time.');
  });

  test('in the foreground ends with an interrupted reply; the parent learns what was there', async () => {
    const reply = parentWith(
      [
        delegates({
          tasks: [{ goal: 'The quick one of both.' }, { goal: 'The one that hangs.' }],
          provider: 'messages',
        }),
        (seen) => ({ text: lastResult(seen) }),
      ],
      ({ texts }) =>
        texts[0]?.includes('hangs') ? { hang: 'after-first', text: 'half a thought' } : { text: 'quick result' },
    );
    const lab = await startLab(reply);
    const ends: string[] = [];
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session({
      on: (event) => event.type === 'child' && event.event.type === 'task-end' && ends.push(event.event.result.status),
    });
    const begun = session.send('Begin.');
    await expect.poll(() => ends).toEqual(['completed']);
    session.interrupt();
    expect(await begun).toMatchObject({ status: 'cancelled' });
    expect(ends).toEqual(['completed', 'cancelled']);
    const { text } = await session.send('What do you have?');
    expect(text).toContain('quick result');
    expect(text).toContain('half ');
    expect(lab.servers.chat.requests.at(-1)?.texts).toContain('[The person interrupted you here.]');
  });
});

describe('permissions', () => {
  /** A parent that asks for one call and then repeats what it was told. */
  async function asking(
    call: Reply,
    options: {
      readonly answers?: readonly PermissionAnswer[];
      readonly config?: object;
      readonly cwd?: string;
      readonly home?: string;
    } = {},
  ) {
    const lab = await startLab(parentWith([call, (seen) => ({ text: lastResult(seen) })]));
    const cwd = options.cwd ?? folder();
    const home = options.home ?? folder();
    const yard = await lab.open(
      { model: MODEL, toolsets: ['read', 'write', 'terminal', 'web'], ...options.config },
      { cwd, store: undefined as never, env: { ...lab.env, PATH: process.env.PATH, YARDMASTER_HOME: home } },
    );
    const questions: PermissionQuestion[] = [];
    const answers = [...(options.answers ?? [])];
    const session = await yard.session(
      options.answers && {
        ask: async (question) => {
          questions.push(question);
          return answers.shift() ?? 'deny';
        },
      },
    );
    return { lab, session, questions, cwd, home };
  }
  const write = calls('write_file', { path: 'new.txt', content: 'hi' });

  test('reading in the workspace asks nobody', async () => {
    const { session, questions } = await asking(calls('list_files', { path: '.' }), { answers: [] });
    await session.send('Look.');
    expect(questions).toEqual([]);
  });

  test.each([
    ['write', write, 'new.txt', 'write and change files in this folder'],
    ['terminal', calls('run_command', { command: 'touch new.txt' }), 'touch new.txt', 'run exactly this command'],
    ['web', calls('fetch_url', { url: 'http://127.0.0.1:9/x' }), '127.0.0.1', 'fetch pages of 127.0.0.1:9'],
  ])(
    'a call of the toolset %s asks, and a denial is a result that the model reads',
    async (toolset, call, about, always) => {
      const { session, questions, cwd } = await asking(call, { answers: ['deny'] });
      const { text, status } = await session.send('Do it.');
      expect(questions).toMatchObject([{ kind: 'tool', toolset, always }]);
      expect(questions[0]).toHaveProperty('about', expect.stringContaining(about));
      expect(text).toMatch(/^PERMISSION_DENIED: the person refused/);
      expect(status).toBe('completed');
      expect(existsSync(join(cwd, 'new.txt'))).toBe(false);
    },
  );

  test('once allows one call, always those after it in this folder, in other sessions too', async () => {
    const once = await asking(write, { answers: ['once'] });
    await once.session.send('Do it.');
    expect(readFileSync(join(once.cwd, 'new.txt'), 'utf8')).toBe('hi');
    const { cwd, home } = once;
    const always = await asking(calls('write_file', { path: 'b.txt', content: 'b' }), {
      answers: ['always'],
      cwd,
      home,
    });
    await always.session.send('Do it.');
    expect(always.questions).toHaveLength(1);
    const later = await asking(calls('write_file', { path: 'c.txt', content: 'c' }), { cwd, home });
    await later.session.send('Do it.');
    expect(existsSync(join(cwd, 'c.txt'))).toBe(true);
    // Kept with the person's own data, never in the folder.
    expect(readdirSync(cwd).sort()).toEqual(['b.txt', 'c.txt', 'new.txt']);
    const elsewhere = await asking(write, { home });
    expect((await elsewhere.session.send('Do it.')).text).toContain('nobody can be asked here');
  });

  test('a question that is open when the reply is interrupted denies', async () => {
    const lab = await startLab(parentWith([write]));
    const cwd = folder();
    const yard = await lab.open({ model: MODEL, toolsets: ['read', 'write'] }, { cwd });
    const asked = gate();
    const session = await yard.session({
      ask: () => {
        asked.open();
        return new Promise<never>(() => {});
      },
    });
    const begun = session.send('Do it.');
    await asked.passed;
    session.interrupt();
    expect(await begun).toMatchObject({ status: 'cancelled' });
    expect(existsSync(join(cwd, 'new.txt'))).toBe(false);
  });

  describe('of routes that the policy refuses', () => {
    const models = {
      chat: [{ id: 'chat-1', price: { in: 1, out: 1 } }],
      messages: [
        { id: 'messages-1', price: { in: 1, out: 50 } },
        { id: 'messages-2', price: { in: 0.1, out: 0.1 } },
      ],
    };
    const batch = delegates({
      tasks: [
        { goal: 'The cheap one of both.', model: 'messages-2', provider: 'messages' },
        { goal: 'The dear one of both.', model: 'messages-1', provider: 'messages' },
      ],
    });
    const open = async (delegation: object, answer?: PermissionAnswer) => {
      const lab = await startLab(parentWith([batch, (seen) => ({ text: lastResult(seen) })]), models);
      const yard = await lab.open({ model: MODEL, delegation }, { cwd: folder() });
      const questions: PermissionQuestion[] = [];
      const session = await yard.session(
        answer && {
          ask: async (question) => {
            expect(lab.servers.messages.requests).toEqual([]);
            questions.push(question);
            return answer;
          },
        },
      );
      return { lab, session, questions };
    };

    test.each([
      ['dearer than the parent', { above_parent_price: 'ask' }, 'above_parent_price'],
      ['denied', { deny: ['messages/messages-1'] }, 'delegation.deny'],
      ['not allowed', { allow: ['chat/*', '*/messages-2'] }, 'delegation.allow'],
    ])('a batch with one that is %s is asked about before anything starts', async (_, delegation, rule) => {
      const { lab, session, questions } = await open(delegation, 'once');
      const { text } = await session.send('Go.');
      expect(questions).toMatchObject([
        { kind: 'routes', tasks: [{ refused: [] }, { index: 1, refused: [expect.stringContaining(rule)] }] },
      ]);
      expect(lab.servers.messages.requests).toHaveLength(2);
      expect(text).toContain('2 subagents have ended');
    });

    test('a no starts nothing, and the model reads why', async () => {
      const { lab, session } = await open({ above_parent_price: 'ask' }, 'deny');
      expect((await session.send('Go.')).text).toMatch(
        /^ROUTE_DENIED: The person refused "messages\/messages-1"; nothing was started/,
      );
      expect(lab.servers.messages.requests).toEqual([]);
    });

    test('where nobody can be asked they are denied', async () => {
      const { lab, session } = await open({ above_parent_price: 'ask' });
      expect((await session.send('Go.')).text).toMatch(/^ROUTE_DENIED: .*"messages\/messages-1" is refused/);
      expect(lab.servers.messages.requests).toEqual([]);
    });

    test('nobody is asked about a call that is wrong in other ways as well', async () => {
      const { session, questions } = await open({ selection: 'off', deny: ['messages/messages-1'] }, 'once');
      expect((await session.send('Go.')).text).toMatch(/^ROUTE_DENIED/);
      expect(questions).toEqual([]);
    });
  });
});

describe('a saved session', () => {
  const saved = async (lab: Lab, cwd: string, home: string, config: object = {}): Promise<Yardmaster> =>
    lab.open(
      { model: MODEL, toolsets: ['read', 'write'], ...config },
      { cwd, store: undefined as never, env: { ...lab.env, YARDMASTER_HOME: home } },
    );
  const files = (home: string): string[] =>
    readdirSync(join(home, 'sessions')).filter((name) => name.endsWith('.jsonl'));
  const fileOf = (home: string): string => join(home, 'sessions', files(home)[0]!);

  test('goes on where it was left, by its id or as the last of its folder', async () => {
    const lab = await startLab((seen) => ({ text: `answer ${seen.turn + 1} by ${seen.model}` }), {
      chat: ['chat-1', 'chat-2'],
    });
    const [cwd, home] = [folder(), folder()];
    const one = await saved(lab, cwd, home);
    const session = await one.session();
    await session.send('My name is Ada.');
    await session.switch({ model: 'chat-2' });
    await one[Symbol.asyncDispose]();

    const two = await saved(lab, cwd, home);
    expect(await two.sessions({ cwd })).toMatchObject([{ id: session.id, cwd, title: 'My name is Ada.' }]);
    expect(await two.sessions({ cwd: home })).toEqual([]);
    const resumed = await two.session({ resume: 'last' });
    expect(resumed.id).toBe(session.id);
    expect(resumed.messages).toHaveLength(2);
    expect((await resumed.send('Who am I?')).text).toBe('answer 2 by chat-2');
    expect(lab.requests().at(-1)?.texts).toEqual(['My name is Ada.', 'Who am I?']);
    expect(resumed.spend().by_route.map(({ turns }) => turns)).toEqual([1, 1]);
    await two[Symbol.asyncDispose]();

    const three = await saved(lab, cwd, home);
    const asked = await three.session({ resume: session.id, request: { model: 'chat-1' } });
    expect((await asked.send('And now?')).text).toBe('answer 3 by chat-1');
  });

  test('that another process has open is refused, and one nobody spoke in leaves nothing', async () => {
    const lab = await startLab();
    const [cwd, home] = [folder(), folder()];
    const one = await saved(lab, cwd, home);
    await one.session();
    expect(existsSync(join(home, 'sessions'))).toBe(false);
    const session = await one.session();
    await session.send('Hello.');
    await expect(one.session({ resume: session.id })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('is open in another process'),
    });
  });

  test('holds no key', async () => {
    const lab = await startLab((seen) => ({ text: `You said ${seen.texts.at(-1)}` }));
    const [cwd, home] = [folder(), folder()];
    const yard = await saved(lab, cwd, home);
    const session = await yard.session();
    await session.send(`My key is ${keyOf('chat')} and another is sk-0123456789abcdef0123.`);
    const text = readFileSync(fileOf(home), 'utf8');
    expect(text).toContain('My key is');
    expect(text).not.toMatch(/sk-chat|sk-0123456789/);
  });

  test('drops a last line that was cut, and runs no tool again that may have run', async () => {
    const cwd = folder();
    const home = folder();
    const seen: SeenRequest[] = [];
    const lab = await startLab((request) => {
      seen.push(request);
      return { text: 'I look first.' };
    });
    const one = await saved(lab, cwd, home);
    const session = await one.session();
    await session.send('Hello.');
    await one[Symbol.asyncDispose]();
    // As a crash leaves it: the answer and the start of its call are written, half of the next line too.
    const file = fileOf(home);
    const answer = {
      ...JSON.parse(readFileSync(file, 'utf8').trim().split('\n').at(-1)!).entries[0].answer,
      text: '',
      stop: 'tool_calls',
      tool_calls: [{ id: 'c1', name: 'write_file', arguments: '{"path":"a.txt","content":"a"}' }],
    };
    const step = {
      at: 1,
      entries: [
        { kind: 'message', message: { role: 'user', text: 'Write it.' } },
        { kind: 'answer', turn: 1, answer },
        { kind: 'tool-start', call_id: 'c1', tool: 'write_file', idempotent: false },
      ],
    };
    appendFileSync(file, `${JSON.stringify(step)}\n{"at":2,"entries":[{"kind":"tool-e`);

    const two = await saved(lab, cwd, home);
    const resumed = await two.session({ resume: session.id });
    expect((await resumed.send('What now?')).text).toBe('I look first.');
    expect(existsSync(join(cwd, 'a.txt'))).toBe(false);
    const last = seen.at(-1)!;
    expect(JSON.stringify(last.json)).toContain('it may or may not have happened');
    expect(last.texts.at(-2)).toContain('cut short');
    expect(resumed.spend().cost.complete).toBe(false);
    await two[Symbol.asyncDispose]();
    expect(await (await saved(lab, cwd, home)).session({ resume: session.id })).toHaveProperty('id', session.id);
  });

  test('brings the results of background children that ended while it was away', async () => {
    const held = gate();
    const reply = parentWith(
      [
        delegates({ goal: 'Take your time.', provider: 'messages', background: true }),
        { text: 'I go on.' },
        (seen) => ({ text: `Thanks for ${seen.texts.at(-1)}` }),
      ],
      async () => {
        await held.passed;
        return { text: 'never' };
      },
    );
    const lab = await startLab(reply);
    const [cwd, home] = [folder(), folder()];
    const one = await saved(lab, cwd, home);
    const session = await one.session();
    await session.send('Begin.');
    await one[Symbol.asyncDispose]();
    held.open();

    const two = await saved(lab, cwd, home);
    const events: SessionEvent[] = [];
    const resumed = await two.session({ resume: 'last', on: (event) => events.push(event) });
    await resumed.idle();
    expect(events.find((event) => event.type === 'reply-start')).toMatchObject({
      cause: 'results',
      results: [{ results: [{ status: 'cancelled' }] }],
    });
    await two[Symbol.asyncDispose]();
    // Told once.
    const three = await saved(lab, cwd, home);
    const again = await three.session({ resume: 'last' });
    await again.idle();
    expect(again.messages.at(-1)).toMatchObject({ role: 'assistant' });
    expect(lab.servers.chat.requests).toHaveLength(3);
  });
});

describe('one resolver for a switch and a task', () => {
  const models = {
    chat: [
      { id: 'chat-1', reasoning: ['low', 'high'] },
      { id: 'chat-2', tools: false },
    ],
    messages: ['messages-1', 'free/model:free'],
    responses: ['responses-1', 'shared'],
  };
  const config = {
    model: MODEL,
    aliases: { fast: 'messages/messages-1' },
    routes: { reviewer: { provider: 'messages', model: 'messages-1', reasoning_effort: 'high' } },
  };

  test.each([
    [{ model: 'chat-1' }],
    [{ model: 'messages-1' }],
    [{ model: 'responses/responses-1' }],
    [{ model: 'free/model:free --provider messages' }],
    [{ model: 'free/model:free —provider messages' }],
    [{ model: '--provider responses' }],
    [{ model: 'messages-1 --provider messages', provider: 'responses' }],
    [{ model: 'chat-1 --provider' }],
    [{ model: 'chat-1 --fast' }],
    [{ model: 'fast' }],
    [{ model: 'inherit' }],
    [{ model: 'chat-l' }],
    [{ model: 'chat-2' }],
    [{ model: { provider: 'messages', model: 'messages-1' } }],
    [{ model: '' }],
    [{ provider: 'messages' }],
    [{ provider: 'nobody' }],
    [{ provider: 'messages', model: 'messages-1', reasoning_effort: 'low' }],
    [{ reasoning_effort: 'high' }],
    [{ reasoning_effort: 'medium' }],
    [{ reasoning_effort: 'enormous' }],
    [{ route: 'reviewer' }],
    [{ route: 'reviewr' }],
    [{ route: 'reviewer', model: 'chat-1' }],
    [{ modle: 'chat-1' }],
  ])('%j', async (request) => {
    const lab = await startLab({ text: 'ok' }, models);
    const yard = await lab.open(config, { cwd: folder() });
    const session = await yard.session();
    const told = async (decide: () => unknown): Promise<unknown> => {
      try {
        return await decide();
      } catch (error) {
        const { code, issues } = error as { code: string; issues: readonly { message: string; hint: string }[] };
        return { code, issues: issues.map(({ message, hint }) => [message, hint]) };
      }
    };
    const before = session.route;
    const asTask = await told(() => {
      const explained = yard.explain({ tasks: [{ goal: 'Anything at all.', ...(request as object) }] } as unknown);
      const [{ route, source, notes }] = explained.tasks as [(typeof explained.tasks)[number]];
      return { route, source, notes };
    });
    const asSwitch = await told(async () => {
      const { route, source, notes } = await session.switch(request as never);
      return { route, source, notes };
    });
    if (typeof asTask === 'object' && asTask !== null && 'code' in asTask) {
      expect(session.route).toBe(before);
      // A child may go without tools, the parent may not; the words differ there alone.
      if (asTask.code === 'ABILITY_MISSING') return expect(asSwitch).toMatchObject({ code: 'ABILITY_MISSING' });
    }
    expect(asSwitch).toEqual(asTask);
  });
});

test('the text that teaches the parent to delegate keeps within 3,000 tokens, however many models there are', async () => {
  const many = Array.from({ length: 400 }, (_, n) => ({
    id: `vendor/some-rather-long-model-name-${n}`,
    price: { in: 1, out: n },
  }));
  const lab = await startLab({ text: 'ok' }, { chat: ['chat-1', ...many], messages: many, responses: many });
  const yard = await lab.open({ model: MODEL }, { cwd: folder() });
  const session = await yard.session();
  await session.send('Hello.');
  const tool = (lab.requests()[0]!.json as { tools: readonly { function: { name: string } }[] }).tools.find(
    ({ function: { name } }) => name === 'delegate_task',
  );
  // About four characters a token.
  expect(JSON.stringify(tool).length / 4).toBeLessThan(3_000);
});
