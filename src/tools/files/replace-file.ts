import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { explain } from '../explain.ts';
import { isAt, wayTo } from './is-at.ts';
import type { OpenFile } from './open-file.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Puts `bytes` at the resolved path `real`, whole or not at all: a new file beside it takes its place, with the mode
 * (and for root, the owner) of the one that was there. A symlink that turns up meanwhile is replaced, not followed.
 */
export async function replaceFile(
  real: string,
  bytes: Buffer,
  { path, old, signal }: { readonly path: string; readonly old: OpenFile | undefined; readonly signal: AbortSignal },
): Promise<void> {
  using folder = holdFolder(dirname(real), path);
  const temporary = join(folder.way, `.yardmaster-${randomBytes(8).toString('hex')}`);
  try {
    const file = await open(temporary, CREATE, old?.mode ?? 0o666);
    try {
      if (old !== undefined) {
        if (process.getuid?.() === 0) await file.chown(old.owner.uid, old.owner.gid);
        // The mode of `open` is cut by the umask.
        await file.chmod(old.mode);
      }
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (signal.aborted) throw new Error(`"${path}" was not written: the call was stopped.`);
    await rename(temporary, join(folder.way, basename(real)));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw (error as NodeJS.ErrnoException).code === undefined ? error : explain(error, path);
  }
}

/**
 * A folder that stays the same one while it is used. On Linux the way to it is its open handle, which no symlink can
 * divert; elsewhere its path, checked now.
 */
function holdFolder(real: string, path: string): Disposable & { readonly way: string } {
  let fd: number;
  try {
    fd = openSync(real, FOLDER);
  } catch (error) {
    throw explain(error, path);
  }
  if (!isAt(fd, real)) {
    closeSync(fd);
    throw new Error(`"${path}" was moved while it was written; try again.`);
  }
  return { way: wayTo(fd) ?? real, [Symbol.dispose]: () => closeSync(fd) };
}
