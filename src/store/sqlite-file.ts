import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import Database from 'libsql/promise';
import { DelegateError } from '../core/errors.ts';
import { MIGRATIONS } from './migrations.ts';
import { BUSY_TIMEOUT_MS, isBusy, storeFailed } from './sqlite-failure.ts';

/**
 * What is used of libsql's promise API, whose own types say `any`. `run` and `get` answer at once, on this
 * thread; `exec` and `all` do their work on another. Parameters are never booleans: libsql aborts the process.
 */
export interface Statement {
  run(params: readonly SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number };
  get(params: readonly SqlValue[]): readonly SqlValue[] | undefined;
  all(params: readonly SqlValue[]): Promise<readonly (readonly SqlValue[])[]>;
}
export type SqlValue = string | number | null;

export interface SqliteFile {
  readonly path: string;
  exec(sql: string): Promise<void>;
  /** Rows are arrays, in the order of the columns. */
  prepare(sql: string): Promise<Statement>;
  inTransaction(): boolean;
  close(): void;
  /** What an error of this file means, as a `STORE_FAILED`. */
  failure(error: unknown): DelegateError;
}

export const WAIT: string = `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`;
/** On this thread nothing waits: the event loop would. See `createGroupCommit`. */
export const NO_WAIT = 'PRAGMA busy_timeout = 0';

/** "yard", in the file's header: a database of something else is left alone. */
const APPLICATION_ID = 0x79617264;

/**
 * Opens or creates a store file (0600; its folder 0700) and brings its schema up to date.
 * Rejects with `STORE_FAILED`, having changed nothing, when it is not a store, is damaged, or is newer than this program.
 */
export async function openSqliteFile(options: {
  readonly file: string;
  readonly readonly: boolean;
}): Promise<SqliteFile> {
  const path = resolve(options.file);
  const failure = (error: unknown): DelegateError => storeFailed(path, error);
  try {
    if (!options.readonly) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      closeSync(openSync(path, 'a', 0o600));
    } else if (!statSync(path).isFile()) closeSync(openSync(path, 'r+'));
    const db = await connect(path, options.readonly);
    return {
      path,
      exec: (sql) => db.exec(sql),
      async prepare(sql) {
        const statement = await db.prepare(sql);
        return statement.reader ? statement.raw() : statement;
      },
      inTransaction: () => (db as unknown as { readonly inTransaction: boolean }).inTransaction,
      close: () => db.close(),
      failure,
    };
  } catch (error) {
    throw failure(error);
  }
}

async function connect(path: string, readonly: boolean): Promise<Database> {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    const db = new Database(readonly ? `${pathToFileURL(path).href}?mode=ro` : path, {});
    try {
      await db.exec(WAIT);
      await bringUpToDate(db, path, readonly);
      await db.exec(NO_WAIT);
      return db;
    } catch (error) {
      db.close();
      // SQLite does not wait for its turn to change a new file's journal mode.
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await sleep(5 + 20 * Math.random());
    }
  }
}

async function bringUpToDate(db: Database, path: string, readonly: boolean): Promise<void> {
  const version = await knownVersion(db, path);
  if (version < MIGRATIONS.length && readonly) {
    throw new DelegateError(
      'STORE_FAILED',
      `The store "${path}" is older than this program, and was opened to read only.`,
      {
        hint: 'Run any command that writes, such as `yardmaster delegate`, once: it brings the file up to date.',
      },
    );
  }
  if (readonly) return;
  const [mode] = await one(db, 'PRAGMA journal_mode = WAL');
  if (mode !== 'wal') {
    throw new DelegateError('STORE_FAILED', `The store "${path}" is on a file system without shared memory.`, {
      hint: 'Set YARDMASTER_HOME to a folder on a local disk.',
    });
  }
  // FULL: a commit is on the disk before it is acknowledged, also when the power fails.
  await db.exec('PRAGMA synchronous = FULL');
  if (version === MIGRATIONS.length) return;
  await db.exec('BEGIN IMMEDIATE');
  try {
    // Again, now that no other process can be at it.
    const since = await knownVersion(db, path);
    for (const sql of MIGRATIONS.slice(since)) await db.exec(sql);
    await db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
  } catch (error) {
    await db.exec('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function knownVersion(db: Database, path: string): Promise<number> {
  const [application, version, tables] = await one(
    db,
    'SELECT a.application_id, v.user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id a, pragma_user_version v',
  );
  if (application !== APPLICATION_ID && (tables !== 0 || version !== 0)) {
    throw new DelegateError('STORE_FAILED', `The file "${path}" is a database of another program.`, {
      hint: 'Nothing was changed. Set YARDMASTER_HOME to another folder.',
    });
  }
  if (Number(version) > MIGRATIONS.length) {
    throw new DelegateError(
      'STORE_FAILED',
      `The store "${path}" has schema ${version}; this program knows schemas up to ${MIGRATIONS.length}.`,
      { hint: 'Nothing was changed. A newer Yardmaster wrote this file: update this one.' },
    );
  }
  return Number(version);
}

async function one(db: Database, sql: string): Promise<readonly unknown[]> {
  return (await db.prepare(sql)).raw().get([]) ?? [];
}
