import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DelegateError } from '../core/errors.ts';
import { routeLabel } from '../core/route.ts';
import type { Transcript, TranscriptRole, Transcripts } from '../core/transcript.ts';

/** A line waits this long for others: a file is opened at most that often, and once for a short child. */
const FLUSH_MS = 250;
/** Files written in one turn of the event loop, about 30 µs each. */
const FILES_A_TURN = 64;
const ROLE_WIDTH = 'assistant'.length;
const INDENT = `${' '.repeat('10:31:02 '.length + ROLE_WIDTH)} | `;

interface Open {
  readonly path: string;
  text: string;
  ended: boolean;
}

/**
 * Transcripts as files: `<transcripts>/<delegation id>/<task index>.log`, one append-only text a task with lines
 * such as `10:31:02 assistant | …` (UTC), and `<results>/<task id>.txt` for long results. Only their owner may
 * read them. Text from outside cannot forge a line or reach a terminal: every line of it starts behind a `|`,
 * control characters are written as `\u{1b}`.
 */
export function createTranscripts(options: {
  readonly paths: { readonly transcripts: string; readonly results: string };
  /** Takes secrets out of a text; every text goes through it, whole. */
  readonly redact: (text: string) => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of the first file that could not be written; the others would say the same. */
  readonly report?: (error: DelegateError) => void;
}): Transcripts {
  const { paths, redact, now } = options;
  const dirty = new Set<Open>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reported = false;
  let closed = false;

  function failed(path: string, cause: unknown): void {
    if (reported) return;
    reported = true;
    options.report?.(
      new DelegateError('STORE_FAILED', `The file "${path}" could not be written: ${(cause as Error).message}.`, {
        hint: 'Tasks go on without their readable transcript; the journal has everything.',
        cause,
      }),
    );
  }

  function flush(file: Open): void {
    dirty.delete(file);
    const { text } = file;
    file.text = '';
    try {
      append(file.path, text);
    } catch (error) {
      failed(file.path, error);
    }
  }

  async function flushAll(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    let count = 0;
    for (const file of [...dirty]) {
      // It may have ended, and been written, while others were.
      if (dirty.has(file)) flush(file);
      if (++count % FILES_A_TURN === 0) await nextTurn();
    }
  }

  function add(file: Open, text: string): void {
    file.text += text;
    dirty.add(file);
    // A process that has nothing else to do shall end; disposing writes what is left.
    timer ??= setTimeout(() => void flushAll(), FLUSH_MS).unref();
  }

  function line(role: TranscriptRole, text: string): string {
    const time = new Date(now()).toISOString().slice(11, 19);
    return `${time} ${role.padEnd(ROLE_WIDTH)} | ${readable(redact(text)).replaceAll('\n', `\n${INDENT}`)}\n`;
  }

  return {
    open(task): Transcript {
      const path = join(paths.transcripts, fileName(task.delegation_id), `${task.index}.log`);
      const file: Open = { path, text: '', ended: false };
      const { provider, model, reasoning_effort, simulated } = task.route;
      const effort = reasoning_effort === undefined ? '' : `, effort ${reasoning_effort}`;
      const header = `${task.id} of ${task.delegation_id} on ${routeLabel({ provider, model })}${effort}${
        simulated === true ? ' (simulated)' : ''
      }`;
      const transcript: Transcript = {
        path,
        write(role, text) {
          if (file.ended || closed) return;
          try {
            add(file, line(role, text));
          } catch (error) {
            failed(path, error);
          }
        },
        end() {
          if (!file.ended && file.text !== '') flush(file);
          file.ended = true;
        },
      };
      transcript.write('note', `${new Date(now()).toISOString()} ${header}`);
      return transcript;
    },

    async saveFull(task_id, text) {
      const path = join(paths.results, `${fileName(task_id)}.txt`);
      try {
        await mkdir(paths.results, { recursive: true, mode: 0o700 });
        await writeFile(path, redact(text), { mode: 0o600 });
        return path;
      } catch (error) {
        failed(path, error);
        return undefined;
      }
    },

    async [Symbol.asyncDispose]() {
      closed = true;
      await flushAll();
    },
  };
}

/** One open, one write, one close: cheaper here than the same off this thread, and nothing waits for the disk. */
function append(path: string, text: string): void {
  const fd = openToAppend(path);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

function openToAppend(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, 'a', 0o600);
  }
}

/** Line ends made one kind; what a terminal would obey, or would not show, made visible. */
function readable(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** Ids are ours and plain; any other character could lead out of the folder. */
function fileName(id: string): string {
  return id.replace(/[^\w-]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}
