import { setImmediate as nextTurn } from 'node:timers/promises';
import { DelegateError } from '../core/errors.ts';
import type { Until } from '../core/store.ts';
import { whenFree } from './sqlite-failure.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** One connection's work, in order: all writes of a turn of the event loop in one transaction, then the reads. */
export interface GroupCommit {
  /** Resolves to what `run` gave once it is as durable as `until` says. `run` may be called again after a rollback. */
  write<T>(run: () => T | Promise<T>, until?: Until): Promise<T>;
  /** The same for what is one statement: where nothing else is written, it is a transaction by itself. */
  writeOne<T>(run: () => T, until?: Until): Promise<T>;
  /** Runs between transactions, after every write asked for before it. */
  read<T>(run: () => T | Promise<T>): Promise<T>;
  /** Writes what is queued, then closes the file. */
  close(): Promise<void>;
}

interface Job {
  readonly until: Until;
  readonly one: boolean;
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** A write whose transaction is committed. */
interface Done {
  readonly job: Job;
  readonly outcome: unknown;
}

function refuse(group: readonly Job[], error: DelegateError): readonly Done[] {
  for (const job of group) job.reject(error);
  return [];
}

/** Longest stretch of statements between two turns of the event loop. */
const SLICE_MS = 5;

/** How long the disk may lack what nobody waits for. */
const SYNC_WITHIN_MS = 50;

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
 * Group commit. Statements run on this thread (microseconds each), a commit too: it writes to the log and does not wait
 * for the disk. That is waited for elsewhere, as is another process's lock, so that the event loop goes on meanwhile: what
 * is asked while the disk works shares the next sync.
 */
export function createGroupCommit(file: SqliteFile): GroupCommit {
  let writes: Job[] = [];
  let reads: Job[] = [];
  let flushing = false;
  let closing: Promise<void> | undefined;
  /** The disk failed: nobody knows what of the last group it has, so nothing may follow it. */
  let broken: DelegateError | undefined;
  /** Set while the disk lacks something that nobody waits for. */
  let lacking: ReturnType<typeof setTimeout> | undefined;
  /** Groups that wait for the disk: while there are any, others who wait for it too gather, to share one sync … */
  let untold = 0;
  /** … unless something is asked that does not wait, or a read: they come in the order asked for. */
  let hurry = false;
  /** The last sync that began, and the one that will when it has ended. */
  let syncing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  function enqueue<T>(queue: Job[], run: () => T | Promise<T>, until: Until = 'disk', one = false): Promise<T> {
    if (closing !== undefined) {
      return Promise.reject(new DelegateError('STORE_FAILED', `The store "${file.path}" is closed.`));
    }
    return new Promise((resolve, reject) => {
      queue.push({ until, one, run, resolve, reject });
      hurry ||= queue === reads || until === 'process';
      schedule();
    });
  }

  function schedule(): void {
    if (flushing || (untold > 0 && !hurry)) return;
    flushing = true;
    setImmediate(() => void flush());
  }

  async function flush(): Promise<void> {
    const group = writes;
    const questions = reads;
    writes = [];
    reads = [];
    hurry = false;
    if (group.length > 0) await commit(group);
    for (const job of questions) {
      try {
        job.resolve((await whenFree(job.run)) as never);
      } catch (error) {
        job.reject(file.failure(error));
      }
    }
    flushing = false;
    if (writes.length > 0 || reads.length > 0) schedule();
  }

  async function commit(group: readonly Job[]): Promise<void> {
    const done = broken === undefined ? await runAll(group) : refuse(group, broken);
    if (done.length === 0) return;
    const waiting = done.filter(({ job }) => job.until === 'disk');
    if (waiting.length > 0) void tellOnDisk(waiting);
    // A process that has nothing else to do shall end: what it wrote outlives it.
    else lacking ??= setTimeout(onDisk, SYNC_WITHIN_MS).unref();
    if (waiting.length < done.length) void tell(done.filter(({ job }) => job.until !== 'disk'));
    const full = file.trim();
    if (full !== undefined) await full;
  }

  async function tellOnDisk(waiting: readonly Done[]): Promise<void> {
    untold += 1;
    await onDisk();
    await tell(waiting);
    untold -= 1;
    if (writes.length > 0) schedule();
  }

  /** Resolves when a sync that began after this has ended; one serves all who ask while another is under way. */
  function onDisk(): Promise<void> {
    clearTimeout(lacking);
    lacking = undefined;
    next ??= syncing.then(() => {
      next = undefined;
      syncing = file.sync().catch((error: unknown) => {
        broken ??= file.failure(error);
      });
      return syncing;
    });
    return next;
  }

  /** Whoever waited goes on as soon as this function waits: a thousand of them in one turn would be a long one. */
  async function tell(done: readonly Done[]): Promise<void> {
    let told = 0;
    for (const { job, outcome } of done) {
      if (broken !== undefined && job.until === 'disk') job.reject(broken);
      else job.resolve(outcome as never);
      if (++told % RESUMED_A_TURN === 0) await nextTurn();
    }
  }

  /** All of a group in one transaction or, where one write of it cannot be done, each that can in its own. */
  async function runAll(group: readonly Job[]): Promise<readonly Done[]> {
    const [job] = group;
    if (job?.one && group.length === 1) {
      try {
        return [{ job, outcome: await whenFree(job.run) }];
      } catch (error) {
        return refuse(group, file.failure(error));
      }
    }
    try {
      await whenFree(() => file.exec('BEGIN IMMEDIATE'));
    } catch (error) {
      return refuse(group, file.failure(error));
    }
    const done: Done[] = [];
    try {
      const pace = createPace();
      for (const job of group) {
        const outcome = job.run();
        done.push({ job, outcome: outcome instanceof Promise ? await outcome : outcome });
        const pause = pace();
        if (pause !== undefined) await pause;
      }
      file.exec('COMMIT');
      return done;
    } catch (error) {
      rollBack();
      if (group.length === 1) return refuse(group, file.failure(error));
    }
    const each: Done[] = [];
    for (const job of group) each.push(...(await runAll([job])));
    return each;
  }

  /** SQLite has rolled back by itself after some errors (a full disk). */
  function rollBack(): void {
    try {
      if (file.inTransaction()) file.exec('ROLLBACK');
    } catch {}
  }

  return {
    write: (run, until) => enqueue(writes, run, until),
    writeOne: (run, until) => enqueue(writes, run, until, true),
    read: (run) => enqueue(reads, run),
    close() {
      if (closing === undefined) {
        const last = enqueue(reads, async () => {
          await (lacking === undefined ? (next ?? syncing) : onDisk());
          file.close();
        });
        closing = last;
      }
      return closing;
    },
  };
}
