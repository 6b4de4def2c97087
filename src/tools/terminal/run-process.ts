import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** From TERM to KILL. */
const GRACE_MS = 5_000;
const POLL_MS = 50;
/** For what a dead process wrote to arrive. */
const DRAIN_MS = 1_000;

/**
 * Runs the program in the same process group as a guard that ends the group when handle 3 closes, which it does
 * when this process dies, however it dies. Told by a line, the guard leaves without a word.
 */
const GUARDED =
  'exec 2>&1; { trap "" TERM INT HUP; exec >/dev/null 2>&1; read _ <&3 || kill -KILL 0; } & exec 3<&-; exec "$@"';

export interface ProcessOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeout_ms: number;
  /** Bytes of output after which it is stopped. */
  readonly max_bytes: number;
  readonly signal: AbortSignal;
  /** Ends what runs outside of the process group; called once the group is gone. */
  readonly endOthers: (stopped: boolean) => Promise<void>;
}

export interface ProcessEnd {
  /** What it wrote to stdout and stderr, in order, `max_bytes` at most. */
  readonly output: Buffer;
  /** Absent when a signal ended it. */
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  /** Why it was stopped; absent = it ended by itself. */
  readonly stopped?: 'timeout' | 'output' | 'cancelled';
}

/**
 * Runs a program in a process group of its own, without input. When the program ends, what it left running ends too;
 * when it is stopped, the group has 5 seconds from TERM to KILL. Resolves when nothing of the group is left.
 * Rejects only when the program cannot be started.
 */
export function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const { argv, cwd, env, signal } = options;
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', ...argv], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  const tie = child.stdio[3] as NodeJS.WritableStream & { destroy(): void };
  tie.on('error', () => undefined);
  const output = gather(child.stdout as Readable, options.max_bytes, () => stop('output'));
  const group = child.pid;

  let stopped: ProcessEnd['stopped'];
  let deadline = 0;
  let killer: NodeJS.Timeout | undefined;
  const stop = (cause: NonNullable<ProcessEnd['stopped']>): void => {
    if (stopped !== undefined) return;
    stopped = cause;
    deadline = performance.now() + GRACE_MS;
    signalGroup(group, 'SIGTERM');
    killer = setTimeout(() => signalGroup(group, 'SIGKILL'), GRACE_MS);
  };
  const timer = setTimeout(() => stop('timeout'), options.timeout_ms);
  const cancel = (): void => stop('cancelled');
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel);
  const release = (): void => {
    clearTimeout(timer);
    clearTimeout(killer);
    signal.removeEventListener('abort', cancel);
  };

  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      release();
      tie.destroy();
      reject(error);
    });
    child.once('exit', async (code, ended_by) => {
      release();
      if (stopped !== undefined) {
        // The program is gone, its children may still be tidying up.
        tie.write('\n');
        while (performance.now() < deadline && signalGroup(group, 0)) await sleep(POLL_MS);
      }
      signalGroup(group, 'SIGKILL');
      tie.destroy();
      await options.endOthers(stopped !== undefined);
      resolve({
        output: await output(),
        ...(code === null ? {} : { code }),
        ...(ended_by === null ? {} : { signal: ended_by }),
        ...(stopped === undefined ? {} : { stopped }),
      });
    });
  });
}

/** Collects a stream up to `max` bytes, then tells and lets the writer wait. Gives what came once it is over. */
function gather(stream: Readable, max: number, over: () => void): () => Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    const room = max - bytes;
    chunks.push(chunk.length <= room ? chunk : chunk.subarray(0, room));
    bytes += chunk.length;
    if (bytes <= max) return;
    stream.pause();
    over();
  });
  return async () => {
    if (bytes > max) stream.destroy();
    const late = setTimeout(() => stream.destroy(), DRAIN_MS);
    await closed;
    clearTimeout(late);
    return Buffer.concat(chunks);
  };
}

/** Whether there was anybody to signal. */
function signalGroup(group: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (group === undefined) return false;
  try {
    return process.kill(-group, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
