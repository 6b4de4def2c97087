import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SessionEvent } from '../src/index.ts';
import { scriptedModel } from '../src/testing.ts';
import { startLab } from './lab.ts';

const MODEL = { provider: 'chat', model: 'chat-1' };

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
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
  });

  test('delegates: the parent reads what its children found', async () => {
    const lab = await startLab(
      scriptedModel({
        'Count the files.': [{ text: 'There are 3.' }],
        '': [
          {
            tool_calls: [
              { name: 'delegate_task', arguments: { tasks: [{ goal: 'Count the files.', provider: 'messages' }] } },
            ],
          },
          (seen) => ({ text: `I read: ${seen.tool_results[0]?.content}` }),
        ],
      }),
    );
    const yard = await lab.open({ model: MODEL }, { cwd: folder() });
    const session = await yard.session();
    const reply = await session.send('How many?');
    expect(reply.text).toContain('There are 3.');
    expect(lab.servers.messages.requests).toHaveLength(1);
    expect(session.spend().by_route.map(({ route }) => route.provider)).toEqual(['messages', 'chat']);
    expect(session.explain()?.tasks[0]).toMatchObject({ route: { provider: 'messages' } });
  });
});
