import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { DelegateError } from '../../core/errors.ts';
import type { Paths } from './config-paths.ts';
import { writeFileAtomically } from './write-file.ts';

type TrustFile = Pick<Paths, 'trust_file'>;

/** Whether the user has trusted exactly this folder. Links are resolved: trust belongs to the place, not to its name. */
export function isTrusted(folder: string, paths: TrustFile): boolean {
  return trustedFolders(paths).includes(real(folder));
}

/** Remembers a folder as trusted, or forgets it. Returns the folder as it was remembered. */
export function trustFolder(folder: string, paths: TrustFile, trusted = true): string {
  const place = real(folder);
  const others = trustedFolders(paths).filter((other) => other !== place);
  const folders = (trusted ? [...others, place] : others).sort();
  writeFileAtomically(paths.trust_file, `${JSON.stringify({ folders }, null, 2)}\n`);
  return place;
}

/** Folders trusted so far. A file that cannot be understood is an error, never an empty list that would be written back. */
export function trustedFolders({ trust_file }: TrustFile): readonly string[] {
  let text: string;
  try {
    text = readFileSync(trust_file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(trust_file, thrown);
  }
  try {
    const { folders } = JSON.parse(text) as { folders?: unknown };
    if (Array.isArray(folders) && folders.every((folder) => typeof folder === 'string')) return folders;
  } catch (thrown) {
    throw unreadable(trust_file, thrown);
  }
  throw unreadable(trust_file);
}

function unreadable(file: string, cause?: unknown): DelegateError {
  return new DelegateError('CONFIG_INVALID', `"${file}", the list of trusted folders, cannot be read.`, {
    hint: 'Repair or remove it; then run `yardmaster trust` again where you want it.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}
