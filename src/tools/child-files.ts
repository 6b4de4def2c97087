import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { createLock } from './files/lock.ts';
import { isBinary, type OpenFile, openFile } from './files/open-file.ts';
import { replaceFile } from './files/replace-file.ts';
import type { Sibling, Siblings } from './files/siblings.ts';
import type { Workspace } from './files/workspace.ts';

/** Largest file that children change, and write. More is not written by hand. */
export const WRITE_BYTES: number = 2 * 1024 * 1024;

/** A file as one child knows it. */
interface Version {
  readonly size: number;
  readonly mtime_ms: number;
  readonly hash: string;
}

/** The files of one child: what it has read, so that it changes nothing it has not seen, and what it has written. */
export interface ChildFiles {
  /** The workspace, which now tells this child's files of what is read. */
  readonly workspace: Workspace;
  /**
   * Puts a text at `path`: what `next` makes of the one that is there (undefined: none is). Throws an error for
   * the model when this child has not read what is there as it now is, or it is no text.
   */
  change(path: string, signal: AbortSignal, next: (text: string | undefined) => string): Promise<void>;
  /** Real paths that were written, with the hash of what was there before this child came; undefined: nothing. */
  readonly written: ReadonlyMap<string, string | undefined>;
  /** Whether a sibling has written it, and this child has not. */
  isOthers(real: string): boolean;
  /** What siblings changed of what it has read, each time once. */
  news(): string | undefined;
  /** Changes nothing any more, and hears of nothing. Resolves when what was being written is, or is not. */
  close(): Promise<void>;
}

/** Two children of one process never write one file at the same time: between look and write nobody comes. */
const oneByOne = createLock();

export function createChildFiles(options: {
  readonly workspace: Workspace;
  readonly siblings: Siblings;
  readonly index: number;
}): ChildFiles {
  const { siblings, index } = options;
  const seen = new Map<string, Version>();
  const changing = new Set<Promise<void>>();
  let closed = false;
  const written = new Map<string, string | undefined>();
  /** Files that a sibling has changed since they were read: who, and whether the child has heard of it. */
  const stale = new Map<string, { readonly by: number; readonly heard: boolean }>();
  const self: Sibling = { index, told: (real, by) => void stale.set(real, { by, heard: false }) };
  const workspace: Workspace = {
    ...options.workspace,
    async saw(file) {
      const { real, size, mtime_ms } = file;
      siblings.reads(real, self);
      stale.delete(real);
      const known = seen.get(real);
      // A file that is too large to be changed needs no hash; one that is read in parts needs it once.
      if (size > WRITE_BYTES || (known?.size === size && known.mtime_ms === mtime_ms)) return;
      seen.set(real, { size, mtime_ms, hash: sha256(await whole(file)) });
    },
  };

  /** The text that is there, if this child knows it. */
  async function current(real: string, path: string, file: OpenFile): Promise<{ text: string; hash: string }> {
    if (file.size > WRITE_BYTES) throw new Error(`"${path}" is larger than ${WRITE_BYTES} bytes and is not changed.`);
    const known = seen.get(real);
    if (known === undefined)
      throw new Error(`"${path}" exists and you have not read it; read it before you change it.`);
    const bytes = await whole(file);
    const hash = sha256(bytes);
    if (hash !== known.hash) {
      const by = stale.get(real)?.by;
      throw new Error(
        `"${path}" has changed since you read it${by === undefined ? '' : ` (by task ${by})`}; read it again, then decide anew.`,
      );
    }
    if (isBinary(bytes) || !isUtf8(bytes)) throw new Error(`"${path}" is not UTF-8 text and is not changed.`);
    await access(real, constants.W_OK).catch(() => {
      throw new Error(`"${path}" may not be written.`);
    });
    return { text: bytes.toString(), hash };
  }

  async function put(path: string, signal: AbortSignal, next: (text: string | undefined) => string): Promise<void> {
    // Again: while others were writing, it may have come to be.
    const { real, exists } = await workspace.place(path);
    using old = exists ? openFile(real, path) : undefined;
    const before = old && (await current(real, path, old));
    const bytes = encode(next(before?.text), path);
    await replaceFile(real, bytes, { path, old, signal });
    if (!written.has(real)) written.set(real, before?.hash);
    // Its time is not known; the next read looks it up.
    seen.set(real, { size: bytes.length, mtime_ms: Number.NaN, hash: sha256(bytes) });
    stale.delete(real);
    siblings.reads(real, self);
    siblings.changed(real, self);
  }

  return {
    workspace,
    written,
    async change(path, signal, next) {
      if (closed) throw new Error(`"${path}" was not written: the child has ended.`);
      const { real } = await workspace.place(path);
      const change = oneByOne(real, () => put(path, signal, next));
      changing.add(change);
      try {
        await change;
      } finally {
        changing.delete(change);
      }
    },
    isOthers: (real) => siblings.isOthers(real, self),
    news() {
      const said: string[] = [];
      for (const [real, { by, heard }] of stale) {
        if (heard) continue;
        stale.set(real, { by, heard: true });
        said.push(`"${workspace.show(real)}" was changed by task ${by} after you read it.`);
      }
      return said.length === 0 ? undefined : said.join(' ');
    },
    async close() {
      closed = true;
      siblings.leaves(self);
      await Promise.allSettled(changing);
    },
  };
}

function encode(text: string, path: string): Buffer {
  if (text.includes('\0')) throw new Error(`"${path}" was not written: the text holds a NUL character.`);
  if (/\p{Surrogate}/u.test(text)) throw new Error(`"${path}" was not written: the text holds half a character.`);
  const bytes = Buffer.from(text);
  if (bytes.length > WRITE_BYTES)
    throw new Error(`"${path}" was not written: ${bytes.length} bytes are more than ${WRITE_BYTES}.`);
  return bytes;
}

async function whole(file: OpenFile): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(file.size);
  return buffer.subarray(0, await file.fill(buffer, 0));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
