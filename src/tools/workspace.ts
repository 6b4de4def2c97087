import { realpath, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { isSecretFile } from './secret-files.ts';

const realPath = promisify(realpath.native);

/** The folder that tools are confined to. Problems are thrown as errors whose message is for the model. */
export interface Workspace {
  /** With symlinks resolved. */
  readonly root: string;
  /**
   * The real path of what exists at `path` (relative to the workspace, or absolute inside it). Throws when it
   * does not exist, lies outside, leads outside through a symlink, or is a file that holds secrets.
   */
  locate(path: string): Promise<string>;
  /** A real path inside, as it is shown: relative, with forward slashes; `.` for the workspace itself. */
  show(real: string): string;
}

export async function openWorkspace(folder: string): Promise<Workspace> {
  const root = await realPath(folder);
  const show = (real: string): string => relative(root, real).replaceAll(sep, '/') || '.';
  /** Folders in which the file system has answered before: asking it again in place costs a sixth of another thread. */
  const answered = new Set<string>();
  const resolveLinks = async (asked: string): Promise<string> => {
    const folder = dirname(asked);
    if (answered.has(folder)) return realpathSync.native(asked);
    const real = await realPath(asked);
    answered.add(folder);
    return real;
  };
  return {
    root,
    show,
    async locate(path) {
      // An absolute path may name the workspace as it was given or as it really is.
      const given = resolve(folder, path);
      const inside = isInside(folder, given);
      const asked = inside ? given : resolve(root, path);
      if (!inside && !isInside(root, asked)) throw new Error(`"${path}" is outside the workspace.`);
      const real = await resolveLinks(asked).catch((error: unknown) => {
        throw explain(error, path);
      });
      if (!isInside(root, real)) throw new Error(`"${path}" leads outside the workspace.`);
      if (isSecretFile(show(real)) || (asked !== real && isSecretFile(show(asked))))
        throw new Error(`"${path}" is kept from children: it may hold secrets.`);
      return real;
    },
  };
}

/** Of normalised paths. */
function isInside(folder: string, path: string): boolean {
  if (path.startsWith(folder + sep)) return true;
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** A file system error in words, without the absolute path it carries. */
export function explain(error: unknown, path: string): Error {
  const { code } = error as { readonly code?: string };
  const why = REASONS[code ?? ''] ?? `cannot be read (${code ?? 'unknown reason'}).`;
  return new Error(`"${path}" ${why}`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist in the workspace.',
  ENOTDIR: 'does not exist: a part of it is a file, not a folder.',
  EISDIR: 'is a folder; list_files shows what is in it.',
  EACCES: 'may not be read by this user.',
  EPERM: 'may not be read by this user.',
  ENXIO: 'is not a regular file.',
  ELOOP: 'is a symlink that leads nowhere.',
  ENAMETOOLONG: 'is too long for a path.',
  ERR_INVALID_ARG_VALUE: 'is not a path.',
};
