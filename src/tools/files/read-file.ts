import { isUtf8 } from 'node:buffer';
import { defineTool, type ToolMaker } from '../define-tool.ts';
import { AT_ONCE, isBinary, type OpenFile } from './open-file.ts';

/** Bytes one read gives: about 16,000 tokens. */
export const READ_BYTES: number = AT_ONCE;
/** Bytes looked through at a time on the way to a line. */
const SCAN_BYTES = 256 * 1024;
const NEWLINE = 10;

interface Args {
  readonly path: string;
  readonly offset?: number;
  readonly limit?: number;
}

export const createReadFile: ToolMaker = defineTool<Args>({
  name: 'read_file',
  description:
    'Reads a text file of the workspace, as it is. A long file comes in parts; the end of each says how to go on.',
  properties: {
    path: { type: 'string', description: 'Relative to the workspace.' },
    offset: { type: 'integer', minimum: 1, description: 'First line, counted from 1.' },
    limit: { type: 'integer', minimum: 1, description: 'Most lines to give.' },
  },
  required: ['path'],
  about: ({ path }) => path,
  async run(args, signal, workspace) {
    using file = await workspace.open(args.path);
    // Before it is read: what changes in between is then known as changed.
    await workspace.saw?.(file);
    return textFrom(await startOfLine(file, args.offset, signal), file, args);
  },
  runNow(args, workspace) {
    if (workspace.saw !== undefined || (args.offset ?? 1) > 1) return undefined;
    const file = workspace.openNow(args.path);
    try {
      return file && textFrom(FIRST_LINE, file, args);
    } finally {
      file?.[Symbol.dispose]();
    }
  },
});

/** Where a line starts; at or after the end of the file when there is none. */
interface Start {
  readonly position: number;
  /** Lines up to there, its own included. */
  readonly lines: number;
}

const FIRST_LINE: Start = { position: 0, lines: 1 };

async function startOfLine(file: OpenFile, wanted: number | undefined, signal: AbortSignal): Promise<Start> {
  if (wanted === undefined || wanted === 1) return FIRST_LINE;
  let lines = 1;
  const chunk = Buffer.allocUnsafe(Math.min(file.size, SCAN_BYTES));
  let position = 0;
  while (position < file.size) {
    const filled = await file.fill(chunk, position);
    if (filled === 0 || signal.aborted) break;
    const bytes = chunk.subarray(0, filled);
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
      const next = position + at + 1;
      // A newline at the very end closes the last line; it does not begin another.
      if (next >= file.size) return { position: next, lines };
      lines += 1;
      if (lines === wanted) return { position: next, lines };
    }
    position += filled;
  }
  return { position: file.size, lines };
}

function textFrom({ position, lines }: Start, file: OpenFile, { path, offset = 1, limit }: Args): string {
  if (file.size === 0) return '[The file is empty.]';
  if (position >= file.size) throw new Error(`"${path}" has ${lines} lines; there is no line ${offset}.`);
  const part = readPart(file, position, limit);
  if (isBinary(part.bytes)) throw new Error(`"${path}" is not text (${file.size} bytes).`);
  return part.bytes.toString() + noteOn(part, file, offset);
}

interface Part {
  /** Good until the next part is read. */
  readonly bytes: Buffer;
  /** The file goes on after it. */
  readonly more: boolean;
  /** It is the beginning of one line that is longer than a part. */
  readonly cut_line: boolean;
}

/** Of every part: none lives longer than the call that reads it. */
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** From `position`: at most `limit` lines within `READ_BYTES`, whole ones, save one that alone is longer. */
function readPart(file: OpenFile, position: number, limit: number | undefined): Part {
  const room = buffer.subarray(0, Math.min(file.size - position, READ_BYTES));
  const filled = file.fillNow(room, position);
  const bytes = filled === room.length ? room : room.subarray(0, filled);
  const cut = limit === undefined ? -1 : afterLines(bytes, limit);
  const rest = position + filled < file.size;
  if (cut !== -1) return { bytes: bytes.subarray(0, cut), more: rest || cut < filled, cut_line: false };
  if (!rest) return { bytes, more: false, cut_line: false };
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  return end === 0
    ? { bytes: bytes.subarray(0, wholeCharacters(bytes)), more: true, cut_line: true }
    : { bytes: bytes.subarray(0, end), more: true, cut_line: false };
}

/** Where `limit` lines end; -1 when there are not so many. */
function afterLines(bytes: Buffer, limit: number): number {
  let at = -1;
  for (let lines = 0; lines < limit; lines += 1) {
    at = bytes.indexOf(NEWLINE, at + 1);
    if (at === -1) return -1;
  }
  return at + 1;
}

/** The length without a UTF-8 character that is cut at the end. */
function wholeCharacters(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 3 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  return ((bytes[end - 1] ?? 0) & 0xc0) === 0xc0 ? end - 1 : bytes.length;
}

function noteOn({ bytes, more, cut_line }: Part, file: OpenFile, offset: number): string {
  if (!more && isUtf8(bytes)) return '';
  const notes: string[] = [];
  if (more) {
    let last = offset - 1;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) last += 1;
    if (cut_line) last += 1;
    notes.push(
      cut_line
        ? `Line ${last} is longer than one read gives; its rest is left out (search_files finds text in it).`
        : `Lines ${offset} to ${last} of a file of ${file.size} bytes.`,
      `Go on with offset ${last + 1}.`,
    );
  }
  if (!isUtf8(bytes)) notes.push('Some bytes are not UTF-8 and are shown as �.');
  return `\n[${notes.join(' ')}]`;
}
