import { realpath, realpathSync } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { explain } from '../explain.ts';
import { type OpenFile, openExactly, openFile } from './open-file.ts';
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
  /** Opens the regular file at `path` for reading. Throws as `locate` does, and for what is no regular file. */
  open(path: string): Promise<OpenFile>;
  /** The same in place; undefined when that could block, or takes more than one look: `open` does it, or says why not. */
  openNow(path: string): OpenFile | undefined;
  /**
   * The real path to write a file to, whether it exists or not; folders that are missing are made. Throws as
   * `locate` does, and for what belongs to git: hooks and settings are programs that git runs later, for others.
   */
  place(path: string): Promise<{ readonly real: string; readonly exists: boolean }>;
  /** A real path inside, as it is shown: relative, with forward slashes; `.` for the workspace itself. */
  show(real: string): string;
  /** Told of every file that is about to be read; absent: nobody asks. */
  saw?(file: OpenFile): Promise<void>;
}

export async function openWorkspace(folder: string): Promise<Workspace> {
  const root = await realPath(folder);
  const below = root.endsWith(sep) ? root : root + sep;
  const show = (real: string): string => real.slice(below.length).replaceAll(sep, '/') || '.';

  /** Folders in which the file system has answered before: asking it again in place costs a sixth of another thread. */
  const answered = new Set([root]);
  /** … and those in which it is being asked: many children begin with the same folder at the same moment. */
  const asking = new Map<string, Promise<string>>();
  const resolveLinks = async (asked: string): Promise<string> => {
    const folder = dirname(asked);
    await asking.get(folder)?.catch(() => {});
    if (answered.has(folder)) return realpathSync.native(asked);
    const real = realPath(asked);
    asking.set(folder, real);
    try {
      await real;
      answered.add(folder);
    } finally {
      asking.delete(folder);
    }
    return real;
  };

  /** Where a path points by its words alone. An absolute one may name the workspace as it really is or as it was given. */
  const named = (path: string): string => {
    const asked = resolve(root, path);
    if (isInside(root, asked)) return asked;
    const given = resolve(folder, path);
    if (!isInside(folder, given)) throw new Error(`"${path}" is outside the workspace.`);
    return join(root, relative(folder, given));
  };

  const refuseSecret = (path: string, real: string): void => {
    if (isSecretFile(show(real))) throw new Error(`"${path}" is kept from children: it may hold secrets.`);
  };

  const checked = (path: string, asked: string, real: string): string => {
    if (!isInside(root, real)) throw new Error(`"${path}" leads outside the workspace.`);
    refuseSecret(path, real);
    if (asked !== real) refuseSecret(path, asked);
    return real;
  };

  const locate = async (path: string): Promise<string> => {
    const asked = named(path);
    const real = await resolveLinks(asked).catch((error: unknown) => {
      throw explain(error, path);
    });
    return checked(path, asked, real);
  };

  const openNow = (path: string): OpenFile | undefined => {
    const asked = named(path);
    if (!answered.has(dirname(asked))) return undefined;
    refuseSecret(path, asked);
    return openExactly(asked);
  };

  return {
    root,
    show,
    locate,
    openNow,
    async open(path) {
      await asking.get(dirname(named(path)))?.catch(() => {});
      return openNow(path) ?? openFile(await locate(path), path);
    },
    async place(path) {
      const asked = named(path);
      const existing = await realPath(asked).catch(absent(path));
      const real = checked(path, asked, existing ?? (await realPlace(asked, path)));
      if ([real, asked].some((each) => show(each).toLowerCase().split('/').includes('.git')))
        throw new Error(`"${path}" belongs to git and is not written.`);
      if (existing !== undefined) return { real, exists: true };
      if (real === root) throw explain({ code: 'EISDIR' }, path);
      await makeFolders(root, dirname(real), path);
      return { real, exists: false };
    },
  };
}

/** The real path of what does not exist: the nearest folder above that does, resolved, and the names below it. */
async function realPlace(asked: string, path: string): Promise<string> {
  if (await lstat(asked).catch(absent(path))) throw explain({ code: 'ELOOP' }, path);
  const above = dirname(asked);
  const real = await realPath(above).catch(absent(path));
  return join(real ?? (await realPlace(above, path)), basename(asked));
}

/** Makes what is missing of a folder below `root`, one by one: none of them may be a symlink. */
async function makeFolders(root: string, folder: string, path: string): Promise<void> {
  if (folder !== root && isInside(root, folder)) {
    await makeFolders(root, dirname(folder), path);
    await mkdir(folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw explain(error, path);
    });
  }
  if ((await realPath(folder)) !== folder) throw new Error(`"${path}" was moved while it was written; try again.`);
}

/** Of normalised paths. */
function isInside(folder: string, path: string): boolean {
  if (path.startsWith(folder + sep)) return true;
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** Passes over the error of something that does not exist; any other is told. */
function absent(path: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explain(error, path);
    return undefined;
  };
}
