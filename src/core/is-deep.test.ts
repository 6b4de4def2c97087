import { describe, expect, test } from 'vitest';
import { isDeep } from './is-deep.ts';

function nested(levels: number): unknown {
  return JSON.parse('{"a":['.repeat(levels / 2) + ']}'.repeat(levels / 2));
}

describe('nesting of what comes from outside', () => {
  test.each([null, 'text', 1, true, undefined, [], {}])('%j is not deep', (value) => {
    expect(isDeep(value)).toBe(false);
  });

  test('a hundred levels are not deep, more are', () => {
    expect(isDeep(nested(100))).toBe(false);
    expect(isDeep(nested(102))).toBe(true);
  });

  test('a hundred thousand levels are looked at without running out of stack', () => {
    expect(isDeep(nested(100_000))).toBe(true);
  });
});
