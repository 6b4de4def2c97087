import { readFileSync, realpathSync } from 'node:fs';
import { DelegateError } from '../../core/errors.ts';
import type { Permissions } from '../../core/permissions.ts';
import { writeFileAtomically } from './write-file.ts';

type Folders = { readonly [folder: string]: readonly string[] };

/**
 * What a person allowed in this folder for good, in a file of the user's (never in the folder, which a repository may
 * bring). Read when it is asked, so that other sessions' words count at once.
 */
export function createPermissions(file: string, folder: string): Permissions {
  const place = real(folder);
  return {
    has: (rule) => read(file)[place]?.includes(rule) === true,
    add(rules) {
      const folders = read(file);
      const own = [...new Set([...(folders[place] ?? []), ...rules])].sort();
      writeFileAtomically(file, `${JSON.stringify({ folders: { ...folders, [place]: own } }, null, 2)}\n`);
    },
  };
}

/** A file that cannot be understood is an error, never an empty list that would be written back. */
function read(file: string): Folders {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw unreadable(file, thrown);
  }
  try {
    const { folders } = JSON.parse(text) as { folders?: unknown };
    if (typeof folders === 'object' && folders !== null && Object.values(folders).every(Array.isArray)) {
      return folders as Folders;
    }
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
  throw unreadable(file);
}

function unreadable(file: string, cause?: unknown): DelegateError {
  return new DelegateError('CONFIG_INVALID', `"${file}", the list of what was allowed for good, cannot be read.`, {
    hint: 'Repair or remove it; then you are asked again.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
