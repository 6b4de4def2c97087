import { expect, test } from 'vitest';
import type { Answer } from '../provider.ts';
import { filterAnswer } from './filter-answer.ts';
import { createSecretFilter, REDACTED } from './redact.ts';

const KEY = 'sk-0123456789abcdef';
const filter = createSecretFilter([KEY]);

const ANSWER: Answer = {
  text: 'Hello.',
  reasoning: 'Hm.',
  tool_calls: [{ id: '1', name: 'echo', arguments: '{"text":"hi"}', extra: { signature: 'x' } }],
  stop: 'tool_calls',
  sent: { model: 'm', reasoning: null },
  replay: [{ thinking: 'Hm.', signature: 'y' }],
  first_token_ms: 1,
  notes: [],
};

test('an answer without a key is handed on as it is', () => {
  expect(filterAnswer(ANSWER, filter)).toBe(ANSWER);
});

test('no part of an answer keeps a key (F28)', () => {
  const told = filterAnswer(
    {
      ...ANSWER,
      text: `It is ${KEY}.`,
      reasoning: KEY,
      tool_calls: [{ id: '1', name: 'echo', arguments: JSON.stringify({ text: KEY }), extra: { [KEY]: 1 } }],
      replay: [{ thinking: KEY, signature: 'y' }],
    },
    filter,
  );
  const { replay: _, ...rest } = ANSWER;
  expect(told).toEqual({
    ...rest,
    text: `It is ${REDACTED}.`,
    reasoning: REDACTED,
    tool_calls: [{ id: '1', name: 'echo', arguments: `{"text":"${REDACTED}"}` }],
  });
});
