import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { defineTool, type ToolMaker } from '../define-tool.ts';
import { createFindLines, type Found, type Wanted } from './find-lines.ts';
import { createGlob } from './glob.ts';
import { isBinary, openFile } from './open-file.ts';
import { isSecretFile } from './secret-files.ts';
import { walk } from './walk.ts';
import type { Workspace } from './workspace.ts';

/** Lines one call gives, and characters of each: about 10,000 tokens at most, usually far less. */
export const SEARCH_LINES = 200;
const LINE_CHARS = 200;
/** Larger files are rarely written by hand. */
const FILE_BYTES = 2 * 1024 * 1024;
/** After this the answer is what was found so far. */
const SEARCH_MS = 20_000;

interface Args extends Partial<Wanted> {
  readonly pattern: string;
  readonly path?: string;
  readonly glob?: string;
}

export const createSearchFiles: ToolMaker = defineTool<Args>({
  name: 'search_files',
  description: 'Finds lines in the text files of the workspace. Gives path:line: text, one a line.',
  properties: {
    pattern: { type: 'string', description: 'The text to find, or a regular expression when regex is true.' },
    path: { type: 'string', description: 'A file or folder to search. Default: the workspace.' },
    glob: { type: 'string', description: 'Only files that fit, such as *.ts or src/**/*.{ts,tsx}.' },
    regex: { type: 'boolean', description: 'Default: false. Matches within one line.' },
    ignore_case: { type: 'boolean', description: 'Default: false.' },
  },
  required: ['pattern'],
  about: ({ pattern, path }) => (path === undefined ? pattern : `${pattern} in ${path}`),
  async run({ pattern, path = '.', glob, regex = false, ignore_case = false }, signal, workspace) {
    const find = createFindLines({ pattern, regex, ignore_case });
    const fits = glob === undefined ? () => true : createGlob(glob);
    const until = performance.now() + SEARCH_MS;
    const lines: string[] = [];
    const left = { 'over 2 MB': 0, 'not text': 0, unreadable: 0, 'may hold secrets': 0 };
    let why: string | undefined;
    for await (const { real, shown } of filesOf(workspace, path, fits, signal)) {
      if (lines.length >= SEARCH_LINES) why = `there are more than ${SEARCH_LINES} lines`;
      else if (performance.now() > until) why = `${SEARCH_MS / 1000} s are over`;
      if (why !== undefined) break;
      const text = isSecretFile(shown) ? 'may hold secrets' : await textOf(real, shown);
      if (typeof text === 'string') {
        left[text] += 1;
        continue;
      }
      for (const found of find(text.whole, SEARCH_LINES - lines.length)) lines.push(shownLine(shown, found));
    }
    if (lines.length === 0) lines.push('[Nothing found.]');
    if (why !== undefined) lines.push(`[Cut here: ${why}. Search a closer path, glob or pattern.]`);
    const kinds = Object.entries(left).filter(([, count]) => count > 0);
    if (kinds.length > 0)
      lines.push(`[Not searched: ${kinds.map(([kind, count]) => `${count} (${kind})`).join(', ')}.]`);
    return lines.join('\n');
  },
});

async function* filesOf(
  workspace: Workspace,
  path: string,
  fits: (path: string) => boolean,
  signal: AbortSignal,
): AsyncGenerator<{ readonly real: string; readonly shown: string }> {
  const start = await workspace.locate(path);
  if ((await stat(start)).isFile()) {
    yield { real: start, shown: workspace.show(start) };
    return;
  }
  for await (const entry of walk(start, { recursive: true, signal })) {
    const real = join(start, entry.path);
    if (entry.kind === 'file' && fits(workspace.show(real))) yield { real, shown: workspace.show(real) };
  }
}

/** The text of a file, or why it is not searched. */
async function textOf(
  real: string,
  path: string,
): Promise<{ readonly whole: string } | 'over 2 MB' | 'not text' | 'unreadable'> {
  try {
    using file = openFile(real, path);
    if (file.size > FILE_BYTES) return 'over 2 MB';
    const buffer = Buffer.allocUnsafe(file.size);
    const bytes = buffer.subarray(0, await file.fill(buffer, 0));
    return isBinary(bytes) ? 'not text' : { whole: bytes.toString() };
  } catch {
    return 'unreadable';
  }
}

/** A long line is shown around its match. */
function shownLine(path: string, { line, column, text }: Found): string {
  const start =
    text.length <= LINE_CHARS ? 0 : Math.max(0, Math.min(column - LINE_CHARS / 4, text.length - LINE_CHARS));
  const end = start + LINE_CHARS;
  const clipped = `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
  return `${path}:${line}: ${clipped.trimEnd()}`;
}
