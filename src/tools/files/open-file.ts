import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { explain } from '../explain.ts';
import { isAt } from './is-at.ts';

const readAsync = promisify(read);

/** No symlink is followed in the last part, and opening a pipe or device waits for nobody. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** What is read on this thread: handing so little to another one costs more than reading it. */
const AT_ONCE = 64 * 1024;

export interface OpenFile extends Disposable {
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Last change of its content, in ms since the epoch, when it was opened. */
  readonly mtime_ms: number;
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Fills `buffer` from `position` as far as the file goes; gives the bytes read. */
  fill(buffer: Buffer, position: number): Promise<number>;
}

/**
 * Opens a regular file for reading. `real` was resolved (asynchronously) just before, so the file system
 * answers; opening and small reads are done in place. Anything but a regular file is refused.
 */
export function openFile(real: string, path: string): OpenFile {
  let fd: number;
  try {
    fd = openSync(real, FLAGS);
  } catch (error) {
    throw explain(error, path);
  }
  const close = (): void => closeSync(fd);
  if (!isAt(fd, real)) {
    close();
    throw new Error(`"${path}" was moved while it was opened; try again.`);
  }
  const stat = fstatSync(fd);
  if (!stat.isFile()) {
    close();
    throw new Error(
      `"${path}" ${stat.isDirectory() ? 'is a folder; list_files shows what is in it.' : 'is not a regular file.'}`,
    );
  }
  return {
    size: stat.size,
    mtime_ms: stat.mtimeMs,
    mode: stat.mode & 0o777,
    owner: { uid: stat.uid, gid: stat.gid },
    async fill(buffer, position) {
      let filled = 0;
      while (filled < buffer.length) {
        const length = buffer.length - filled;
        const count =
          length <= AT_ONCE
            ? readSync(fd, buffer, filled, length, position + filled)
            : (await readAsync(fd, buffer, filled, length, position + filled)).bytesRead;
        if (count === 0) break;
        filled += count;
      }
      return filled;
    },
    [Symbol.dispose]: close,
  };
}

/** Text has no NUL byte near its start. */
export function isBinary(start: Buffer): boolean {
  return start.subarray(0, 8_000).includes(0);
}
