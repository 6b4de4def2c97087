import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../../src/index.ts';
import { startLab } from '../lab.ts';
import { delegates, folder, gate, lastResult, MODEL, parentWith } from './parent.ts';

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

  test('in the background that the parent waited for itself is not told again', async () => {
    const lab = await startLab(
      parentWith([
        delegates({ goal: 'Take your time.', provider: 'messages', background: true }),
        (seen) => delegates({ action: 'wait', id: /d_\w+/.exec(lastResult(seen))?.[0] ?? '' }),
        (seen) => ({ text: lastResult(seen) }),
      ]),
    );
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session();
    expect((await session.send('Go.')).text).toContain('The child is done.');
    await session.idle();
    expect(lab.servers.chat.requests).toHaveLength(3);
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
    let heard = '';
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session({
      on(event) {
        if (event.type !== 'child') return;
        if (event.event.type === 'task-end') ends.push(event.event.result.status);
        if (event.event.type === 'text-delta') heard += event.event.text;
      },
    });
    const begun = session.send('Begin.');
    await expect.poll(() => ends).toEqual(['completed']);
    await expect.poll(() => heard).toContain('half ');
    session.interrupt();
    expect(await begun).toMatchObject({ status: 'cancelled' });
    expect(ends).toEqual(['completed', 'cancelled']);
    const { text } = await session.send('What do you have?');
    expect(text).toContain('quick result');
    expect(text).toContain('half ');
    expect(lab.servers.chat.requests.at(-1)?.texts).toContain('[The person interrupted you here.]');
  });
});
