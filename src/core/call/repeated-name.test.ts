import fc from 'fast-check';
import { expect, test } from 'vitest';
import { repeatedName } from './repeated-name.ts';

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['[{"goal":"x","model":"a","context":"{\\"model\\":1}","model":"b"}]', 'model'],
  ['{"a":{"b":1,"b":2}}', 'b'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['{"":1,"":2}', ''],
  ['{"a":[{"a":1},{"a":2}],"b":":{}"}', undefined],
  ['{"a":"\\\\","b":"\\"a\\":"}', undefined],
  ['"a:b"', undefined],
])('%s repeats %j', (json, name) => {
  JSON.parse(json);
  expect(repeatedName(json)).toBe(name);
});

test('no value that JSON.stringify writes repeats a name, whatever its texts hold', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(repeatedName(JSON.stringify(value))).toBeUndefined();
    }),
  );
});

test('reads a text of millions of characters', () => {
  const text = JSON.stringify({ a: '\\"'.repeat(2_000_000), b: 'x'.repeat(2_000_000) });
  expect(repeatedName(text)).toBeUndefined();
});
