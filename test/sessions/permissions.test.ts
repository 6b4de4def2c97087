import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PermissionAnswer, PermissionQuestion } from '../../src/index.ts';
import type { Reply } from '../../src/testing.ts';
import { startLab } from '../lab.ts';
import { calls, delegates, folder, gate, lastResult, MODEL, parentWith } from './parent.ts';

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
