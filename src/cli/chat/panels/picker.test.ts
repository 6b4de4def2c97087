import { describe, expect, test } from 'vitest';
import { testCatalog, testProvider } from '../../../core/test-catalog.ts';
import { MODEL_COLUMNS, modelChoices } from '../model-choices.ts';
import { theme } from '../test-session.ts';
import { createPicker } from './picker.ts';

const catalog = testCatalog([
  testProvider('far', ['far-1'], { usable: false }),
  testProvider('lab', [
    {
      id: 'small-1',
      context: 128_000,
      price: { in: 0.2, out: 0.6 },
      reasoning: ['low'],
      tools: true,
      released: '2025-01-01',
    },
    { id: 'big-2', vision: true, released: '2026-01-01' },
  ]),
]);

function picker() {
  const picked: (string | undefined)[] = [];
  const made = createPicker({
    title: 'Which model?',
    columns: MODEL_COLUMNS,
    choices: modelChoices(catalog, theme.paint),
    current: 'small-1 --provider lab',
    theme,
    room: () => 5,
    done: (value) => picked.push(value),
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how weight is written.
  const shown = () => made.render(80).map((line) => line.replace(/\u001b\[[\d;]*m/g, '').trimEnd());
  const type = (text: string) => [...text].forEach(made.handleInput);
  return { ...made, picked, shown, type };
}

describe('a list of models to pick from', () => {
  test('shows name, key, context, price and abilities, what can be used first, the newest before others', () => {
    expect(picker().shown().slice(3, 7)).toEqual([
      '   provider/model  key  context  $ in  $ out  can',
      '   lab/big-2       ✔          –     –      –  sees',
      '❯  lab/small-1     ✔       128k   0.2    0.6  tools thinks',
      '   far/far-1       –          –     –      –',
    ]);
  });

  test('searches by every word that is typed, abilities too', () => {
    const { type, shown, handleInput, picked } = picker();
    type('lab sees');
    expect(shown().filter((line) => line.includes('lab/'))).toEqual([
      '❯  lab/big-2       ✔          –     –      –  sees',
    ]);
    handleInput('\r');
    expect(picked).toEqual(['big-2 --provider lab']);
  });

  test('does not pick a model without a key, and says which variable it wants', () => {
    const { type, shown, handleInput, picked } = picker();
    type('far');
    handleInput('\r');
    expect(picked).toEqual([]);
    expect(shown().at(-1)).toBe('far has no usable key here: set FAR_API_KEY.');
  });

  test('escape picks nothing', () => {
    const { handleInput, picked } = picker();
    handleInput('\u001b');
    expect(picked).toEqual([undefined]);
  });
});
