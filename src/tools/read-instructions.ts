import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DelegateError } from '../core/errors.ts';
import { isBinary, openFile } from './files/open-file.ts';
import { openWorkspace } from './files/workspace.ts';

/** Files whose text every child gets as the workspace's instructions; the first that exists and is not blank. */
const FILES = ['AGENTS.md', 'CLAUDE.md'];

/** More than any prompt should begin with. */
const MAX_BYTES = 256 * 1024;

/**
 * The workspace's instructions; undefined when it has none. They go to a provider with every request, so a folder
 * that the user has not trusted may not bring them from elsewhere: its AGENTS.md could be a link to a key.
 * Throws `REQUEST_INVALID` for what is no regular text file of at most 256 KB, or leads outside.
 */
export async function readInstructions(
  folder: string,
  { trusted }: { readonly trusted: boolean },
): Promise<string | undefined> {
  for (const name of FILES) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const text = await read(name, trusted ? async () => realpathSync.native(path) : locate(folder, name));
    if (text.trim() !== '') return text;
  }
  return undefined;
}

function locate(folder: string, name: string): () => Promise<string> {
  return async () => (await openWorkspace(folder)).locate(name);
}

async function read(name: string, find: () => Promise<string>): Promise<string> {
  try {
    using file = openFile(await find(), name);
    if (file.size > MAX_BYTES) throw new Error(`"${name}" has ${file.size} bytes; ${MAX_BYTES} are the limit.`);
    const bytes = Buffer.alloc(file.size);
    const text = bytes.subarray(0, await file.fill(bytes, 0));
    if (isBinary(text)) throw new Error(`"${name}" is not text.`);
    return text.toString();
  } catch (error) {
    throw new DelegateError('REQUEST_INVALID', `Instructions of the workspace: ${(error as Error).message}`, {
      hint: 'Mend or remove it; if it is a link you know, run `yardmaster trust` in this folder.',
    });
  }
}
