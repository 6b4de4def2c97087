import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Database from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { DelegateError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { MIGRATIONS } from './migrations.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { aDelegation, aResult } from './test-records.ts';

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function opened(file: string, readonly = false): Promise<Store> {
  const store = await openSqliteStore({ file, readonly });
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

async function refusalOf(work: Promise<unknown>): Promise<DelegateError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DelegateError);
  expect((error as DelegateError).code).toBe('STORE_FAILED');
  expect((error as DelegateError).hint).not.toBe('');
  return error as DelegateError;
}

/** Runs `sql` as another program would, closed again at once. */
function outside(file: string, sql: string): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

/** What the header of a store of that schema says. */
const header = (version: number): string =>
  version === 0 ? '' : `PRAGMA application_id = ${0x79617264}; PRAGMA user_version = ${version};`;

const answerOf = (file: string, sql: string): unknown => {
  const db = new Database(file);
  try {
    return Object.values(db.prepare(sql).get() as object)[0];
  } finally {
    db.close();
  }
};

test('a missing folder is made, and only the owner may read it and the file', async () => {
  const file = join(aFolder(), 'a', 'b', 'store.db');
  await opened(file);
  expect(existsSync(file)).toBe(true);
  if (process.platform === 'win32') return;
  expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(join(file, '..'))) expect(statSync(join(file, '..', name)).mode & 0o777).toBe(0o600);
});

test('a store opened again has everything', async () => {
  const file = join(aFolder(), 'store.db');
  const first = await opened(file);
  await first.create(aDelegation('d', ['t']));
  await first.claim('t', 'one', 30_000);
  await first.finish('t', 1, aResult('t'), [{ kind: 'note', note: 'done' }]);
  const expected = await first.task('t');
  await first[Symbol.asyncDispose]();
  const second = await opened(file);
  expect(await second.task('t')).toEqual(expected);
  expect(await second.journal('t')).toHaveLength(1);
});

test('two stores on one file see what the other wrote', async () => {
  const file = join(aFolder(), 'store.db');
  const [one, two] = [await opened(file), await opened(file)];
  await one.create(aDelegation('d', ['t']));
  expect(await two.claim('t', 'two', 30_000)).toBe(1);
  expect(await one.task('t')).toMatchObject({ status: 'running' });
});

test.each([
  ['text', 'hello, this is not a database at all. '.repeat(200)],
  ['a damaged header', `SQLite format 3\0${'\xff'.repeat(4096)}`],
])('a file with %s is refused and left as it is', async (_, content) => {
  const folder = aFolder();
  const file = join(folder, 'store.db');
  writeFileSync(file, content, 'latin1');
  const error = await refusalOf(openSqliteStore({ file }));
  expect(error.message).toContain(`"${file}"`);
  expect(error.message).toContain('damaged');
  expect(readFileSync(file, 'latin1')).toBe(content);
  expect(readdirSync(folder)).toEqual(['store.db']);
});

test('a store whose pages are damaged says so, and keeps its bytes', async () => {
  const file = join(aFolder(), 'store.db');
  const first = await openSqliteStore({ file });
  await first.create(
    aDelegation(
      'd',
      Array.from({ length: 100 }, (_, i) => `t${i}`),
    ),
  );
  await first[Symbol.asyncDispose]();
  outside(file, 'PRAGMA wal_checkpoint(TRUNCATE)');
  const bytes = readFileSync(file);
  bytes.fill(0xff, 4096);
  for (const name of ['store.db-wal', 'store.db-shm']) rmSync(join(file, '..', name), { force: true });
  writeFileSync(file, bytes);
  const damaged = await opened(file);
  const error = await refusalOf(damaged.tasks());
  expect(error.message).toContain('damaged');
  await refusalOf(damaged.create(aDelegation('d2', ['u'])));
  expect(readFileSync(file).equals(bytes)).toBe(true);
});

