import { describe, expect, test } from 'vitest';
import { NO_USAGE } from '../core/budget/sum-results.ts';
import type { RouteSpend } from '../core/result.ts';
import type { SessionEntry, SessionLogs } from '../core/session-log.ts';

export const said = (text: string): SessionEntry => ({ kind: 'message', message: { role: 'user', text } });

const OWN: RouteSpend = {
  route: { provider: 'lab', model: 'm', wire: 'openai-chat', authority: 'http://127.0.0.1:1' },
  usage: NO_USAGE,
  cost: { usd: 0.5, complete: true },
  turns: 1,
};

export const replied: SessionEntry = {
  kind: 'reply-end',
  own: [OWN],
  spend: {
    usage: NO_USAGE,
    cost: OWN.cost,
    by_route: [OWN],
    children: { usage: NO_USAGE, cost: { usd: 0, complete: true } },
  },
};

/** A clock that goes on with every look at it. */
export function ticking(): () => number {
  let now = 1_000;
  return () => now++;
}

/** What every SessionLogs adapter promises. `open` gives a fresh one over the same place, as a later process would. */
export function sessionLogsContract(name: string, start: () => { readonly open: () => SessionLogs }): void {
  describe(name, () => {
    test('a session is there again as it was written, step by step', async () => {
      const { open } = start();
      const log = open().create({ cwd: '/a' });
      expect(log.saved).toEqual([]);
      await Promise.all([log.append([said('one'), said('two')]), log.append([said('three')])]);
      await log[Symbol.asyncDispose]();
      const again = await open().open(log.id, { cwd: '/a' });
      expect(again).toMatchObject({ id: log.id, crashed: false, saved: [said('one'), said('two'), said('three')] });
      await again.append([said('four')]);
      await again[Symbol.asyncDispose]();
      const last = await open().open('last', { cwd: '/a' });
      expect(last.saved.at(-1)).toEqual(said('four'));
      await last[Symbol.asyncDispose]();
    });

    test('one that nobody said anything in is not there', async () => {
      const { open } = start();
      const logs = open();
      const log = logs.create({ cwd: '/a' });
      await log[Symbol.asyncDispose]();
      expect(await logs.list()).toEqual([]);
      await expect(logs.open(log.id, { cwd: '/a' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(logs.open('last', { cwd: '/a' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(logs.open('../../etc/passwd', { cwd: '/a' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('one that is open is refused to others', async () => {
      const { open } = start();
      const log = open().create({ cwd: '/a' });
      await log.append([said('one')]);
      await expect(open().open(log.id, { cwd: '/a' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
      await log[Symbol.asyncDispose]();
      const again = await open().open(log.id, { cwd: '/a' });
      await again[Symbol.asyncDispose]();
    });

    test('they are listed by folder, the one used last first, by what was said first', async () => {
      const { open } = start();
      const logs = open();
      for (const [cwd, text] of [
        ['/a', 'first here'],
        ['/b', 'there "quoted"\nand more'],
        ['/a', 'x'.repeat(100_000)],
      ] as const) {
        const log = logs.create({ cwd });
        await log.append([{ kind: 'note', note: 'n' }, said(text)]);
        await log[Symbol.asyncDispose]();
      }
      expect((await logs.list()).map(({ title }) => title)).toEqual([
        'x'.repeat(120),
        'there "quoted"\nand more',
        'first here',
      ]);
      expect((await logs.list({ cwd: '/b' })).map(({ cwd, title }) => [cwd, title.length])).toEqual([['/b', 23]]);
    });

    test('what parents spent is told since a moment', async () => {
      const { open } = start();
      const logs = open();
      const log = logs.create({ cwd: '/a' });
      await log.append([said('one')]);
      await log.append([replied]);
      await log[Symbol.asyncDispose]();
      const [spent, ...others] = await logs.spent(0);
      expect(others).toEqual([]);
      expect(spent).toMatchObject({ ...OWN, session_id: log.id });
      expect(await logs.spent(spent!.at + 1)).toEqual([]);
    });
  });
}
