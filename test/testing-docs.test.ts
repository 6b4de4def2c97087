import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const EXAMPLE = 'examples/test-your-delegation.mjs';
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8');
const docs = read('docs/testing.md');

test('the example of docs/testing.md is the file in examples', () => {
  const shown = /```ts\n(.*?)\n```/s.exec(docs)![1];
  expect(read(EXAMPLE).split('\n').slice(1).join('\n').trimEnd()).toBe(shown);
});

test('the example passes on the built package', async () => {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', EXAMPLE], { cwd: ROOT, env });
  expect(stdout).toMatch(/pass 2\n.*fail 0/);
});

test.each([
  ['src/testing/reply.ts', 'Reply'],
  ['src/testing/reply.ts', 'ReplyError'],
  ['src/testing/reply.ts', 'ReplyToolCall'],
  ['src/testing/seen-request.ts', 'SeenRequest'],
  ['src/testing/seen-request.ts', 'Conversation'],
  ['src/testing/server-options.ts', 'ProviderServerOptions'],
  ['src/testing/provider-server.ts', 'ProviderServer'],
])('docs/testing.md names every member of %s %s', (file, name) => {
  const body = new RegExp(`interface ${name}\\b.*?\\{\\n(.*?)\\n\\}`, 's').exec(read(file))![1]!;
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?:(]/gm)].map((match) => match[1]!);
  expect(members.length).toBeGreaterThan(1);
  expect(members.filter((member) => !new RegExp(`\\b${member}\\b`).test(docs))).toEqual([]);
});
