import { createContext, Script } from 'node:vm';

/** A line that fits, by its number from 1 and where in it the match begins. */
export interface Found {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Finds at most `most` lines of a text. */
export type FindLines = (text: string, most: number) => Found[];

/** How long one text may hold the event loop; a pattern that needs longer backtracks. */
const REGEX_MS = 100;

export interface Wanted {
  readonly pattern: string;
  readonly regex: boolean;
  readonly ignore_case: boolean;
}

/** Throws an error for the model when the pattern is no regular expression. */
export function createFindLines({ pattern, regex, ignore_case }: Wanted): FindLines {
  if (pattern === '') throw new Error('The pattern is empty.');
  if (!regex) return ignore_case ? literalInAnyCase(pattern) : literal(pattern);
  const flags = ignore_case ? 'i' : '';
  try {
    new RegExp(pattern, flags);
  } catch (error) {
    throw new Error(`The pattern "${pattern}" is no regular expression: ${(error as Error).message}.`);
  }
  return regular(pattern, flags);
}

function literal(pattern: string): FindLines {
  return (text, most) => byPosition(text, most, (from) => text.indexOf(pattern, from));
}

function literalInAnyCase(pattern: string): FindLines {
  const escaped = new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi');
  return (text, most) =>
    byPosition(text, most, (from) => {
      escaped.lastIndex = from;
      return escaped.exec(text)?.index ?? -1;
    });
}

function byPosition(text: string, most: number, next: (from: number) => number): Found[] {
  const found: Found[] = [];
  let line = 1;
  let start = 0;
  for (let at = next(0); at !== -1 && found.length < most; ) {
    for (let end = text.indexOf('\n', start); end !== -1 && end < at; end = text.indexOf('\n', start)) {
      line += 1;
      start = end + 1;
    }
    const end = text.indexOf('\n', at);
    found.push({ line, column: at - start, text: text.slice(start, end === -1 ? text.length : end) });
    at = end === -1 ? -1 : next(end + 1);
  }
  return found;
}

/**
 * A regular expression can take for ever on one line, and nothing but V8's own watchdog can stop it: so it runs
 * under a time limit in a context of its own, line by line.
 */
function regular(pattern: string, flags: string): FindLines {
  return (text, most) => {
    const lines = text.split('\n');
    const { box, script } = watchdog();
    Object.assign(box, { pattern, flags, lines, most });
    try {
      const hits = script.runInContext(box, { timeout: REGEX_MS }) as [number, number][];
      return hits.map(([i, column]) => ({ line: i + 1, column, text: lines[i]! }));
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new Error(
        `The pattern "${pattern}" takes too long: it backtracks. Make it simpler, or search for a literal text.`,
      );
    } finally {
      Object.assign(box, { lines: undefined });
    }
  };
}

const SEARCH = `(() => {
  const wanted = new RegExp(pattern, flags);
  const hits = [];
  for (let i = 0; i < lines.length && hits.length < most; i++) {
    const column = lines[i].search(wanted);
    if (column !== -1) hits.push([i, column]);
  }
  return hits;
})()`;

let made: { readonly box: object; readonly script: Script } | undefined;

function watchdog(): { readonly box: object; readonly script: Script } {
  made ??= { box: createContext({}), script: new Script(SEARCH) };
  return made;
}
