import { fstatSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';

/**
 * Whether what was opened by the resolved path `real` is what stands there: no folder on the way was made a symlink
 * between resolving and opening. The kernel says so on Linux; elsewhere the path is resolved once more.
 */
export function isAt(fd: number, real: string): boolean {
  const opened = pathOf(fd);
  if (opened !== undefined) return opened === real;
  try {
    const [mine, theirs] = [fstatSync(fd, { bigint: true }), lstatSync(real, { bigint: true })];
    return mine.ino === theirs.ino && mine.dev === theirs.dev && realpathSync.native(real) === real;
  } catch {
    return false;
  }
}

/** A path that leads to what is open whatever happens to its name; undefined where there is none. */
export function wayTo(fd: number): string | undefined {
  return pathOf(fd) === undefined ? undefined : handle(fd);
}

/** The path of what is open, as the kernel has it now; undefined where it does not say. */
export function pathOf(fd: number): string | undefined {
  try {
    return readlinkSync(handle(fd));
  } catch {
    return undefined;
  }
}

function handle(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
