import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SessionEvent, Yardmaster } from '../../src/index.ts';
import type { SeenRequest } from '../../src/testing.ts';
import { keyOf, type Lab, startLab } from '../lab.ts';
import { delegates, folder, gate, MODEL, parentWith } from './parent.ts';

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
    await asked.switch({ model: 'chat-2' });
    await asked.switch({ model: 'chat-1' });
    expect((await asked.send('And now?')).text).toBe('answer 3 by chat-1');
    await three[Symbol.asyncDispose]();

    const four = await saved(lab, cwd, home);
    expect((await four.session({ resume: 'last' })).route.route.model).toBe('chat-1');
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
    const lab = await startLab((seen) => ({ text: `You said ${seen.texts.at(-1)}, and I know ${keyOf('chat')}.` }));
    const [cwd, home] = [folder(), folder()];
    const yard = await saved(lab, cwd, home);
    const session = await yard.session();
    await expect(session.send(`My key is ${keyOf('chat')}.`)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(lab.requests()).toEqual([]);
    await session.send('My key is sk-0123456789abcdef0123.');
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