test('a database of another program is refused and left as it is', async () => {
  const file = join(aFolder(), 'store.db');
  outside(file, 'CREATE TABLE recipes (name TEXT)');
  const before = readFileSync(file);
  const error = await refusalOf(openSqliteStore({ file }));
  expect(error.message).toContain('another program');
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('a store without one of its tables is refused', async () => {
  const file = join(aFolder(), 'store.db');
  outside(file, `${header(MIGRATIONS.length)} CREATE TABLE task (n INTEGER)`);
  const error = await refusalOf(openSqliteStore({ file }));
  expect(error.message).toContain('no such');
});

test('a schema newer than this program is refused and left as it is', async () => {
  const file = join(aFolder(), 'store.db');
  await (await openSqliteStore({ file }))[Symbol.asyncDispose]();
  outside(file, `PRAGMA user_version = ${MIGRATIONS.length + 1}; PRAGMA wal_checkpoint(TRUNCATE)`);
  const error = await refusalOf(openSqliteStore({ file }));
  expect(error.message).toContain(`schema ${MIGRATIONS.length + 1}`);
  expect(error.message).toContain(`up to ${MIGRATIONS.length}`);
  expect(answerOf(file, 'PRAGMA user_version')).toBe(MIGRATIONS.length + 1);
});

test.each(MIGRATIONS.map((_, version) => [version]))('a store of schema %i is brought up to date', async (version) => {
  const file = join(aFolder(), 'store.db');
  outside(file, `${header(version)} ${MIGRATIONS.slice(0, version).join(';')}`);
  const store = await opened(file);
  await store.create(aDelegation('d', ['t']));
  expect(answerOf(file, 'PRAGMA user_version')).toBe(MIGRATIONS.length);
});

test('a folder in its place is refused', async () => {
  const file = join(aFolder(), 'store.db');
  mkdirSync(file);
  const error = await refusalOf(openSqliteStore({ file }));
  expect(error.message).toContain('it is a folder');
  expect((await refusalOf(openSqliteStore({ file, readonly: true }))).message).toContain('it is a folder');
});

test('a file in the place of its folder is refused', async () => {
  const folder = aFolder();
  writeFileSync(join(folder, 'home'), '');
  const error = await refusalOf(openSqliteStore({ file: join(folder, 'home', 'store.db') }));
  expect(error.message).toContain('a part of its path is a file');
});

test('opened to read only, it reads, refuses every write, and makes nothing', async () => {
  const folder = aFolder();
  const file = join(folder, 'with space ? # %41.db');
  const missing = await refusalOf(openSqliteStore({ file, readonly: true }));
  expect(missing.message).toContain('does not exist');
  expect(readdirSync(folder)).toEqual([]);

  const writer = await opened(file);
  await writer.create(aDelegation('d', ['t']));
  const reader = await opened(file, true);
  expect(await reader.task('t')).toMatchObject({ status: 'queued' });
  const error = await refusalOf(reader.claim('t', 'reader', 30_000));
  expect(error.message).toContain('may not be written');
  await writer.claim('t', 'writer', 30_000);
  expect(await reader.task('t')).toMatchObject({ status: 'running' });
});

test('opened to read only, an empty file is not made a store', async () => {
  const file = join(aFolder(), 'store.db');
  writeFileSync(file, '');
  const error = await refusalOf(openSqliteStore({ file, readonly: true }));
  expect(error.message).toContain('older');
  expect(readFileSync(file)).toHaveLength(0);
});

test('while another process holds the file nothing is acknowledged, nothing shown, and the event loop turns (F2)', async () => {
  const file = join(aFolder(), 'store.db');
  const store = await opened(file);
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  const told: string[] = [];
  const created = store.create(aDelegation('d', ['t'])).then(() => told.push('created'));
  const claimed = store.claim('t', 'one', 30_000).then(() => told.push('claimed'));
  const read = store.task('t').then((task) => told.push(`read ${task?.status}`));
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  expect(told).toEqual([]);
  other.exec('COMMIT');
  await Promise.all([created, claimed, read]);
  expect(told.sort()).toEqual(['claimed', 'created', 'read running']);
  // The transaction that had to wait left nothing behind that keeps the next from committing.
  other.exec('BEGIN IMMEDIATE');
  const appended = store.append('t', 1, [{ kind: 'note', note: 'one' }]);
  await nextTurn();
  other.exec('COMMIT');
  expect(await appended).toBe(true);
  other.close();
});

test('a log that has grown long begins anew, while writing goes on', async () => {
  const file = join(aFolder(), 'store.db');
  const store = await opened(file);
  await store.create(aDelegation('d', ['t']));
  await store.claim('t', 'one', 30_000);
  const note = 'x'.repeat(1024 * 1024);
  const append = (text: string) => store.append('t', 1, [{ kind: 'note', note: text }], 'process');
  for (let i = 0; i < 9; i++) await append(note);
  const size = async (): Promise<number> => {
    await append('more');
    return statSync(`${file}-wal`).size;
  };
  await expect.poll(size, { timeout: 30_000 }).toBeLessThan(9 * 1024 * 1024);
  expect(statSync(file).size).toBeGreaterThan(8 * 1024 * 1024);
}, 60_000);

test('a write that cannot be done is undone alone, whatever it had written', async () => {
  const file = join(aFolder(), 'store.db');
  const store = await opened(file);
  outside(
    file,
    `CREATE TRIGGER no BEFORE INSERT ON plan WHEN new.body LIKE '%poison%' BEGIN SELECT raise(ABORT, 'no'); END`,
  );
  const poisoned = aDelegation('d2', ['a', 'b', 'c']);
  const tasks = poisoned.tasks.map((plan) => (plan.id === 'c' ? { ...plan, notes: ['poison'] } : plan));
  const outcomes = await Promise.allSettled([
    store.create(aDelegation('d1', ['x'])),
    store.create({ ...poisoned, tasks }),
    store.create(aDelegation('d3', ['y'])),
  ]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await store.tasks()).map((task) => task.id)).toEqual(['y', 'x']);
});

test('what failed once works when it can: an error does not stay with its statement', async () => {
  const file = join(aFolder(), 'store.db');
  const store = await opened(file);
  await store.create(aDelegation('d', ['a', 'b']));
  outside(
    file,
    `CREATE TRIGGER no BEFORE UPDATE ON task WHEN new.owner = 'poison' BEGIN SELECT raise(ABORT, 'no'); END`,
  );
  await expect(store.claim('a', 'poison', 30_000)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  const both = ['a', 'b'].map((id) => store.claim(id, 'poison', 30_000));
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await store.claim('a', 'one', 30_000)).toBe(1);
  expect(await Promise.all(['a', 'b'].map((id) => store.claim(id, 'one', 30_000)))).toEqual([undefined, 1]);

  const sqlite = await openSqliteFile({ file, readonly: false });
  onTestFinished(() => sqlite.close());
  const statement = sqlite.prepare('SELECT json(?1)');
  expect(() => statement.get(['{'])).toThrow('malformed');
  expect(statement.get(['1'])).toEqual(['1']);
});

test.skipIf(process.platform !== 'linux')('closed stores leave no file open', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const folder = aFolder();
  const openAndClose = async (name: string): Promise<void> => {
    const store = await openSqliteStore({ file: join(folder, name) });
    await store.create(aDelegation('d', ['t']));
    await store.tasks();
    await store[Symbol.asyncDispose]();
  };
  for (let i = 0; i < 10; i++) await openAndClose(`${i}.db`);
  const openFiles = (): string[] =>
    readdirSync('/proc/self/fd')
      .map((fd) => {
        try {
          return readlinkSync(join('/proc/self/fd', fd));
        } catch {
          return ''; // the one that lists
        }
      })
      .filter((path) => path.startsWith(folder));
  // libsql lets go of a file when the statements prepared on it are collected.
  for (let turn = 0; turn < 50 && openFiles().length > 0; turn++) {
    collect();
    await sleep(5);
  }
  expect(openFiles()).toEqual([]);
});

test.skipIf(process.platform === 'win32').each([
  ['file', 0o400, 0o700],
  ['folder', 0o600, 0o500],
])('a store in a read-only %s is refused and left as it is', async (_, fileMode, folderMode) => {
  const folder = aFolder();
  const file = join(folder, 'store.db');
  outside(file, `${header(MIGRATIONS.length)} ${MIGRATIONS.join(';')}`);
  const before = readFileSync(file);
  // Nothing is read-only to root.
  const root = process.geteuid?.() === 0;
  if (root) for (const path of [file, folder]) chownSync(path, 65_534, 65_534);
  chmodSync(file, fileMode);
  chmodSync(folder, folderMode);
  if (root) process.seteuid?.(65_534);
  try {
    const error = await refusalOf(openSqliteStore({ file }));
    expect(error.message).toContain('may not be written');
  } finally {
    if (root) process.seteuid?.(0);
    chmodSync(folder, 0o700);
  }
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(readdirSync(folder)).toEqual(['store.db']);
});
