import { closeSync, fdatasync, fstatSync, openSync } from 'node:fs';
import { promisify } from 'node:util';

const syncData = promisify(fdatasync);

/** Once it was longer, SQLite cuts it back to this when it begins anew: what is overwritten is synced faster. */
export const SHORT_LOG_BYTES: number = 8 * 1024 * 1024;

/**
 * The log of a process that commits more often may grow long: what trims it is loaded then. As it loads, libsql asks Node
 * for a report about the whole process, which takes 2 ms at that moment and 50 once a thousand connections are open.
 */
const FEW_COMMITS = 3;

/**
 * The write-ahead log of a database that this process has open: as long as it has, the log is this very file.
 * Transactions are put into it on this thread, which is a write and no more; the disk is waited for on another.
 */
export interface WriteAheadLog {
  /** Resolves when everything that was committed before is on the disk. */
  sync(): Promise<void>;
  /**
   * Moves what it holds into the database when it has grown, on another thread, so that it begins anew. Nothing may be
   * added until the promise resolves: a log that is never left alone never begins anew. Undefined = it is short, or
   * another process that reads or does the same kept it from that a moment ago.
   */
  trim(): Promise<void> | undefined;
  close(): void;
}

export function openLog(database: string): WriteAheadLog {
  let opened: number | undefined;
  let trimmer: Trimmer | undefined;
  /** As of the last sync: every 50 ms at the most something is, and a commit need not ask. */
  let length = 0;
  /** What could not be moved now is tried again when it has become more. */
  let due = SHORT_LOG_BYTES;
  let commits = 0;

  async function moveAll(): Promise<void> {
    try {
      trimmer ??= await openTrimmer(database);
      await trimmer.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // Nothing is lost by it: the log goes on growing, and when it cannot, the write that needs it says so.
    }
  }

  return {
    async sync() {
      // It exists once something was written. SQLite's locks are on the other files: a descriptor of our own is harmless.
      opened ??= openSync(`${database}-wal`, 'r+');
      await syncData(opened);
      length = fstatSync(opened).size;
      if (length <= SHORT_LOG_BYTES) due = SHORT_LOG_BYTES;
    },
    trim() {
      if (++commits === FEW_COMMITS + 1) loadTrimmer().catch(() => {});
      if (length <= due) return undefined;
      due = length + SHORT_LOG_BYTES / 4;
      return moveAll();
    },
    close() {
      trimmer?.close();
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
  const { default: Database } = await loadTrimmer();
  return new Database(database, {});
}

const loadTrimmer = () => import('libsql/promise');
