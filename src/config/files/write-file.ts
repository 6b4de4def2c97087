import { randomBytes } from 'node:crypto';
import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';

/**
 * Puts a whole file in place: readers see the old text or the new one, a crash leaves the old one.
 * An existing file keeps its mode; a new one gets `mode` (default: readable by its owner only).
 */
export function writeFileAtomically(file: string, text: string, mode = 0o600): void {
  makeFolder(dirname(file));
  const old = statSync(file, { throwIfNoEntry: false });
  const kept = old?.mode ?? mode;
  // People link their settings to where they keep them: the link stays.
  const target = old === undefined ? file : realpathSync(file);
  const beside = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(beside, text, { mode: kept & 0o777, flag: 'wx', flush: true });
    // The process's umask may have taken bits that the old file had.
    chmodSync(beside, kept & 0o777);
    renameSync(beside, target);
  } catch (thrown) {
    rmSync(beside, { force: true });
    throw thrown;
  }
}
