import { describe, expect, test } from 'vitest';
import { type Candidate, suggestModels, suggestNames, wordsOf } from './suggest.ts';

const models = (...names: readonly (readonly [string, number] | string)[]): Candidate[] =>
  names.map((entry) => {
    const [name, rank] = typeof entry === 'string' ? [entry, 0] : entry;
    return { name, words: wordsOf(name), rank };
  });

describe('models', () => {
  const ids = models(
    'sonnet',
    'opus',
    'gpt-5.2',
    'claude-sonnet-4-5',
    'claude-sonnet-4-6',
    'claude-opus-4-5',
    'gpt-5-mini',
    'o3',
  );

  test.each<[string, readonly string[]]>([
    ['sonet', ['sonnet', 'claude-sonnet-4-6', 'claude-sonnet-4-5']],
    ['claude-sonet-4-5', ['claude-sonnet-4-5', 'claude-sonnet-4-6']],
    ['claude-sonnet-4.7', ['claude-sonnet-4-6', 'claude-sonnet-4-5']],
    ['gpt-5-minni', ['gpt-5-mini']],
    ['opsu', ['opus', 'claude-opus-4-5']],
    ['anthropic/claude-opus-45', ['claude-opus-4-5']],
    ['zzz', []],
    ['', []],
    ['---', []],
  ])('"%s" → %j', (asked, near) => {
    expect(suggestModels(asked, ids)).toEqual(near.length === 0 ? [] : expect.arrayContaining([near[0]]));
    expect(suggestModels(asked, ids).slice(0, near.length)).toEqual(near);
  });

  test('configured providers come first among equally near names', () => {
    expect(suggestModels('sonet', models(['b/sonnet', 3], ['a/sonnet', 3], ['z/sonnet', 1]))).toEqual([
      'z/sonnet',
      'b/sonnet',
      'a/sonnet',
    ]);
  });

  test('the order of candidates does not matter', () => {
    expect(suggestModels('claud-sonnet', [...ids].reverse())).toEqual(suggestModels('claud-sonnet', ids));
  });

  test('there are never more than three', () => {
    const many = models(...Array.from({ length: 2_000 }, (_, index) => `sonnet-${index}`));
    expect(suggestModels('sonet', many)).toHaveLength(3);
  });
});

describe('names', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['antropic', ['openai', 'anthropic', 'google'], ['anthropic']],
    ['modle', ['model', 'goal', 'provider'], ['model']],
    ['effort', ['model', 'reasoning_effort'], []],
    ['reasoning', ['model', 'reasoning_effort'], ['reasoning_effort']],
    ['REVIEWER', ['reviewer'], ['reviewer']],
    ['xyz', ['model', 'goal'], []],
    ['', ['model'], []],
  ])('"%s" among %j → %j', (asked, names, near) => {
    expect(suggestNames(asked, names)).toEqual(near);
  });
});
