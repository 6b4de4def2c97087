import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DelegateError } from '../core/errors.ts';
import { routeLabel } from '../core/route.ts';
import type { Transcript, TranscriptRole, Transcripts } from '../core/transcript.ts';

/** A line waits this long for others, so that a file is written to at most that often. */
const FLUSH_MS = 250;
/** … unless this much waits already. */
const FLUSH_CHARS = 256 * 1024;
/** Lines are encoded and written so many bytes at a time; … */
const WRITE_BYTES = 64 * 1024;
/** … a UTF-16 code unit takes at most so many of them. */
const UNIT_BYTES = 3;

const ROLE_WIDTH = 'assistant'.length;
const ROLES: Readonly<Record<TranscriptRole, string>> = {
  system: 'system    | ',
  user: 'user      | ',
  assistant: 'assistant | ',
  reasoning: 'reasoning | ',
  tool: 'tool      | ',
  note: 'note      | ',
};

/** What was said. It waits as it is: many texts at a time are put into lines for less than one by one. */
interface Said {
  readonly time: string;
  readonly task: { readonly tag: string; readonly indent: string };
  readonly role: TranscriptRole;
  readonly text: string;
}

/** The file of a delegation that has an open transcript. */
interface Log {
  readonly path: string;
  /** Not yet in the file. */
  waiting: Said[];
  chars: number;
  /** Transcripts that have not ended. */
  open: number;
}

/**
 * Transcripts as files: `<transcripts>/<delegation id>.log`, one append-only text a delegation with lines such as
 * `10:31:02 [3] assistant | …` (UTC; 3 is the task's index), and `<results>/<task id>.txt` for long results. Only
 * their owner may read them. Text from outside cannot forge a line or reach a terminal: every line of it starts
 * behind a `|`, control characters are written as `\u{1b}`.
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
  const logs = new Map<string, Log>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reported = false;
  let closed = false;

  let second = Number.NaN;
  /** Of that second: `2026-11-22T10:31:02`. */
  let iso = '';
  let time = '';
  function tick(): void {
    const current = Math.floor(now() / 1_000);
    if (current === second) return;
    second = current;
    iso = new Date(current * 1_000).toISOString().slice(0, 19);
    time = iso.slice(11);
  }

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

  const buffer = Buffer.allocUnsafeSlow(WRITE_BYTES);

  function flush(log: Log): void {
    const { path, waiting } = log;
    if (waiting.length === 0) return;
    log.waiting = [];
    log.chars = 0;
    let fd: number | undefined;
    try {
      fd = openLog(path);
      let filled = 0;
      for (const { time, task, role, text } of waiting) {
        const lines = readable(redact(text)).replaceAll('\n', task.indent);
        const line = `${time}${task.tag}${ROLES[role]}${lines}\n`;
        const most = line.length * UNIT_BYTES;
        if (filled + most > WRITE_BYTES) {
          writeFileSync(fd, buffer.subarray(0, filled));
          filled = 0;
        }
        if (most > WRITE_BYTES) writeFileSync(fd, line);
        else filled += buffer.write(line, filled);
      }
      writeFileSync(fd, buffer.subarray(0, filled));
    } catch (error) {
      failed(path, error);
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  function flushAll(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const log of logs.values()) flush(log);
  }

  function add(log: Log, said: Said): void {
    log.waiting.push(said);
    log.chars += said.text.length;
    if (log.chars >= FLUSH_CHARS) flush(log);
    // A process that has nothing else to do shall end; disposing writes what is left.
    else timer ??= setTimeout(flushAll, FLUSH_MS).unref();
  }

  function logOf(delegation_id: string): Log {
    let log = logs.get(delegation_id);
    if (log === undefined) {
      log = { path: join(paths.transcripts, `${fileName(delegation_id)}.log`), waiting: [], chars: 0, open: 0 };
      logs.set(delegation_id, log);
    }
    return log;
  }

  return {
    open(task): Transcript {
      const { delegation_id, index } = task;
      const log = logOf(delegation_id);
      log.open += 1;
      let ended = false;
      const tag = ` [${index}] `;
      const own = { tag, indent: `\n${' '.repeat('10:31:02'.length + tag.length + ROLE_WIDTH)} | ` };
      const write = (role: TranscriptRole, text: string): void => {
        if (ended || closed) return;
        tick();
        add(log, { time, task: own, role, text });
      };
      const { provider, model, reasoning_effort, simulated } = task.route;
      const effort = reasoning_effort === undefined ? '' : `, effort ${reasoning_effort}`;
      const route = `${routeLabel({ provider, model })}${effort}${simulated === true ? ' (simulated)' : ''}`;
      tick();
      write('note', `${iso}Z ${task.id} of ${delegation_id} on ${route}`);
      return {
        path: log.path,
        write,
        end() {
          if (ended) return;
          ended = true;
          log.open -= 1;
          if (log.open > 0) return;
          logs.delete(delegation_id);
          flush(log);
        },
      };
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

    async remove(tasks) {
      const logs = new Set(tasks.map(({ delegation_id }) => join(paths.transcripts, `${fileName(delegation_id)}.log`)));
      const texts = tasks.map(({ id }) => join(paths.results, `${fileName(id)}.txt`));
      for (const path of [...logs, ...texts]) await rm(path, { force: true }).catch((error) => failed(path, error));
    },

    async [Symbol.asyncDispose]() {
      closed = true;
      flushAll();
    },
  };
}

/** To write on at its end. Opening, writing and closing is cheaper here than off this thread. */
function openLog(path: string): number {
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
  // Most text is plain; asking first is four times as fast.
  if (!/[^\n\t\x20-\x7e]/.test(text)) return text;
  return text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** Ids are ours and plain; any other character could lead out of the folder. */
function fileName(id: string): string {
  return id.replace(/[^\w-]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}
