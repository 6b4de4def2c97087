import { expect, test } from 'vitest';
import { createKeyRedactor } from './redact-key.ts';

const KEY = 'sk-a/b"c+0123456789';

test.each<[string, unknown, unknown]>([
  ['a text', `Bearer ${KEY}!`, 'Bearer [redacted]!'],
  ['every occurrence', `${KEY} ${KEY}`, '[redacted] [redacted]'],
  ['as JSON writes it', JSON.stringify({ key: KEY }), '{"key":"[redacted]"}'],
  ['as a URL writes it', `?key=${encodeURIComponent(KEY)}`, '?key=[redacted]'],
  ['a name', { a: { [`x-${KEY}`]: 1 } }, { a: { 'x-[redacted]': 1 } }],
  ['deep inside', { a: [1, { b: KEY }], c: null }, { a: [1, { b: '[redacted]' }], c: null }],
])('a key is taken out of %s', (_, value, clean) => {
  expect(createKeyRedactor(KEY)(value)).toEqual(clean);
});

test('what holds no key is the same object', () => {
  const value = { text: 'hello', list: [{ a: 1 }] };
  expect(createKeyRedactor(KEY)(value)).toBe(value);
});

test('a placeholder that is a common word spoils no text', () => {
  expect(createKeyRedactor('none')('none of them')).toBe('none of them');
});
