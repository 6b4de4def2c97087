import { statSync } from 'node:fs';

/** How often files are looked at: often enough for somebody who saves a file and turns to the host. */
const LOOK_MS = 2_000;

/** Says what state files are in; equal texts mean that nothing was changed, added or taken away. */
export function fingerprint(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat === undefined ? '-' : `${stat.mtimeMs}:${stat.size}:${stat.ino}`;
    })
    .join(' ');
}

/** Calls `look` again and again until the returned function is called; keeps no process alive. */
export function every(look: () => Promise<void>, ms: number = LOOK_MS): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    look()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, ms);
  timer.unref();
  return () => clearInterval(timer);
}
