import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders that hold no work of the workspace's own: named, not entered, unless asked for by path. */
const NOT_ENTERED: ReadonlySet<string> = new Set(['.git', 'node_modules']);

export interface Entry {
  /** Relative to where the walk began, with forward slashes. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'skipped' | 'link' | 'other';
}

/**
 * What is in a folder, sorted by name, depth first; symlinks are named and not followed. Rejects when the folder
 * itself cannot be read; a folder below it that cannot is passed over.
 */
export async function* walk(
  folder: string,
  { recursive, signal }: { readonly recursive: boolean; readonly signal: AbortSignal },
  prefix = '',
): AsyncGenerator<Entry> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (prefix !== '') return [];
    throw error;
  });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (signal.aborted) return;
    const path = prefix + entry.name;
    if (!entry.isDirectory()) {
      yield { path, kind: entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other' };
    } else if (recursive && NOT_ENTERED.has(entry.name)) {
      yield { path, kind: 'skipped' };
    } else {
      yield { path, kind: 'folder' };
      if (recursive) yield* walk(join(folder, entry.name), { recursive, signal }, `${path}/`);
    }
  }
}
