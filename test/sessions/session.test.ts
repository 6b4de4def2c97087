import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../../src/index.ts';
import type { SeenRequest } from '../../src/testing.ts';
import { startLab } from '../lab.ts';
import { folder, gate, MODEL } from './parent.ts';

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

test.each([
  ['routes', ['goal', 'context', 'route'], ['model', 'provider'], /deep: for hard questions/],
  ['off', ['goal', 'context'], ['model', 'provider', 'route'], /./],
])('with selection "%s" the parent sees no more than it may choose', async (selection, has, lacks, text) => {
  const lab = await startLab({ text: 'ok' });
  const routes = { deep: { provider: 'messages', model: 'messages-1', description: 'for hard questions' } };
  const yard = await lab.open({ model: MODEL, routes, delegation: { selection } }, { cwd: folder() });
  await (await yard.session()).send('Hello.');
  const tool = lab.requests()[0]?.tools.find(({ name }) => name === 'delegate_task');
  const { tasks } = tool!.parameters.properties as { tasks: { items: { properties: object } } };
  const shown = Object.keys(tasks.items.properties);
  expect(shown).toEqual(expect.arrayContaining(has));
  expect(shown.filter((name) => lacks.includes(name))).toEqual([]);
  expect(JSON.stringify(tool)).toMatch(text);
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
