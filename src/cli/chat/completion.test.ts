import { describe, expect, test } from 'vitest';
import { COMMANDS } from './commands.ts';
import { createCompletion } from './completion.ts';

const completion = createCompletion((command) =>
  command === 'model' ? ['sonnet', 'small-1 --provider lab'].map((value) => ({ value, label: value })) : [],
);
const suggest = async (line: string, force = false) => {
  const found = await completion.getSuggestions([line], 0, line.length, {
    signal: new AbortController().signal,
    force,
  });
  return found?.items.map(({ label }) => label) ?? [];
};

describe('completion', () => {
  test('offers every command behind a slash, fewer with each letter', async () => {
    expect(await suggest('/')).toEqual(COMMANDS.map(({ name }) => `/${name}`));
    expect(await suggest('/e')).toEqual(['/effort', '/explain']);
    expect(await suggest('hello /e')).toEqual([]);
    expect(await suggest('/zzz')).toEqual([]);
  });

  test('offers arguments only when asked, so that enter sends what was typed', async () => {
    expect(await suggest('/model s')).toEqual([]);
    expect(await suggest('/model s', true)).toEqual(['sonnet', 'small-1 --provider lab']);
    expect(await suggest('/model lab', true)).toEqual(['small-1 --provider lab']);
  });

  test('puts the rest of the line behind what it completes', () => {
    const item = { value: 'sonnet', label: 'sonnet' };
    expect(completion.applyCompletion(['/model so --save'], 0, 9, item, 'so')).toEqual({
      lines: ['/model sonnet --save'],
      cursorLine: 0,
      cursorCol: 13,
    });
  });
});
