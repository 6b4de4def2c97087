import { closeSync, constants, fstatSync, lstatSync, openSync, read, readSync, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { explain } from '../explain.ts';
import { isAt, pathOf } from './is-at.ts';

const readAsync = promisify(read);

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;
/** No symlink is followed in the last part, and opening a pipe or device waits for nobody and takes no terminal. */
const FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
/** What is read on this thread: handing so little to another one costs more than reading it. */
export const AT_ONCE: number = 64 * 1024;

/** A regular file that is open for reading. */
export interface OpenFile extends Disposable {
  /** Its path, with symlinks resolved. */
  readonly real: string;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Last change of its content, in ms since the epoch, when it was opened. */
  readonly mtime_ms: number;
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Fills `buffer` from `position` as far as the file goes; gives the bytes read. */
  fill(buffer: Buffer, position: number): Promise<number>;
  /** The same in place, for a `buffer` of at most `AT_ONCE` bytes. */
  fillNow(buffer: Buffer, position: number): number;
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
  if (!isAt(fd, real)) {
    closeSync(fd);
    throw new Error(`"${path}" was moved while it was opened; try again.`);
  }
  const stat = fstatSync(fd);
  if (!stat.isFile()) {
    closeSync(fd);
    throw new Error(
      `"${path}" ${stat.isDirectory() ? 'is a folder; list_files shows what is in it.' : 'is not a regular file.'}`,
    );
  }
  return new Opened(fd, real, stat);
}

/**
 * Opens what stands at a path that nobody has resolved. Undefined unless it is a regular file, and the kernel says
 * that it is at this very path, so that no symlink led to it: only Linux says so. Anything else is not even opened,
 * which a pipe or a device outside would feel.
 */
export function openExactly(path: string): OpenFile | undefined {
  if (process.platform !== 'linux') return undefined;
  let fd: number;
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
    fd = openSync(path, FLAGS);
  } catch {
    return undefined;
  }
  if (pathOf(fd) === path) {
    const stat = fstatSync(fd);
    if (stat.isFile()) return new Opened(fd, path, stat);
  }
  closeSync(fd);
  return undefined;
}

class Opened implements OpenFile {
  readonly #fd: number;
  readonly #stat: Stats;
  readonly real: string;

  constructor(fd: number, real: string, stat: Stats) {
    this.#fd = fd;
    this.#stat = stat;
    this.real = real;
  }

  get size(): number {
    return this.#stat.size;
  }

  get mtime_ms(): number {
    return this.#stat.mtimeMs;
  }

  get mode(): number {
    return this.#stat.mode & 0o777;
  }

  get owner(): OpenFile['owner'] {
    return this.#stat;
  }

  async fill(buffer: Buffer, position: number): Promise<number> {
    if (buffer.length <= AT_ONCE) return this.fillNow(buffer, position);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await readAsync(this.#fd, buffer, filled, buffer.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  fillNow(buffer: Buffer, position: number): number {
    let filled = 0;
    while (filled < buffer.length) {
      const count = readSync(this.#fd, buffer, filled, buffer.length - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** Text has no NUL byte near its start. */
export function isBinary(start: Buffer): boolean {
  return start.subarray(0, 8_000).includes(0);
}
