import { expect, test } from 'vitest';
import { historyOf } from './history.ts';
import type { Answer, ToolResult } from './provider.ts';
import type { JournalEntry } from './store.ts';

const answer = (text: string, ...ids: string[]): Answer => ({
  text,
  reasoning: '',
  tool_calls: ids.map((id) => ({ id, name: 'read_file', arguments: '{}', extra: 'signature' })),
  stop: 'end',
  sent: { model: 'm', reasoning: null },
  replay: ['thinking'],
  first_token_ms: 1,
  notes: [],
});
const result = (id: string): ToolResult => ({ id, name: 'read_file', content: id, is_error: false });
const said = (text: string, ...ids: string[]): JournalEntry => ({
  kind: 'answer',
  turn: 1,
  answer: answer(text, ...ids),
});
const ended = (id: string): JournalEntry => ({ kind: 'tool-end', result: result(id), ms: 1 });
const started = (id: string): JournalEntry => ({
  kind: 'tool-start',
  call_id: id,
  tool: 'read_file',
  idempotent: true,
});
const user = (text: string): JournalEntry => ({ kind: 'message', message: { role: 'user', text } });

test('a journal is the conversation it wrote down; results come in the order of their calls', () => {
  const entries = [user('Go.'), said('One', 'a', 'b'), started('a'), started('b'), ended('b'), ended('a'), said('Two')];
  expect(historyOf(entries, { portable: false })).toEqual([
    { role: 'user', text: 'Go.' },
    { role: 'assistant', answer: answer('One', 'a', 'b') },
    { role: 'tool', results: [result('a'), result('b')] },
    { role: 'assistant', answer: answer('Two') },
  ]);
});

test('what a child was told stands where it was delivered', () => {
  const told: JournalEntry = { kind: 'steer', id: 1, message: 'Only b.', turn: 2 };
  expect(historyOf([user('Go.'), said('One', 'a'), ended('a'), told, said('Two')], { portable: false })).toEqual([
    { role: 'user', text: 'Go.' },
    { role: 'assistant', answer: answer('One', 'a') },
    { role: 'tool', results: [result('a')] },
    { role: 'user', text: 'Only b.' },
    { role: 'assistant', answer: answer('Two') },
  ]);
});

test('a call that has no end is told as interrupted', () => {
  const [, , tool] = historyOf([user('Go.'), said('One', 'a'), started('a'), user('And?')], { portable: false });
  expect(tool).toMatchObject({ role: 'tool', results: [{ id: 'a', is_error: true }] });
});

test('a portable history has nothing that only its author can read', () => {
  const text = JSON.stringify(historyOf([user('Go.'), said('One', 'a'), ended('a')], { portable: true }));
  expect(text).not.toMatch(/thinking|signature/);
  expect(text).toContain('One');
});
