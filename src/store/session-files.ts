import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { DelegateError } from '../core/errors.ts';
import type { ReplySpend, SessionSummary } from '../core/session.ts';
import type { SessionEntry, SessionLog, SessionLogs } from '../core/session-log.ts';

/** The first line of a file. */
interface Header {
  readonly session: 1;
  readonly id: string;
  readonly cwd: string;
  readonly created_at: number;
}

/** Every other line: what one append wrote. */
interface Step {
  readonly at: number;
  readonly entries: readonly SessionEntry[];
}

/** Of a file, for a list: the header and what was said first stand in it. */
const HEAD_BYTES = 64 * 1024;
const TITLE_CHARS = 120;

/**
 * Sessions as files, `<folder>/<id>.jsonl`: a line a write, on the disk when it resolves, so that a write is there whole
 * or not at all. A last line that was cut is dropped. Only their owner may read them. `<id>.lock` holds the process that has one open.
 */
export function createSessionFiles(options: {
  readonly folder: string;
  /** Makes the folder. */
  readonly makeFolder: (folder: string) => void;
  readonly newId: () => string;
  readonly now: () => number;
  /** Takes secrets out of a text: every text goes through it, but for what only a provider can read. */
  readonly redact: (text: string) => string;
}): SessionLogs {
  const { folder, makeFolder, newId, now, redact } = options;
  const fileOf = (id: string): string => join(folder, `${id}.jsonl`);

  function logOf(header: Header, saved: readonly SessionEntry[], held?: Held & { readonly handle: FileHandle }) {
    let handle = held?.handle;
    let free = held?.free;
    let tail: Promise<void> = Promise.resolve();
    let broken = false;
    const write = async (entries: readonly SessionEntry[]): Promise<void> => {
      // After half a line nothing can be read any more.
      if (broken) throw new DelegateError('STORE_FAILED', `The session "${header.id}" could not be saved before.`);
      const step: Step = { at: now(), entries };
      let text = `${JSON.stringify(redacted(step, redact))}\n`;
      try {
        if (handle === undefined) {
          makeFolder(folder);
          free = hold(folder, header.id).free;
          handle = await open(fileOf(header.id), 'ax', 0o600);
          text = `${JSON.stringify(header)}\n${text}`;
        }
        await handle.appendFile(text);
        await handle.datasync();
      } catch (cause) {
        broken = true;
        throw new DelegateError(
          'STORE_FAILED',
          `The session "${header.id}" could not be saved: ${(cause as Error).message}.`,
          { hint: 'Make room, or set YARDMASTER_HOME to a folder that can be written to.', cause },
        );
      }
    };
    return {
      id: header.id,
      saved,
      crashed: held?.crashed ?? false,
      append(entries) {
        const written = tail.then(() => write(entries));
        tail = written.catch(() => {});
        return written;
      },
      async [Symbol.asyncDispose]() {
        await tail;
        await handle?.close();
        free?.();
      },
    } satisfies SessionLog;
  }

  function summaries(): readonly SessionSummary[] {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      return [];
    }
    return names
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => summaryOf(join(folder, name)) ?? [])
      .sort((a, b) => b.updated_at - a.updated_at || (a.id < b.id ? 1 : -1));
  }
  const inFolder = (cwd: string | undefined): readonly SessionSummary[] =>
    cwd === undefined ? summaries() : summaries().filter((each) => real(each.cwd) === real(cwd));

  return {
    create: ({ cwd }) => logOf({ session: 1, id: newId(), cwd, created_at: now() }, []),
    async open(asked, { cwd }) {
      const id = asked === 'last' ? inFolder(cwd)[0]?.id : asked;
      if (id === undefined) {
        throw new DelegateError('NOT_FOUND', `There is no session yet in "${cwd}", so none is the "last".`, {
          hint: 'Begin one without --resume.',
        });
      }
      const file = fileOf(id);
      if (!/^[\w-]+$/.test(id) || !exists(file)) {
        throw new DelegateError('NOT_FOUND', `There is no session "${id.slice(0, 100)}".`, {
          hint: 'Give the id of a saved session, or "last".',
        });
      }
      const held = hold(folder, id);
      try {
        const { header, entries, bytes, size } = parse(file, await readFile(file));
        if (bytes < size) await truncate(file, bytes);
        return logOf(header, entries, { ...held, handle: await open(file, 'a', 0o600) });
      } catch (error) {
        held.free();
        throw error;
      }
    },
    list: async ({ cwd } = {}) => inFolder(cwd),
    async spent(since) {
      const spends: ReplySpend[] = [];
      for (const { id, updated_at } of summaries()) {
        if (updated_at < since) continue;
        for (const { at, entries } of stepsOf(await readFile(fileOf(id), 'utf8'))) {
          if (at < since) continue;
          for (const entry of entries) {
            if (entry.kind === 'reply-end') spends.push(...entry.own.map((own) => ({ ...own, session_id: id, at })));
          }
        }
      }
      return spends;
    },
  };
}

