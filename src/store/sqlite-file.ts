import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import { DelegateError } from '../core/errors.ts';
import { MIGRATIONS } from './migrations.ts';
import { storeFailed, whenFree } from './sqlite-failure.ts';
import { openLog, SHORT_LOG_BYTES } from './write-ahead-log.ts';

/**
 * What is used of libsql, whose own types say `any`. Everything answers at once, on this thread, and waits for
 * no lock. Parameters are never booleans: libsql aborts the process.
 */
export interface Statement {
  run(params: readonly SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number };
  /** Of what reads, or writes within a transaction: nobody hears of an error after the first row. */
  get(params: readonly SqlValue[]): readonly SqlValue[] | undefined;
  all(params: readonly SqlValue[]): readonly (readonly SqlValue[])[];
}
export type SqlValue = string | number | null;

export interface SqliteFile {
  readonly path: string;
  exec(sql: string): void;
  /** Rows are arrays, in the order of the columns. */
  prepare(sql: string): Statement;
  inTransaction(): boolean;
  /** Resolves when everything that was committed before is on the disk. */
  sync(): Promise<void>;
  /** Keeps the log short: no transaction may begin before the promise resolves; undefined = it is. */
  trim(): Promise<void> | undefined;
  close(): void;
  /** What an error of this file means, as a `STORE_FAILED`. */
  failure(error: unknown): DelegateError;
}

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
    const db = await whenFree(() => connect(path, options.readonly));
    const log = options.readonly ? undefined : openLog(path);
    return {
      path,
      exec: (sql) => void db.exec(sql),
      prepare(sql) {
        const statement = db.prepare(sql) as unknown as Statement & { readonly reader: boolean; raw(): Statement };
        if (!statement.reader) return statement;
        const reader = statement.raw();
        let failed = false;
        return {
          run: (params) => reader.run(params),
          all: (params) => reader.all(params),
          get(params) {
            // libsql gives an error again and again: only when it is asked for all rows does it begin anew.
            const again = failed;
            failed = true;
            const row = again ? reader.all(params)[0] : reader.get(params);
            failed = false;
            return row;
          },
        };
      },
      inTransaction: () => db.inTransaction,
      sync: async () => log?.sync(),
      trim: () => log?.trim(),
      close() {
        log?.close();
        db.close();
      },
      failure,
    };
  } catch (error) {
    throw failure(error);
  }
}

function connect(path: string, readonly: boolean): Database.Database {
  const db = new Database(readonly ? `${pathToFileURL(path).href}?mode=ro` : path, {});
  try {
    bringUpToDate(db, path, readonly);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function bringUpToDate(db: Database.Database, path: string, readonly: boolean): void {
  const version = knownVersion(db, path);
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
  const [mode] = one(db, 'PRAGMA journal_mode = WAL');
  if (mode !== 'wal') {
    throw new DelegateError('STORE_FAILED', `The store "${path}" is on a file system without shared memory.`, {
      hint: 'Set YARDMASTER_HOME to a folder on a local disk.',
    });
  }
  // A commit does not wait for the disk, and nothing is moved from the log to the file in passing: both are done
  // elsewhere, off this thread (see `openLog`).
  db.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = ${SHORT_LOG_BYTES}`);
  if (version === MIGRATIONS.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    // Again, now that no other process can be at it.
    const since = knownVersion(db, path);
    for (const sql of MIGRATIONS.slice(since)) db.exec(sql);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function knownVersion(db: Database.Database, path: string): number {
  const [application, version, tables] = one(
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

function one(db: Database.Database, sql: string): readonly unknown[] {
  return (db.prepare(sql).raw().get([]) as readonly unknown[] | undefined) ?? [];
}
