import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

test('what there is room for goes on at once', () => {
  const ran: number[] = [];
  const turns = createTurns(2);
  turns(() => ran.push(1));
  turns(() => ran.push(2));
  expect(ran).toEqual([1, 2]);
});

test('the rest goes on in later turns, a few in each, in order', async () => {
  const ran: number[] = [];
  const turns = createTurns(2);
  for (let number = 1; number <= 5; number++) turns(() => ran.push(number));
  const seen = [[...ran]];
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    seen.push([...ran]);
  }
  expect(seen).toEqual([
    [1, 2],
    [1, 2, 3, 4],
    [1, 2, 3, 4, 5],
    [1, 2, 3, 4, 5],
  ]);
});

test('nobody overtakes those who wait', async () => {
  const ran: string[] = [];
  const turns = createTurns(1);
  turns(() => ran.push('first'));
  turns(() => {
    ran.push('second');
    turns(() => ran.push('what the second began'));
  });
  turns(() => ran.push('third'));
  while (ran.length < 4) await nextTurn();
  expect(ran).toEqual(['first', 'second', 'third', 'what the second began']);
});
