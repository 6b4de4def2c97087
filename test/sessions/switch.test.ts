import { describe, expect, test } from 'vitest';
import { startLab } from '../lab.ts';
import { folder, MODEL } from './parent.ts';

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
