import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DelegationEvent } from '../core/events.ts';
import { createEventQueue, type EventQueue } from './event-queue.ts';

const of = (task_id: string) => ({ delegation_id: 'd', task_id, depth: 1, index: 0, route: {} as never });
const text = (task_id: string, text: string): DelegationEvent => ({ ...of(task_id), type: 'text-delta', text });
const turn = (task_id: string, turn: number): DelegationEvent => ({ ...of(task_id), type: 'turn-start', turn });
const ended: DelegationEvent = { type: 'delegation-end', delegation_id: 'd', depth: 1, duration_ms: 1 };

async function all(queue: EventQueue): Promise<DelegationEvent[]> {
  const events: DelegationEvent[] = [];
  for await (const event of queue.read()) events.push(event);
  return events;
}

describe('events on their way to a reader', () => {
  test('a reader that keeps up gets each as it was told', async () => {
    const queue = createEventQueue();
    const told = [text('a', 'one '), text('a', 'two'), turn('a', 2), ended];
    const reader = queue.read();
    for (const event of told) {
      const next = reader.next();
      queue.push(event);
      expect(await next).toEqual({ done: false, value: event });
    }
    queue.end();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test('unread pieces of one text are put together, up to whatever else happens in that child', async () => {
    const queue = createEventQueue();
    for (const event of [
      text('a', '1'),
      text('b', 'x'),
      text('a', '2'),
      turn('a', 2),
      text('a', '3'),
      text('b', 'y'),
    ]) {
      queue.push(event);
    }
    queue.end();
    expect(await all(queue)).toEqual([text('a', '12'), text('b', 'xy'), turn('a', 2), text('a', '3')]);
    expect(queue.missed).toBe(0);
  });

  test('a piece that was read grows no more', async () => {
    const queue = createEventQueue();
    const reader = queue.read();
    queue.push(text('a', 'read'));
    const { value } = await reader.next();
    queue.push(text('a', 'later'));
    queue.end();
    expect(value).toEqual(text('a', 'read'));
    expect(await all(queue)).toEqual([text('a', 'later')]);
  });

  test('with a thousand unread, progress is left out and counted, and ends still come', async () => {
    const queue = createEventQueue();
    for (let n = 0; n < 1_500; n += 1) queue.push(turn('a', n));
    queue.push(ended);
    queue.end();
    const events = await all(queue);
    expect(events).toHaveLength(1_001);
    expect(events.at(-1)).toEqual(ended);
    expect(queue.missed).toBe(500);
  });

  test('texts that nobody reads hold a bounded number of characters', async () => {
    const queue = createEventQueue();
    for (let n = 0; n < 300; n += 1) queue.push(text('a', 'x'.repeat(10_000)));
    queue.end();
    const [piece] = (await all(queue)) as { text: string }[];
    expect(piece?.text).toHaveLength(1_000_000);
    expect(queue.missed).toBe(200);
  });

  test('what one loop leaves, the next one gets', async () => {
    const queue = createEventQueue();
    for (let n = 1; n <= 3; n += 1) queue.push(turn('a', n));
    queue.end();
    for await (const event of queue.read()) {
      expect(event).toEqual(turn('a', 1));
      break;
    }
    expect(await all(queue)).toEqual([turn('a', 2), turn('a', 3)]);
  });

  test('two readers at once share the events, and both end', async () => {
    const queue = createEventQueue();
    const both = Promise.all([all(queue), all(queue)]);
    await Promise.resolve();
    for (let n = 0; n < 10; n += 1) queue.push(turn('a', n));
    queue.end();
    expect((await both).flat()).toHaveLength(10);
  });

  test('a failure comes after the last event', async () => {
    const queue = createEventQueue();
    queue.push(ended);
    queue.end({ error: new Error('refused') });
    const reader = queue.read();
    expect((await reader.next()).value).toEqual(ended);
    await expect(reader.next()).rejects.toThrow('refused');
  });

  test('however slowly it is read: of every child, nothing is lost or swapped', async () => {
    const step = fc.record({ task: fc.constantFrom('a', 'b'), says: fc.string({ maxLength: 3 }), pause: fc.boolean() });
    const pause = (): Promise<void> => new Promise((resume) => setImmediate(resume));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, slow) => {
        const queue = createEventQueue();
        const heard: Record<string, string> = { a: '', b: '' };
        const told: Record<string, string> = { a: '', b: '' };
        const reading = (async () => {
          for await (const event of queue.read()) {
            if (event.type === 'text-delta') heard[event.task_id] += event.text;
            if (event.type === 'turn-start') heard[event.task_id] += `|${event.turn}|`;
            if (slow) await pause();
          }
        })();
        for (const [n, { task, says, pause: rests }] of steps.entries()) {
          queue.push(says === '' ? turn(task, n) : text(task, says));
          told[task] += says === '' ? `|${n}|` : says;
          if (rests) await pause();
        }
        queue.end();
        await reading;
        expect(heard).toEqual(told);
      }),
    );
  });
});
