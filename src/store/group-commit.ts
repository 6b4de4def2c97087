import { setImmediate as nextTurn } from 'node:timers/promises';
import { DelegateError } from '../core/errors.ts';
import { isBusy } from './sqlite-failure.ts';
import { NO_WAIT, type SqliteFile, WAIT } from './sqlite-file.ts';

/** One connection's work, in order: all writes of a turn of the event loop in one transaction, then the reads. */
export interface GroupCommit {
  /** Resolves to what `run` gave once it is on the disk. `run` may be called again after a rollback. */
  write<T>(run: () => T | Promise<T>): Promise<T>;
  /** Runs between transactions, after every write asked for before it. */
  read<T>(run: () => Promise<T>): Promise<T>;
  /** Writes what is queued, then closes the file. */
  close(): Promise<void>;
}

interface Job {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Longest stretch of statements between two turns of the event loop. */
const SLICE_MS = 5;

/** Writers that go on in one turn of the event loop once their group is on the disk. */
const RESUMED_A_TURN = 64;

/** Asked after each piece of work; gives a promise to wait for when the event loop is due its turn. */
export function createPace(): () => Promise<void> | undefined {
  let due = performance.now() + SLICE_MS;
  return () => {
    if (performance.now() < due) return undefined;
    return nextTurn().then(() => {
      due = performance.now() + SLICE_MS;
    });
  };
}

/**
 * Group commit. Statements run on this thread (microseconds each); waiting for the disk, or for another
 * process's lock, happens on libsql's, so that the event loop goes on and gathers the next group meanwhile.
 */
export async function createGroupCommit(file: SqliteFile): Promise<GroupCommit> {
  const beginNow = await file.prepare('BEGIN IMMEDIATE');
  let writes: Job[] = [];
  let reads: Job[] = [];
  let flushing = false;
  let closing: Promise<void> | undefined;

  function enqueue<T>(queue: Job[], run: () => T | Promise<T>): Promise<T> {
    if (closing !== undefined) {
      return Promise.reject(new DelegateError('STORE_FAILED', `The store "${file.path}" is closed.`));
    }
    return new Promise((resolve, reject) => {
      queue.push({ run, resolve, reject });
      schedule();
    });
  }

  function schedule(): void {
    if (flushing) return;
    flushing = true;
    setImmediate(() => void flush());
  }

  async function flush(): Promise<void> {
    const group = writes;
    const questions = reads;
    writes = [];
    reads = [];
    if (group.length > 0) await commit(group);
    for (const job of questions) {
      try {
        job.resolve((await orWhenFree(job.run)) as never);
      } catch (error) {
        job.reject(file.failure(error));
      }
    }
    flushing = false;
    if (writes.length > 0 || reads.length > 0) schedule();
  }

  /** All of a group or, where one write of it cannot be done, each that can. */
  async function commit(group: readonly Job[]): Promise<void> {
    try {
      await begin();
    } catch (error) {
      for (const job of group) job.reject(file.failure(error));
      return;
    }
    const outcomes: unknown[] = [];
    try {
      const pace = createPace();
      for (const { run } of group) {
        const outcome = run();
        outcomes.push(outcome instanceof Promise ? await outcome : outcome);
        const pause = pace();
        if (pause !== undefined) await pause;
      }
      await file.exec('COMMIT');
    } catch (error) {
      // SQLite has rolled back by itself after some errors (a full disk).
      if (file.inTransaction()) await file.exec('ROLLBACK').catch(() => {});
      if (group.length === 1) group[0]?.reject(file.failure(error));
      else for (const job of group) await commit([job]);
      return;
    }
    // Whoever waited goes on as soon as this function waits: a thousand of them in one turn would be a long one.
    let resumed = 0;
    for (const { resolve } of group) {
      resolve(outcomes[resumed++] as never);
      if (resumed % RESUMED_A_TURN === 0) await nextTurn();
    }
  }

  async function begin(): Promise<void> {
    try {
      beginNow.run([]);
    } catch (error) {
      if (!isBusy(error)) throw error;
      await whenFree(() => file.exec('BEGIN IMMEDIATE'));
      // libsql leaves a statement that met a lock half done, and beside one nothing can be committed. Run again, it
      // is refused, because a transaction is open, and is done.
      try {
        beginNow.run([]);
      } catch {}
    }
  }

  async function orWhenFree(run: () => unknown): Promise<unknown> {
    try {
      return await run();
    } catch (error) {
      if (!isBusy(error)) throw error;
      return whenFree(run);
    }
  }

  async function whenFree(run: () => unknown): Promise<unknown> {
    await file.exec(WAIT);
    try {
      return await run();
    } finally {
      await file.exec(NO_WAIT);
    }
  }

  return {
    write: (run) => enqueue(writes, run),
    read: (run) => enqueue(reads, run),
    close() {
      if (closing === undefined) {
        const last = enqueue(reads, async () => file.close());
        closing = last;
      }
      return closing;
    },
  };
}