/** Reads the whole lines; `bytes` is where they end. */
function parse(
  file: string,
  content: Buffer,
): {
  readonly header: Header;
  readonly entries: readonly SessionEntry[];
  readonly bytes: number;
  readonly size: number;
} {
  const end = content.lastIndexOf(0x0a) + 1;
  const lines = content.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  try {
    const [header, ...steps] = lines.map((line) => JSON.parse(line) as unknown) as [Header, ...Step[]];
    if (header?.session !== 1) throw new Error('its first line is not that of a session');
    return { header, entries: steps.flatMap(({ entries }) => entries), bytes: end, size: content.length };
  } catch (cause) {
    throw new DelegateError('STORE_FAILED', `The session in "${file}" cannot be read: ${(cause as Error).message}.`, {
      hint: 'Nothing was changed. A newer version may have written it; else begin another session.',
      cause,
    });
  }
}

function summaryOf(file: string): SessionSummary | undefined {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      const [first = '', second = ''] = head
        .toString('utf8', 0, readSync(descriptor, head, 0, HEAD_BYTES, 0))
        .split('\n');
      const { id, cwd, created_at } = JSON.parse(first) as Header;
      return { id, cwd, created_at, updated_at: statSync(file).mtimeMs, title: titleIn(second) };
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** What was said first, also of a line that is longer than what was read. */
function titleIn(line: string): string {
  const said = /"role":"user","text":("(?:[^"\\]|\\.)*)/.exec(line)?.[1];
  if (said === undefined) return '';
  try {
    return (JSON.parse(`${said}"`) as string).slice(0, TITLE_CHARS);
  } catch {
    return '';
  }
}

/** The whole lines that can be read. */
function stepsOf(text: string): Step[] {
  return text.split('\n').flatMap((line) => {
    if (!line.includes('"reply-end"')) return [];
    try {
      return JSON.parse(line) as Step;
    } catch {
      return [];
    }
  });
}

interface Held {
  readonly free: () => void;
  /** It was still held by a process that is dead. */
  readonly crashed: boolean;
}

/** Takes the session for this process. What a dead process holds is free. */
function hold(folder: string, id: string): Held {
  const file = join(folder, `${id}.lock`);
  for (let tries = 0; ; tries += 1) {
    try {
      const descriptor = openSync(file, 'wx', 0o600);
      writeSync(descriptor, String(process.pid));
      closeSync(descriptor);
      const free = (): void => {
        try {
          unlinkSync(file);
        } catch {}
      };
      return { free, crashed: tries > 0 };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      const holder = Number(readFileSync(file, 'utf8'));
      if (tries > 0 || isAlive(holder)) {
        throw new DelegateError('REQUEST_INVALID', `The session "${id}" is open in another process (${holder}).`, {
          hint: 'Leave it there, or begin another one.',
        });
      }
      unlinkSync(file);
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Opaque to all but the provider that wrote them, or no text. */
const OPAQUE = new Set(['replay', 'extra', 'data']);

function redacted(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => redacted(each, redact));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, OPAQUE.has(key) ? each : redacted(each, redact)]),
  );
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
