import { readdir, readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Names the command to everything that it starts, however far it wanders off: groups are left, environments kept. */
export const MARK = 'YARDMASTER_COMMAND';

/** A process may start another while the list is read. */
const ROUNDS = 3;

/** One reading of the process table serves all who ask in the same turn of the event loop. */
let reading: Promise<ReadonlyMap<string, readonly number[]>> | undefined;

/**
 * Ends the processes that carry the mark and left their process group (`setsid`, daemons). Only Linux shows whose
 * they are; elsewhere nothing is done.
 */
export async function endStrays(mark: string): Promise<void> {
  if (process.platform !== 'linux') return;
  for (let round = 0; round < ROUNDS; round += 1) {
    reading ??= nextTurn().then(readMarks);
    const pids = (await reading).get(mark) ?? [];
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
  }
}

async function readMarks(): Promise<ReadonlyMap<string, readonly number[]>> {
  reading = undefined;
  const marked = new Map<string, number[]>();
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
    const [, mark] = MARKED.exec(environment) ?? [];
    if (mark === undefined) continue;
    const pids = marked.get(mark);
    if (pids === undefined) marked.set(mark, [Number(name)]);
    else pids.push(Number(name));
  }
  return marked;
}

const MARKED = new RegExp(`(?:^|\\0)${MARK}=([^\\0]*)`);
