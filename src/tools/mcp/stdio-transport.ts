import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { createWatch, MESSAGE_BYTES } from './message-limits.ts';

/** From the end of its input to TERM, and from TERM to KILL. */
const GRACE_MS = 2_000;
/** Of what it wrote to stderr, the end: for errors. */
const STDERR_CHARS = 2_000;
/** For what a dead process wrote to arrive. */
const DRAIN_MS = 1_000;

/**
 * Runs the program in the same process group as a guard that ends the group when handle 3 closes, which it does when
 * this process dies, however it dies.
 */
const GUARDED = '{ trap "" TERM INT HUP; exec >/dev/null 2>&1; read _ <&3 || kill -KILL 0; } & exec 3<&-; exec "$@"';

export interface StdioOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Reads one line; throws when it is no message. */
  readonly parse: (line: string) => JSONRPCMessage;
}

export interface StdioTransport extends Transport {
  /** Why the connection is over, in words; undefined while it is not, and after `close`. */
  readonly ended: () => string | undefined;
  /** Ends it at once; `close` gives it time to end by itself. */
  readonly abandon: () => void;
}

/**
 * Messages as lines to and from a program in a process group of its own. What it prints that is no message is passed
 * over; too much of it, or a line that is too long, ends it. When it ends, all that it started ends too.
 */
export function createStdioTransport({ command, cwd, env, parse }: StdioOptions): StdioTransport {
  const watch = createWatch();
  let child: ChildProcess | undefined;
  let why: string | undefined;
  let closing: Promise<void> | undefined;
  let stderr = '';
  let noise = '';
  let gone: Promise<void> = Promise.resolve();

  const transport: StdioTransport = {
    ended: () => why,
    abandon: () => child !== undefined && signalGroup(child, 'SIGKILL'),
    start() {
      const guarded = process.platform === 'win32' ? command : ['/bin/sh', '-c', GUARDED, 'sh', ...command];
      const [program = '', ...args] = guarded;
      const own = spawn(program, args, {
        cwd,
        env,
        detached: process.platform !== 'win32',
        windowsHide: true,
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      });
      child = own;
      for (const stream of own.stdio) stream?.on('error', () => undefined);
      own.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderr = (stderr + text).slice(-STDERR_CHARS);
      });
      readLines(own.stdout as Readable, receive, () => end(`sent a message of more than ${MESSAGE_BYTES} bytes`));
      gone = new Promise((resolve) => {
        own.once('exit', async (code, signal) => {
          why ??= closing === undefined ? howItEnded(code, signal) : undefined;
          // Whatever it started, and the guard.
          signalGroup(own, 'SIGKILL');
          const late = setTimeout(() => destroyAll(own), DRAIN_MS);
          own.once('close', () => {
            clearTimeout(late);
            resolve();
            transport.onclose?.();
          });
        });
        own.once('error', () => resolve());
      });
      return new Promise((resolve, reject) => {
        own.once('spawn', resolve);
        own.once('error', (error: NodeJS.ErrnoException) => {
          destroyAll(own);
          why = error.code === 'ENOENT' ? `cannot start in "${cwd}"` : `cannot start (${error.code})`;
          reject(error);
        });
      });
    },
    send: (message) =>
      new Promise((resolve, reject) => {
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
          reject(new Error('It has ended.'));
          return;
        }
        watch.sent(message);
        (child.stdin as Writable).write(`${JSON.stringify(message)}\n`, async (error) => {
          // It is ending, and how it does says more than the pipe.
          if (error) await within(gone, DRAIN_MS);
          if (error) reject(error);
          else resolve();
        });
      }),
    close() {
      closing ??= stop();
      return closing;
    },
  };

  function receive(line: string): void {
    if (line.trim() === '' || why !== undefined) return;
    let message: JSONRPCMessage | undefined;
    try {
      message = parse(line);
    } catch {
      noise ||= line.slice(0, 200);
    }
    if (watch.floods(message)) end('floods: it prints more than anybody asked for');
    else if (message !== undefined) transport.onmessage?.(message);
  }

  /** Ends it at once, for a reason of ours. */
  function end(reason: string): void {
    why ??= reason;
    if (child !== undefined) signalGroup(child, 'SIGKILL');
  }

  async function stop(): Promise<void> {
    const own = child;
    if (own === undefined) return;
    own.stdin?.end();
    await within(gone, GRACE_MS);
    if (own.exitCode === null && own.signalCode === null) signalGroup(own, 'SIGTERM');
    await within(gone, GRACE_MS);
    if (own.exitCode === null && own.signalCode === null) signalGroup(own, 'SIGKILL');
    await gone;
  }

  function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
    const [program = ''] = command;
    if (code === 127 && process.platform !== 'win32') return `cannot start: there is no program "${program}"`;
    const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    const said = stderr.trim() || noise;
    return said === '' ? how : `${how}; it said: ${said}`;
  }

  return transport;
}

/** Gives every line, without an end. `tooLong` is called once, and nothing is read after it. */
function readLines(stream: Readable, receive: (line: string) => void, tooLong: () => void): void {
  let parts: Buffer[] = [];
  let size = 0;
  let over = false;
  stream.on('data', (chunk: Buffer) => {
    if (over) return;
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      const last = chunk.subarray(from, at);
      receive((parts.length === 0 ? last : Buffer.concat([...parts, last])).toString());
      parts = [];
      size = 0;
      from = at + 1;
    }
    if (from === chunk.length) return;
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size <= MESSAGE_BYTES) return;
    over = true;
    parts = [];
    tooLong();
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // It is gone.
  }
}

function destroyAll({ stdio }: ChildProcess): void {
  for (const stream of stdio) stream?.destroy();
}

async function within(event: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([event, late]);
  clearTimeout(timer);
}
