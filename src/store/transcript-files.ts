import { appendFileSync, mkdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DelegateError } from '../core/errors.ts';
import { routeLabel } from '../core/route.ts';
import type { Transcript, TranscriptRole, Transcripts } from '../core/transcript.ts';

/** A line waits this long for others, so that a file is written to at most that often. */
const FLUSH_MS = 250;
/** … unless this much waits already. */
const FLUSH_BYTES = 64 * 1024;
/** Of one UTF-16 code unit, in UTF-8. */
const MOST_BYTES = 3;

const ROLE_WIDTH = 'assistant'.length;
const ROLES: Readonly<Record<TranscriptRole, string>> = {
  system: 'system    | ',
  user: 'user      | ',
  assistant: 'assistant | ',
  reasoning: 'reasoning | ',
  tool: 'tool      | ',
  note: 'note      | ',
};

/** The file of a delegation that has an open transcript. */
interface Log {
  readonly path: string;
  /** The first `used` bytes are not yet in the file: encoded at once, while they are small and at hand. */
  waiting: Buffer | undefined;
  used: number;
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

  /** One is kept for the next delegation. */
  let spare: Buffer | undefined;

  function flush(log: Log): void {
    const { waiting, used } = log;
    if (waiting === undefined) return;
    log.waiting = undefined;
    log.used = 0;
    append(log, waiting.subarray(0, used));
    spare = waiting;
  }

  function append({ path }: Log, data: Buffer | string): void {
    try {
      appendTo(path, data);
    } catch (error) {
      failed(path, error);
    }
  }

  function flushAll(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const log of logs.values()) flush(log);
  }

  function add(log: Log, text: string): void {
    const most = text.length * MOST_BYTES;
    if (log.used + most > FLUSH_BYTES) flush(log);
    if (most > FLUSH_BYTES) {
      append(log, text);
      return;
    }
    if (log.waiting === undefined) {
      log.waiting = spare ?? Buffer.allocUnsafeSlow(FLUSH_BYTES);
      spare = undefined;
    }
    log.used += log.waiting.write(text, log.used);
    // A process that has nothing else to do shall end; disposing writes what is left.
    timer ??= setTimeout(flushAll, FLUSH_MS).unref();
  }

  function logOf(delegation_id: string): Log {
    let log = logs.get(delegation_id);
    if (log === undefined) {
      log = { path: join(paths.transcripts, `${fileName(delegation_id)}.log`), waiting: undefined, used: 0, open: 0 };
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
      const indent = `\n${' '.repeat('10:31:02'.length + tag.length + ROLE_WIDTH)} | `;
      const write = (role: TranscriptRole, text: string): void => {
        if (ended || closed) return;
        try {
          const lines = readable(redact(text)).replaceAll('\n', indent);
          tick();
          add(log, `${time}${tag}${ROLES[role]}${lines}\n`);
        } catch (error) {
          failed(log.path, error);
        }
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

/** One open, one write, one close: cheaper here than the same off this thread. */
function appendTo(path: string, data: Buffer | string): void {
  try {
    appendFileSync(path, data, { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    appendFileSync(path, data, { mode: 0o600 });
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
