import { describe, expect, test } from 'vitest';
import type { DelegationEvent } from '../src/index.ts';
import { type Lab, startLab } from './lab.ts';

const TASKS = { tasks: [{ goal: 'Look into one.' }, { goal: 'Look into two.', model: 'messages/messages-1' }] };

async function open(lab: Lab) {
  return lab.open({ model: 'chat/chat-1' }, { store: 'memory' });
}

describe('a call as a stream', () => {
  test('gives every event from beginning to end, and the result that delegate gives', async () => {
    const lab = await startLab();
    const yard = await open(lab);
    const run = yard.stream(TASKS);
    const events: DelegationEvent[] = [];
    for await (const event of run) events.push(event);
    const { delegation_id, results } = await run.result;
    expect(events.at(0)).toMatchObject({
      type: 'delegation-start',
      delegation_id,
      task_ids: results.map(({ id }) => id),
    });
    expect(events.at(-1)).toMatchObject({ type: 'delegation-end', delegation_id });
    for (const result of results) {
      const own = events.filter((event) => 'task_id' in event && event.task_id === result.id);
      expect(own.at(0)?.type).toBe('task-queued');
      expect(own.at(-1)).toMatchObject({ type: 'task-end', result });
      expect(own.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')).toBe('Done as asked.');
    }
    expect(run.missed).toBe(0);
  });

  test('refuses as delegate does: in the loop and in the result, with nothing sent', async () => {
    const lab = await startLab();
    const yard = await open(lab);
    const run = yard.stream({ goal: 'Do it on what is not there.', model: 'chat-9' });
    await expect(
      (async () => {
        for await (const _ of run);
      })(),
    ).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
    await expect(run.result).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
    expect(lab.requests()).toEqual([]);
  });

  test('runs to its end when the loop is left, or was never begun', async () => {
    const lab = await startLab();
    const yard = await open(lab);
    const left = yard.stream(TASKS);
    for await (const { type } of left) if (type === 'task-queued') break;
    const unread = yard.stream(TASKS);
    for (const { result } of [left, unread]) {
      expect((await result).results.map(({ status }) => status)).toEqual(['completed', 'completed']);
    }
  });

  test('a reader that stops reading holds up no child', async () => {
    const lab = await startLab();
    const yard = await open(lab);
    const run = yard.stream(TASKS);
    const seen: string[] = [];
    for await (const event of run) {
      if (seen.length === 0) await run.result;
      seen.push(event.type);
    }
    expect(seen.filter((type) => type === 'task-end')).toHaveLength(2);
  });

  test('is stopped by its signal, and says so in events and result', async () => {
    const lab = await startLab({ hang: true });
    const yard = await open(lab);
    const stop = new AbortController();
    const run = yard.stream(TASKS, { signal: stop.signal });
    const ends: string[] = [];
    for await (const event of run) {
      if (event.type === 'turn-start') stop.abort();
      if (event.type === 'task-end') ends.push(event.result.status);
    }
    expect(ends).toEqual(['cancelled', 'cancelled']);
    expect((await run.result).results.map(({ status }) => status)).toEqual(ends);
  });

  test('tells a listener too', async () => {
    const lab = await startLab();
    const yard = await open(lab);
    const told: string[] = [];
    const run = yard.stream({ goal: 'Tell both of us.' }, { on: ({ type }) => told.push(type) });
    const read: string[] = [];
    for await (const { type } of run) read.push(type);
    expect(new Set(read)).toEqual(new Set(told));
  });
});

describe('the store "memory"', () => {
  test('keeps results as long as the process, without a file', async () => {
    const lab = await startLab();
    const yard = await open(lab);
    const { results, delegation_id } = await yard.delegate({ goal: 'Leave nothing behind.' });
    expect(results[0].transcript).toBeUndefined();
    expect(await yard.call({ action: 'status', id: delegation_id })).toMatchObject({
      tasks: [{ result: { summary: 'Done as asked.' } }],
    });
  });
});
