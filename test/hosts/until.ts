import { setTimeout as sleep } from 'node:timers/promises';

/** Starting an agent takes seconds, several at once longer. */
const PATIENCE_MS = 120_000;

/** Waits until something holds that another process brings about. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`In ${PATIENCE_MS / 1000} s it did not come to pass that ${what}.`);
    await sleep(100);
  }
}
