import { spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';

/** From TERM to KILL. */
const GRACE_MS = 5_000;
/** For what a dead process wrote to arrive. */
const DRAIN_MS = 1_000;

/**
 * Runs the program in the same process group as a guard that ends the group when handle 3 closes, which it does
 * when this process dies, however it dies.
 */
const GUARDED =
  'exec 2>&1; { trap "" TERM INT HUP; exec >/dev/null 2>&1; read _ <&3; kill -KILL 0; } & exec 3<&-; exec "$@"';

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
  const tie = child.stdio[3] as Duplex;
  tie.on('error', () => undefined);
  const output = gather(child.stdout as Readable, options.max_bytes, () => stop('output'));
  const group = child.pid;

  let stopped: ProcessEnd['stopped'];
  let killer: NodeJS.Timeout | undefined;
  let over = 0;
  const stop = (cause: NonNullable<ProcessEnd['stopped']>): void => {
    if (stopped !== undefined) return;
    stopped = cause;
    over = performance.now() + GRACE_MS;
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
      // The program is gone; what it started may still be tidying up, as long as it holds the output.
      if (stopped !== undefined) await output.closed(Math.max(0, over - performance.now()));
      signalGroup(group, 'SIGKILL');
      tie.destroy();
      await options.endOthers(stopped !== undefined);
      await output.closed(DRAIN_MS);
      resolve({
        output: output.bytes(),
        ...(code === null ? {} : { code }),
        ...(ended_by === null ? {} : { signal: ended_by }),
        ...(stopped === undefined ? {} : { stopped }),
      });
    });
  });
}

interface Gathered {
  bytes(): Buffer;
  /** Resolves when nobody can write any more, when too much was written, or after so long. */
  closed(within_ms: number): Promise<void>;
}

/** Collects a stream up to `max` bytes, then tells and lets the writer wait. */
function gather(stream: Readable, max: number, tooMuch: () => void): Gathered {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    // A stream that is paused may still give what it has read.
    const room = max - bytes;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    bytes += chunk.length;
    if (bytes <= max) return;
    stream.pause();
    tooMuch();
  });
  return {
    bytes() {
      stream.destroy();
      return Buffer.concat(chunks);
    },
    async closed(within_ms) {
      if (bytes > max) return;
      let late: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => {
        late = setTimeout(resolve, within_ms);
      });
      await Promise.race([closed, waited]);
      clearTimeout(late);
    },
  };
}

function signalGroup(group: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (group !== undefined) process.kill(-group, signal);
  } catch {
    // There is nobody left, or nobody that this user may signal.
  }
}
