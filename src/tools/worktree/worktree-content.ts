import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WorktreeReport } from '../../core/result.ts';
import type { Git } from './git.ts';

/** What a worktree holds beside what it began with. */
export interface WorktreeContent {
  /** Absolute paths of files that differ from what it began with, committed or not. */
  changed(): Promise<readonly string[]>;
  /** What would be lost with it; undefined: nothing. `keep`: something that git does not know of would. */
  report(options: { readonly keep: boolean }): Promise<WorktreeReport | undefined>;
}

/** A repository within this one has settings of its own, which a child may have written: no git is run in there. */
const NO_SUBMODULES = '--ignore-submodules=dirty';

/** Looks at the worktree `path` through `git`, which is told what it works on. It began at the commit `from`. */
export function createWorktreeContent(options: {
  readonly path: string;
  readonly branch: string;
  readonly from: string;
  readonly git: Git;
}): WorktreeContent {
  const { path, branch, from, git } = options;
  const list = async (...args: string[]): Promise<string[]> =>
    (await git(...args)).split('\0').filter((name) => name !== '');
  return {
    async changed() {
      const tracked = await list('diff', '--name-only', '-z', '--no-renames', '--no-ext-diff', NO_SUBMODULES, from);
      const others = await list('ls-files', '--others', '--exclude-standard', '-z');
      return [...new Set([...tracked, ...others])].map((name) => join(path, name));
    },
    async report({ keep }) {
      const told = { path, branch };
      try {
        const changes = await list('status', '--porcelain', '-z', NO_SUBMODULES);
        const dirty = changes.length > 0 || (await hasSubmodules());
        // The child may have left its branch, or removed it.
        const own = (await git('for-each-ref', '--format=%(refname)', `refs/heads/${branch}`)).trim();
        const tips = own === '' ? ['HEAD'] : ['HEAD', own];
        const commits = Number(await git('rev-list', '--count', ...tips, '--not', from));
        if (!dirty && commits === 0 && !keep) return undefined;
        return { ...told, commits, dirty: dirty || commits === 0 };
      } catch (error) {
        return { ...told, commits: 0, dirty: true, problem: (error as Error).message };
      }
    },
  };

  /** A new worktree has the folders of its submodules, empty. */
  async function hasSubmodules(): Promise<boolean> {
    if (!existsSync(join(path, '.gitmodules'))) return false;
    const entries = await list('ls-files', '--stage', '-z');
    return entries.some((entry) => entry.startsWith('160000') && existsSync(join(path, entry.split('\t')[1]!, '.git')));
  }
}
