import { describe, expect, test } from 'vitest';
import { startLab } from '../lab.ts';
import { delegates, folder, gate, MODEL, parentWith } from './parent.ts';

test('a switch in the middle of a reply is for the next one', async () => {
  const held = gate();
  const lab = await startLab(
    parentWith([
      async () => {
        await held.passed;
        return delegates({ goal: 'Do what the parent would.' });
      },
      { text: 'ok' },
      { text: 'ok' },
      { text: 'ok' },
    ]),
    { chat: ['chat-1', 'chat-2'] },
  );
  const yard = await lab.open({ model: MODEL }, { cwd: folder() });
  const session = await yard.session();
  const begun = session.send('Go.');
  await expect.poll(() => lab.requests().length).toBe(1);
  await session.switch({ model: 'chat-2' });
  held.open();
  await begun;
  await session.send('Go on.');
  expect(lab.requests().map(({ model }) => model)).toEqual(['chat-1', 'chat-1', 'chat-1', 'chat-2']);
});

test('what configuration says about children does not bind the parent', async () => {
  const lab = await startLab({ text: 'ok' });
  const delegation = { deny: ['responses/*'], selection: 'off', model: 'messages-1', provider: 'messages' };
  const yard = await lab.open({ model: MODEL, delegation }, { cwd: folder() });
  const session = await yard.session();
  expect(session.route.route).toMatchObject(MODEL);
  const { route, source } = await session.switch({ provider: 'responses' });
  expect(route).toMatchObject({ provider: 'responses', model: 'responses-1', fallback: [] });
  expect(source).toMatchObject({ provider: 'task' });
});

test('a source is told of every field, also of one that an earlier switch set', async () => {
  const chat = [
    { id: 'chat-1', reasoning: ['low', 'high'] },
    { id: 'chat-2', reasoning: ['low', 'high'] },
  ];
  const lab = await startLab({ text: 'ok' }, { chat });
  const yard = await lab.open({ model: MODEL }, { cwd: folder() });
  const session = await yard.session();
  expect(session.route.source).toEqual({ provider: 'parent', model: 'parent' });
  await session.switch({ model: 'chat-2' });
  expect(session.route.source).toEqual({ provider: 'parent', model: 'task' });
  await session.switch({ reasoning_effort: 'high' });
  expect(session.route.source).toEqual({ provider: 'parent', model: 'task', reasoning_effort: 'task' });
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
