import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessEnd, runProcess } from './run-process.ts';
import type { Mount, Sandbox } from './sandbox.ts';

/** Bytes of output after which a command is stopped: whoever writes more wants a file. */
export const OUTPUT_BYTES: number = 4 * 1024 * 1024;

/** For everything that runs to end: the grace of a process group, and a second. */
const CLOSE_MS = 6_000;

/** A stretch of time, in ms since the epoch. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Where one child's commands run, one after the other. */
export interface Terminal {
  /** Runs a command line in a folder (absolute, inside the child's reach). Rejects when it cannot be started. */
  run(
    line: string,
    options: { readonly cwd: string; readonly timeout_ms: number; readonly signal: AbortSignal },
  ): Promise<ProcessEnd & { readonly ms: number; readonly number: number }>;
  /** When commands ran. */
  readonly ran: readonly Stretch[];
  /** Stops what runs and removes the child's temporary files. Resolves when no process of it is left, within 6 s. */
  close(): Promise<void>;
}

export interface TerminalOptions {
  readonly sandbox: Sandbox;
  readonly task_id: string;
  readonly mounts: readonly Mount[];
  /** Variables beside the usual ones. */
  readonly env: Readonly<Record<string, string>>;
}

/** Makes the terminal of a child, in the sandbox that is configured. */
export type OpenTerminal = (of: Omit<TerminalOptions, 'sandbox'>) => Terminal;

export function createTerminal(options: TerminalOptions): Terminal {
  const { sandbox, task_id, mounts, env } = options;
  const running = new Set<Promise<unknown>>();
  const closing = new AbortController();
  const ran: Stretch[] = [];
  let scratch: Promise<string> | undefined;
  let count = 0;

  async function start(line: string, { cwd, timeout_ms, signal }: Parameters<Terminal['run']>[1], number: number) {
    scratch ??= mkdtemp(join(tmpdir(), 'yardmaster-')).then((path) => realpath(path));
    const id = `${task_id.replace(/[^\w.-]/g, '-')}.${process.pid}.${number}`;
    const isolated = sandbox.wrap({ line, cwd, id, env, reach: { mounts, scratch: await scratch } });
    const from = Date.now();
    const started = performance.now();
    try {
      const end = await runProcess({
        ...isolated,
        cwd,
        timeout_ms,
        max_bytes: OUTPUT_BYTES,
        signal: AbortSignal.any([signal, closing.signal]),
        endOthers: (stopped) => sandbox.end(id, stopped),
      });
      return { ...end, ms: performance.now() - started, number };
    } finally {
      ran.push({ from, to: Date.now() });
    }
  }

  return {
    ran,
    async run(line, how) {
      closing.signal.throwIfAborted();
      count += 1;
      const end = start(line, how, count);
      running.add(end);
      try {
        return await end;
      } finally {
        running.delete(end);
      }
    },
    async close() {
      closing.abort(new Error('the child has ended'));
      // What even KILL does not end (a dead network disk) is not waited for.
      const waited = new AbortController();
      const enough = sleep(CLOSE_MS, undefined, { signal: waited.signal }).catch(() => undefined);
      await Promise.race([Promise.allSettled(running), enough]);
      waited.abort();
      if (scratch !== undefined) await rm(await scratch, { recursive: true, force: true }).catch(() => undefined);
    },
  };
}
