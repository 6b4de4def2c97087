import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EFFORTS, type Effort } from '../effort.ts';
import { clampEffort, parseEffort, suggestEfforts } from './resolve-effort.ts';

test.each([...EFFORTS, 'HIGH', ' Low ', 'false', 'False'])('"%s" is an effort', (word) => {
  expect(EFFORTS).toContain(parseEffort(word));
});

test.each<[string, readonly string[]]>([
  ['ultra', ['max']],
  ['off', ['none']],
  ['x-high', ['xhigh']],
  ['med', ['medium']],
  ['hgih', ['high']],
  ['minimum', ['minimal']],
  ['true', []],
  ['12', []],
])('"%s" is none; nearest: %j', (word, near) => {
  expect(parseEffort(word)).toBeUndefined();
  expect(suggestEfforts(word)).toEqual(near);
});

describe('clamping (F29)', () => {
  // The vendors' level sets of reference rows, and what each asked level becomes.
  test.each<[string, readonly Effort[], Record<Effort, Effort>]>([
    [
      'all',
      [...EFFORTS],
      { none: 'none', minimal: 'minimal', low: 'low', medium: 'medium', high: 'high', xhigh: 'xhigh', max: 'max' },
    ],
    [
      'low to high',
      ['low', 'medium', 'high'],
      { none: 'low', minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'high', max: 'high' },
    ],
    [
      'low, high',
      ['low', 'high'],
      { none: 'low', minimal: 'low', low: 'low', medium: 'low', high: 'high', xhigh: 'high', max: 'high' },
    ],
    [
      'low, high, max',
      ['low', 'high', 'max'],
      { none: 'low', minimal: 'low', low: 'low', medium: 'low', high: 'high', xhigh: 'high', max: 'max' },
    ],
    [
      'high, max',
      ['high', 'max'],
      { none: 'high', minimal: 'high', low: 'high', medium: 'high', high: 'high', xhigh: 'high', max: 'max' },
    ],
    [
      'none and some',
      ['none', 'low', 'medium', 'xhigh'],
      { none: 'none', minimal: 'low', low: 'low', medium: 'medium', high: 'medium', xhigh: 'xhigh', max: 'xhigh' },
    ],
    [
      'only none',
      ['none'],
      { none: 'none', minimal: 'none', low: 'none', medium: 'none', high: 'none', xhigh: 'none', max: 'none' },
    ],
  ])('a model that takes %s', (_name, supported, expected) => {
    const actual = Object.fromEntries(EFFORTS.map((asked) => [asked, clampEffort(asked, supported, 'm').effort]));
    expect(actual).toEqual(expected);
  });

  test('a model that takes none gets none; asking it for "none" is fulfilled', () => {
    expect(clampEffort('high', [], 'm')).toEqual({
      clamped: true,
      note: expect.stringContaining('takes no reasoning effort'),
    });
    expect(clampEffort('none', [], 'm')).toEqual({ clamped: false });
  });

  test('unknown levels pass as asked, with a note', () => {
    expect(clampEffort('xhigh', undefined, 'm')).toEqual({
      effort: 'xhigh',
      clamped: false,
      note: expect.stringContaining('"xhigh"'),
    });
  });

  test('it never turns reasoning off unasked, never strengthens past the weakest, and always says so', () => {
    fc.assert(
      fc.property(fc.constantFrom(...EFFORTS), fc.subarray([...EFFORTS]), (asked, supported) => {
        const { effort, note, clamped } = clampEffort(asked, supported, 'm');
        expect(clamped).toBe(supported.includes(asked) ? false : !(asked === 'none' && supported.length === 0));
        expect(note !== undefined).toBe(clamped);
        if (effort === undefined) return;
        expect(supported).toContain(effort);
        const levels = supported.filter((level) => level !== 'none');
        if (asked !== 'none' && levels.length > 0) expect(effort).not.toBe('none');
        if (EFFORTS.indexOf(effort) > EFFORTS.indexOf(asked)) expect(effort).toBe(levels[0]);
      }),
    );
  });
});
