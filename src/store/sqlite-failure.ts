import { setTimeout as sleep } from 'node:timers/promises';
import { DelegateError } from '../core/errors.ts';

/** How long a write waits for other processes. A healthy one holds the lock for milliseconds. */
export const BUSY_TIMEOUT_MS = 10_000;

/** SQLite's primary result codes (https://sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const CONSTRAINT = 19;
const NOTADB = 26;

interface Reason {
  /** Primary result codes, or the system's. */
  readonly codes: readonly (number | string)[];
  readonly why: string;
  readonly hint: string;
  readonly retryable?: true;
}

const ELSEWHERE = 'or set YARDMASTER_HOME to another folder';
const REASONS: readonly Reason[] = [
  {
    codes: [FULL, 'ENOSPC', 'EDQUOT'],
    why: 'the disk is full',
    hint: `Free some space, ${ELSEWHERE}.`,
    retryable: true,
  },
  {
    codes: [IOERR, 'EIO'],
    why: 'the disk reported an error',
    hint: 'Check its space, quotas and file size limits, and the system log.',
    retryable: true,
  },
  {
    codes: [BUSY, LOCKED],
    why: `another process kept it locked for ${BUSY_TIMEOUT_MS / 1000} seconds`,
    hint: 'Look for a stopped process that has it open, and try again.',
    retryable: true,
  },
  {
    codes: [READONLY, CANTOPEN, 'EROFS', 'EACCES', 'EPERM'],
    why: 'it may not be written',
    hint: `Make it and its folder writable, ${ELSEWHERE}.`,
  },
  {
    codes: [CORRUPT, NOTADB],
    why: 'it is damaged, or no SQLite database at all',
    hint: 'It was left as it is. Move it away to start with an empty store, or bring back a copy.',
  },
  { codes: ['EISDIR'], why: 'it is a folder', hint: `Move it away, ${ELSEWHERE}.` },
  {
    codes: ['ENOTDIR', 'EEXIST'],
    why: 'a part of its path is a file, not a folder',
    hint: `Move that file away, ${ELSEWHERE}.`,
  },
  {
    codes: ['ENOENT'],
    why: 'it does not exist',
    hint: 'Run any command that writes, such as `yardmaster delegate`, once.',
  },
  { codes: [CONSTRAINT], why: 'it holds this id already', hint: 'Use a new id.' },
];

/** Another process has what this one needs. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === BUSY;
}

/**
 * Runs `work`, and again as long as another process has what it needs: at most `BUSY_TIMEOUT_MS`, off the event loop.
 * Looks again soon at first: a transaction takes less than a millisecond.
 */
export async function whenFree<T>(work: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (let wait = 0.5; ; wait = Math.min(wait * 1.5, 25)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    // Not all at the same moment.
    await sleep(wait * (1 + Math.random()));
  }
}

/** What an error of the store file at `path` means. */
export function storeFailed(path: string, error: unknown): DelegateError {
  if (error instanceof DelegateError) return error;
  const code = codeOf(error);
  const reason = REASONS.find(({ codes }) => code !== undefined && codes.includes(code));
  const said = error instanceof Error ? error.message : String(error);
  return new DelegateError('STORE_FAILED', `The store "${path}" failed: ${reason?.why ?? said}.`, {
    hint: reason?.hint ?? 'Run `yardmaster doctor`.',
    retryable: reason?.retryable ?? false,
    data: { file: path, cause: said },
    cause: error,
  });
}

function codeOf(error: unknown): number | string | undefined {
  const { rawCode, code } = error as { readonly rawCode?: number; readonly code?: string };
  // The low byte of an extended result code is the primary one; libsql names only some of the extended ones.
  return rawCode === undefined ? code : rawCode & 0xff;
}
