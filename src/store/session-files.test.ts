import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { SessionLogs } from '../core/session-log.ts';
import { createSessionFiles } from './session-files.ts';
import { said, sessionLogsContract, ticking } from './session-logs.contract.ts';

function place(redact: (text: string) => string = (text) => text): { readonly folder: string; open(): SessionLogs } {
  const root = mkdtempSync(join(tmpdir(), 'yardmaster-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'sessions');
  const now = ticking();
  let ids = 0;
  return {
    folder,
    open: () =>
      createSessionFiles({
        folder,
        makeFolder: (path) => mkdirSync(path, { recursive: true, mode: 0o700 }),
        newId: () => `s_${++ids}`,
        now,
        redact,
      }),
  };
}

sessionLogsContract('in files', () => place());

test('only their owner may read them', async () => {
  const { folder, open } = place();
  const log = open().create({ cwd: '/a' });
  await log.append([said('one')]);
  expect(statSync(join(folder, 's_1.jsonl')).mode & 0o777).toBe(0o600);
  await log[Symbol.asyncDispose]();
});

test('every text is redacted, and what only a provider reads stays as it is', async () => {
  const { folder, open } = place((text) => text.replaceAll('SECRET', '[redacted]'));
  const log = open().create({ cwd: '/a' });
  const call = { id: 'c', name: 'n', arguments: '{"a":"SECRET"}', extra: 'SECRET-1' };
  const answer = { text: 'SECRET', tool_calls: [call], replay: { signature: 'SECRET-2' } } as never;
  await log.append([said('a SECRET'), { kind: 'answer', turn: 1, answer }]);
  await log[Symbol.asyncDispose]();
  expect(readFileSync(join(folder, 's_1.jsonl'), 'utf8').match(/.SECRET.*?"/g)).toEqual(['"SECRET-1"', '"SECRET-2"']);
});

test.each([
  ['half a line', '{"at":1,"ent'],
  ['half a character', Buffer.from('{"at":1,"é').subarray(0, -1)],
])('a last line that was cut is dropped (%s), and writing goes on behind the whole ones', async (_, half) => {
  const { folder, open } = place();
  const log = open().create({ cwd: '/a' });
  await log.append([said('one')]);
  await log[Symbol.asyncDispose]();
  appendFileSync(join(folder, 's_1.jsonl'), half);
  const again = await open().open('s_1', { cwd: '/a' });
  expect(again.saved).toEqual([said('one')]);
  await again.append([said('two')]);
  await again[Symbol.asyncDispose]();
  const last = await open().open('s_1', { cwd: '/a' });
  expect(last.saved).toEqual([said('one'), said('two')]);
  await last[Symbol.asyncDispose]();
});

test.each([
  ['a line in the middle is no JSON', (text: string) => text.replace('"at"', 'at')],
  ['a newer version wrote it', (text: string) => text.replace('"session":1', '"session":2')],
])('one that cannot be read is an error, and nothing is changed: %s', async (_, damage) => {
  const { folder, open } = place();
  const log = open().create({ cwd: '/a' });
  await log.append([said('one')]);
  await log[Symbol.asyncDispose]();
  const file = join(folder, 's_1.jsonl');
  const damaged = damage(readFileSync(file, 'utf8'));
  writeFileSync(file, damaged);
  await expect(open().open('s_1', { cwd: '/a' })).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(readFileSync(file, 'utf8')).toBe(damaged);
});

test('what a process held that is dead is free, and known to have crashed', async () => {
  const { folder, open } = place();
  const log = open().create({ cwd: '/a' });
  await log.append([said('one')]);
  await log[Symbol.asyncDispose]();
  // Above what any system gives.
  writeFileSync(join(folder, 's_1.lock'), '99999999');
  const again = await open().open('s_1', { cwd: '/a' });
  expect(again.crashed).toBe(true);
  await again[Symbol.asyncDispose]();
});

test('a file that is damaged, or none of ours, does not keep the others from being listed', async () => {
  const { folder, open } = place();
  const log = open().create({ cwd: '/a' });
  await log.append([said('one')]);
  await log[Symbol.asyncDispose]();
  writeFileSync(join(folder, 'other.jsonl'), 'no session');
  utimesSync(join(folder, 's_1.jsonl'), 5, 5);
  expect(await open().list()).toMatchObject([{ id: 's_1', updated_at: 5_000 }]);
});

test('a folder that cannot be written to refuses what was said', async () => {
  const { folder, open } = place();
  writeFileSync(folder, 'a file');
  const log = open().create({ cwd: '/a' });
  await expect(log.append([said('one')])).rejects.toMatchObject({ code: 'STORE_FAILED' });
});
