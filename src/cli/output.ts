import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { quote } from '../core/routing/parse-name.ts';

/**
 * Where a command writes. Data goes to stdout, everything else to stderr. With `json`, stdout gets exactly
 * one document (or one JSON line a record where a command streams).
 */
export interface Output {
  readonly json: boolean;
  /** Colours for stdout and stderr apart: each is off when that stream is no terminal or `NO_COLOR` is set. */
  readonly paint: Paint;
  readonly paintErr: Paint;
  /** stderr is a terminal that can be repainted. */
  readonly live: boolean;
  /** Of stdout; infinite when it is no terminal, so that what is piped is never cut. */
  readonly columns: number;
  /** Of stderr. */
  readonly columnsErr: number;
  data(text: string): void;
  document(value: unknown): void;
  note(text: string): void;
}

export type Paint = ReturnType<typeof pc.createColors>;

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createOutput(streams: Streams, json: boolean): Output {
  const { stdout, stderr, env } = streams;
  const plain = env.NO_COLOR !== undefined && env.NO_COLOR !== '';
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && !plain;
  const dumb = env.TERM === 'dumb';
  const colours = (stream: NodeJS.WriteStream) => forced || (stream.isTTY === true && !plain && !dumb);
  return {
    json,
    paint: pc.createColors(colours(stdout) && !json),
    paintErr: pc.createColors(colours(stderr)),
    live: stderr.isTTY === true && !dumb && !json && env.CI === undefined,
    get columns() {
      return stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
    },
    get columnsErr() {
      return stderr.isTTY === true ? (stderr.columns ?? 80) : Number.POSITIVE_INFINITY;
    },
    data: (text) => void stdout.write(`${text}\n`),
    document: (value) => void stdout.write(`${JSON.stringify(value, null, stdout.isTTY === true ? 2 : 0)}\n`),
    note: (text) => void stderr.write(`${text}\n`),
  };
}

/**
 * Text from outside (a model, a provider, a goal) made safe for a terminal: escape sequences and control
 * characters are gone, so that it cannot move the cursor, recolour or overwrite what we say.
 */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}]/gu, '');
}

/** The same on one line, for rows and labels. */
export function oneLine(text: string): string {
  return plain(text).replace(/\s+/g, ' ').trim();
}

/** A name that somebody outside gave: in quotes and cut unless it looks like one, so that it passes for nothing of ours. */
export function foreignName(name: string): string {
  return /^[\p{L}\p{N}._:/@+~()[\]-]{1,120}$/u.test(name) ? name : quote(name);
}
