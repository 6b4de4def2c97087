import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '..');
const CATALOG = JSON.parse(readFileSync(join(SRC, '../data/catalog.json'), 'utf8')) as {
  readonly providers: Readonly<
    Record<string, { readonly models: Readonly<Record<string, unknown>> | readonly { readonly id: string }[] }>
  >;
};

/** Code that ships: no tests, nothing that only tests use, no comments. */
function shipped(): { readonly file: string; readonly code: string }[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(test|contract)\.ts$|(^|\/)(test-|testing)/.test(file))
    .map((file) => ({ file, code: readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '') }));
}

test('no code that ships names a model (F4)', () => {
  const ids = Object.values(CATALOG.providers).flatMap(({ models }) =>
    Array.isArray(models) ? models.map(({ id }) => id) : Object.keys(models),
  );
  // Ids of one word would forbid words; every vendor has ids that tell.
  const telling = [...new Set(ids)].filter((id) => /\d/.test(id) && id.length > 3);
  expect(telling.length).toBeGreaterThan(500);
  const quoted = /(['"`])((?:(?!\1)[^\\\n]|\\.){2,200})\1/g;
  const known = new Set(telling);
  const found = shipped().flatMap(({ file, code }) =>
    [...code.matchAll(quoted)].filter(([, , text]) => known.has(text ?? '')).map(([, , text]) => `${file}: ${text}`),
  );
  expect(found).toEqual([]);
});

test('no code that ships holds what looks like a model id of a known maker (F4)', () => {
  const looks =
    /\b(?:gpt-\d|o[134]-(?:mini|pro)|claude-(?:\d|sonnet|opus|haiku)|gemini-\d|llama-?\d|deepseek-[vr]\d|qwen-?\d|kimi-k\d|glm-\d|grok-\d)/i;
  const found = shipped()
    .filter(({ code }) => looks.test(code))
    .map(({ file, code }) => `${file}: ${looks.exec(code)?.[0]}`);
  expect(found).toEqual([]);
});
