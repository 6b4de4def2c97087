import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelFamily } from '../catalog.ts';
import { testModel } from '../test-catalog.ts';
import { rankFamily } from './rank-family.ts';

const family = (
  tokens: readonly string[],
  vendors: readonly string[] = [],
  without: readonly string[] = [],
): ModelFamily => ({
  tokens,
  vendors,
  without,
});
const rank = (of: ModelFamily, ids: readonly (string | readonly [string, string])[], prefix?: string): string[] =>
  rankFamily(
    ids.map((id) => (typeof id === 'string' ? testModel(id) : testModel(id[0], { released: id[1] }))),
    { family: of, isOwnVendor: (vendor) => of.vendors.includes(vendor), ...(prefix === undefined ? {} : { prefix }) },
  ).map(({ id }) => id);

describe('the newest of a family', () => {
  test.each<[string, ModelFamily, readonly (string | readonly [string, string])[], string]>([
    [
      'by version',
      family(['claude', 'sonnet']),
      ['claude-sonnet-4', 'claude-sonnet-4-5', 'claude-3-7-sonnet'],
      'claude-sonnet-4-5',
    ],
    ['4.10 after 4.9', family(['glm']), ['glm-4.9', 'glm-4.10'], 'glm-4.10'],
    [
      'by release date where all have one',
      family(['x']),
      [
        ['x-9', '2025-01-01'],
        ['x-2', '2026-01-01'],
      ],
      'x-2',
    ],
    ['by version where one has no date', family(['x']), [['x-2', '2026-01-01'], 'x-9'], 'x-9'],
    [
      'the plain id before its dated snapshot',
      family(['claude', 'opus']),
      ['claude-opus-4-5-20251101', 'claude-opus-4-5'],
      'claude-opus-4-5',
    ],
    [
      'the plain id before its variants, even newer ones',
      family(['x']),
      [
        ['x-3-nano', '2026-05-01'],
        ['x-3', '2026-01-01'],
      ],
      'x-3',
    ],
    ['a variant when there is nothing plainer', family(['x']), ['x-4-argon', 'x-3'], 'x-4-argon'],
    [
      'sizes are not versions',
      family(['llama']),
      ['llama-405b', 'llama-4-scout-17b', 'llama-3.3-70b'],
      'llama-4-scout-17b',
    ],
    ['digits joined to the name', family(['qwen']), ['qwen3-32b', 'qwen2.5-72b'], 'qwen3-32b'],
    [
      'a bedrock id',
      family(['claude', 'haiku']),
      ['us.anthropic.claude-haiku-4-5-20251001-v1:0', 'anthropic.claude-3-haiku-20240307-v1:0'],
      'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    ],
    [
      "the maker's before others'",
      family(['llama'], ['meta-llama']),
      ['nvidia/llama-9-nemotron', 'meta-llama/llama-4'],
      'meta-llama/llama-4',
    ],
    [
      "others' when the maker's are not offered",
      family(['llama'], ['meta-llama']),
      ['nvidia/llama-9-nemotron'],
      'nvidia/llama-9-nemotron',
    ],
    [
      'never what the family leaves out',
      family(['gpt'], [], ['mini', 'free']),
      ['gpt-9-mini', 'gpt-8:free', 'gpt-5'],
      'gpt-5',
    ],
    [
      'never a name that only contains it',
      family(['llama']),
      ['deepseek-r9-distill-llama-70b', 'codellama-9', 'llama-3'],
      'llama-3',
    ],
  ])('%s', (_name, of, ids, newest) => {
    expect(rank(of, ids)[0]).toBe(newest);
  });

  test('a vendor prefix narrows it', () => {
    const ids = ['anthropic/claude-opus-4', 'other/claude-opus-9'];
    expect(rank(family(['claude', 'opus'], ['anthropic', 'other']), ids, 'anthropic')).toEqual([
      'anthropic/claude-opus-4',
    ]);
  });

  test('a router is no model of a family', () => {
    const router = testModel('claude-opus-latest', { router: true });
    expect(rankFamily([router], { family: family(['claude', 'opus']), isOwnVendor: () => true })).toEqual([]);
  });

  test('the order of the list does not matter', () => {
    const ids = ['x-1', 'x-1-a', 'x-1-b', 'x-2-20260101', 'x-2', 'v/x-2', 'x-2-mini', 'x', 'x-1.5', 'x-0905'];
    const expected = rank(family(['x']), ids);
    fc.assert(
      fc.property(fc.shuffledSubarray(ids, { minLength: ids.length }), (shuffled) => {
        expect(rank(family(['x']), shuffled)).toEqual(expected);
      }),
    );
  });
});
