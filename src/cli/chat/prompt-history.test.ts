import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadPromptHistory } from './prompt-history.ts';

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-history-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'data', 'prompt-history.jsonl');
}

test('what was typed comes back in the next session, lines and all, for its owner alone', () => {
  const file = place();
  const history = loadPromptHistory(file);
  for (const prompt of ['one', 'two\nlines', 'two\nlines', 'x'.repeat(20_000)]) history.add(prompt);
  expect(loadPromptHistory(file).prompts).toEqual(['one', 'two\nlines']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a file that is damaged costs the damaged lines, one that cannot be written costs nothing', () => {
  const file = place();
  loadPromptHistory(file).add('one');
  writeFileSync(file, `${readFileSync(file, 'utf8')}{half\n"two"\n`);
  expect(loadPromptHistory(file).prompts).toEqual(['one', 'two']);
  expect(() => loadPromptHistory('/dev/null/nowhere').add('x')).not.toThrow();
});

test('a long file is cut to what the input goes back through', () => {
  const file = place();
  loadPromptHistory(file).add('first');
  writeFileSync(file, Array.from({ length: 1500 }, (_, at) => `"${at}"\n`).join(''));
  expect(loadPromptHistory(file).prompts.at(-1)).toBe('1499');
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(101);
});
