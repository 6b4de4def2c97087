import { closeSync, fdatasync, fstatSync, openSync } from 'node:fs';
import { promisify } from 'node:util';

const syncData = promisify(fdatasync);

/** Once it was longer, SQLite cuts it back to this when it begins anew: what is overwritten is synced faster. */
export const SHORT_LOG_BYTES: number = 8 * 1024 * 1024;
/** Longer than this nobody writes until it is short again: who never pauses would never let it begin anew. */
const LONG_LOG_BYTES = 4 * SHORT_LOG_BYTES;

/**
 * The write-ahead log of a database that this process has open: as long as it has, the log is this very file.
 * Transactions are put into it on this thread, which is a write and no more; the disk is waited for on another.
 */
export interface WriteAheadLog {
  /** Resolves when everything that was committed before is on the disk. */
  sync(): Promise<void>;
  /**
   * After a sync: moves what it holds into the database when it has grown, on another thread, so that it begins anew. A promise =
   * it is so long that no more may be added before. Another process that reads or does the same may keep it from that.
   */
  trim(): Promise<void> | undefined;
  close(): Promise<void>;
}

export function openLog(database: string): WriteAheadLog {
  let opened: number | undefined;
  const fd = (): number => {
    // It exists once something was written. SQLite's locks are on the other files: here a descriptor of our own is harmless.
    opened ??= openSync(`${database}-wal`, 'r+');
    return opened;
  };
  let trimmer: Promise<Trimmer> | undefined;
  let trimming: Promise<void> | undefined;
  /** What could not be moved now is tried again when it has become more. */
  let due = SHORT_LOG_BYTES;

  async function trim(): Promise<void> {
    trimmer ??= openTrimmer(database);
    // Nothing is lost where it fails: the log goes on growing, and when it cannot, the write that needs it says so.
    await (await trimmer).exec('PRAGMA wal_checkpoint(PASSIVE)').catch(() => {});
    trimming = undefined;
  }

  return {
    sync: async () => syncData(fd()),
    trim() {
      const { size } = fstatSync(fd());
      if (size <= SHORT_LOG_BYTES) due = SHORT_LOG_BYTES;
      if (trimming === undefined && size > due) {
        due = size + SHORT_LOG_BYTES / 4;
        trimming = trim();
      }
      return size > LONG_LOG_BYTES ? trimming : undefined;
    },
    async close() {
      await trimming;
      (await trimmer)?.close();
      if (opened !== undefined) closeSync(opened);
    },
  };
}

/** A connection whose statements run on another thread. */
interface Trimmer {
  exec(sql: string): Promise<void>;
  close(): void;
}

async function openTrimmer(database: string): Promise<Trimmer> {
  const { default: Database } = await import('libsql/promise');
  return new Database(database, {});
}
