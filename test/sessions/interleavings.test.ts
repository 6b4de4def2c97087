import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createYardmaster, type SessionEvent } from '../../src/index.ts';
import { startProvider } from '../../src/testing.ts';
import { startLab } from '../lab.ts';
import { calls, folder, MODEL } from './parent.ts';

const op = fc.oneof(
  { weight: 4, arbitrary: fc.constant('send' as const) },
  { weight: 2, arbitrary: fc.constant('interrupt' as const) },
  { weight: 2, arbitrary: fc.constant('switch' as const) },
  { weight: 2, arbitrary: fc.constant('wait' as const) },
  { weight: 1, arbitrary: fc.constant('background' as const) },
);

test('whatever is said, switched and interrupted when: each message is said once, in order, and each result told once', async () => {
  const cwd = folder();
  await fc.assert(
    fc.asyncProperty(fc.array(op, { minLength: 3, maxLength: 12 }), async (ops) => {
      await using server = await startProvider({
        wire: 'openai-chat',
        reply(seen) {
          const last = seen.texts.at(-1) ?? '';
          if (seen.texts[0]?.startsWith('Child')) return { text: 'A child was here.', first_token_delay_ms: 3 };
          // Only the answer to the message itself delegates, not the one after the call.
          if (/^background \d+$/.test(last) && seen.tool_results.length === 0) {
            return calls('delegate_task', { goal: `Child of ${last}.`, background: true });
          }
          return { text: 'ok', first_token_delay_ms: 2 };
        },
      });
      const lab = {
        base_url: server.base_url,
        wire: server.wire,
        auth: 'none',
        models: ['one', 'two'],
        simulated: true,
      };
      const config = { model: { provider: 'lab', model: 'one' }, providers: { lab } };
      await using yard = await createYardmaster({ cwd, config, store: 'memory', env: {} });
      const events: SessionEvent[] = [];
      const session = await yard.session({ on: (event) => events.push(event) });
      const said: string[] = [];
      const replies: Promise<unknown>[] = [];
      for (const [index, what] of ops.entries()) {
        if (what === 'send' || what === 'background') {
          said.push(`${what} ${index}`);
          replies.push(session.send(`${what} ${index}`));
        } else if (what === 'interrupt') session.interrupt();
        else if (what === 'switch') await session.switch({ model: index % 2 === 0 ? 'one' : 'two' });
        else await sleep(4);
      }
      await Promise.all(replies);
      await session.idle();

      const texts = session.messages.flatMap((message) => (message.role === 'user' ? [message.text] : []));
      expect(texts.filter((text) => said.includes(text))).toEqual(said);
      const ends = events.flatMap((event) => (event.type === 'reply-end' ? [event.reply.status] : []));
      expect(ends.filter((status) => status !== 'completed' && status !== 'cancelled')).toEqual([]);
      const started = events.flatMap((event) =>
        event.type === 'child' && event.event.type === 'delegation-start' ? [event.event.delegation_id] : [],
      );
      const told = texts.flatMap((text) => /^\[The delegation (d_\w+) has ended/.exec(text)?.[1] ?? []);
      expect(told.sort()).toEqual(started.sort());
      expect(await yard.collect()).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

test('a conversation that outgrows its window is shortened, again and again, and goes on', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'long.txt'), 'word '.repeat(3_000));
  const lab = await startLab(
    (seen) => (seen.tool_results.length === 0 ? calls('read_file', { path: 'long.txt' }) : { text: 'Read.' }),
    { chat: [{ id: 'chat-1', context: 16_000, max_output: 1_000 }] },
  );
  const yard = await lab.open({ model: MODEL }, { cwd });
  const session = await yard.session();
  const notes: string[] = [];
  for (let index = 0; index < 6; index += 1) {
    const reply = await session.send(`Read it, number ${index}.`);
    expect(reply.status).toBe('completed');
    notes.push(...reply.route.notes);
  }
  expect(notes.filter((note) => note.startsWith('compacted')).length).toBeGreaterThan(1);
  const sizes = lab.requests().map(({ body }) => body.length);
  expect(Math.max(...sizes)).toBeLessThan(16_000 * 4);
  expect(lab.requests().at(-1)?.texts).toHaveLength(6);
});
