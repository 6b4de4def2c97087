import { existsSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DelegateError } from '../../core/errors.ts';
import type { WorktreeReport } from '../../core/result.ts';
import { createLock } from '../files/lock.ts';
import type { Env } from '../terminal/command-env.ts';
import type { Mount } from '../terminal/sandbox.ts';
import { createGit, type Git } from './git.ts';
import { createWorktreeContent } from './worktree-content.ts';
import { BRANCH } from './worktree-of.ts';

/** One child's worktree. */
export interface Worktree {
  /** Where the child works: the part of the worktree that the workspace is of its repository. */
  readonly folder: string;
  /** What of it, and of the repository, commands in a sandbox reach: their own branch and index, and no settings. */
  readonly mounts: readonly Mount[];
  /** Who commits: identity of the user, for where the user's own settings are not seen. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths of files that differ from what it began with, committed or not. */
  changed(): Promise<readonly string[]>;
  /** Removes it, and its branch, when nothing would be lost; else tells what is in it. `keep`: it is kept anyway. */
  close(options: { readonly keep: boolean }): Promise<WorktreeReport | undefined>;
}

export interface Worktrees {
  /** Throws `REQUEST_INVALID` when children cannot have any here. Asked before anything starts. */
  check(): Promise<void>;
  /** Makes one from the workspace's last commit, or finds the one that the task has had before. */
  open(task_id: string): Promise<Worktree>;
}

interface Repository {
  readonly git: Git;
  readonly common: string;
  /** Of the workspace within it; ends with a slash, or is empty. */
  readonly prefix: string;
  /** The commit that all children of the delegation begin with. */
  readonly base: string;
}

/** Git locks its files but does not wait for a lock. */
const oneByOne = createLock();

/** Worktrees of the repository that `workspace` is in, under `folder`, where no sibling's tools come. */
export function createWorktrees(options: { workspace: string; folder: string; env: Env }): Worktrees {
  const { workspace, folder, env } = options;
  let found: Promise<Repository> | undefined;
  const repository = (): Promise<Repository> => {
    found ??= findRepository(workspace, env);
    return found;
  };
  return {
    async check() {
      await repository();
    },
    async open(task_id) {
      const { git, common, prefix, base } = await repository();
      const branch = BRANCH + task_id;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(await realpath(folder), task_id);
      const again = existsSync(path);
      await oneByOne(common, async () => {
        if (!again) await git('worktree', 'add', '--quiet', '--no-track', '-b', branch, path, base);
      }).catch((error: Error) => {
        throw new DelegateError('REQUEST_INVALID', `The worktree "${path}" could not be made: ${error.message}.`, {
          hint: 'Look at the repository with `git worktree list` and `git status`.',
        });
      });
      const inside = createGit({ cwd: path, env });
      const git_dir = (await inside('rev-parse', '--absolute-git-dir')).trim();
      // From here on nothing that the child writes decides which repository is looked at.
      const dirs = { GIT_DIR: git_dir, GIT_COMMON_DIR: common, GIT_WORK_TREE: path };
      const from = again ? (await git('merge-base', base, branch)).trim() : base;
      const content = createWorktreeContent({ path, branch, from, git: createGit({ cwd: path, env, dirs }) });
      const work = join(path, prefix);
      await mkdir(work, { recursive: true });
      return {
        folder: work,
        mounts: await mountsOf({ path, common, git_dir }),
        env: await identity(git),
        changed: content.changed,
        async close(options) {
          const report = await content.report(options);
          if (report !== undefined) return report;
          try {
            await oneByOne(common, async () => {
              await git('worktree', 'remove', '--force', path);
              await git('branch', '--quiet', '-D', branch);
            });
            return undefined;
          } catch (error) {
            return { path, branch, commits: 0, dirty: false, problem: (error as Error).message };
          }
        },
      };
    },
  };
}

async function findRepository(workspace: string, env: Env): Promise<Repository> {
  const here = createGit({ cwd: workspace, env });
  try {
    const places = ['--path-format=absolute', '--show-toplevel', '--git-common-dir', '--show-prefix'];
    const [top = '', common = '', prefix = ''] = (await here('rev-parse', ...places)).split('\n');
    const base = await here('rev-parse', '--verify', '--quiet', 'HEAD^{commit}').catch(() => {
      throw new Error('its repository has no commit yet');
    });
    return { git: createGit({ cwd: top, env }), common: await realpath(common), prefix, base: base.trim() };
  } catch (error) {
    throw new DelegateError(
      'REQUEST_INVALID',
      `"worktree" was asked for, and the workspace "${workspace}" cannot have one: ${(error as Error).message}.`,
      { hint: 'Leave "worktree" out, or work in a git repository with at least one commit.' },
    );
  }
}

/**
 * A commit needs its objects, its branch with the log, and the worktree's own index. Hooks, settings, other branches
 * and the files that say which repository this is stay as they are.
 */
async function mountsOf({
  path,
  common,
  git_dir,
}: {
  path: string;
  common: string;
  git_dir: string;
}): Promise<Mount[]> {
  const branches = [join(common, 'refs/heads', BRANCH), join(common, 'logs/refs/heads', BRANCH)];
  for (const branch of branches) await mkdir(branch, { recursive: true }).catch(() => undefined);
  // One that is not there could be made.
  await writeFile(join(git_dir, 'config.worktree'), '', { flag: 'a' });
  const fixed = [
    join(git_dir, 'commondir'),
    join(git_dir, 'gitdir'),
    join(git_dir, 'config.worktree'),
    join(path, '.git'),
  ];
  return [
    { path, writable: true },
    { path: common, writable: false },
    ...there([join(common, 'objects'), ...branches, git_dir], true),
    ...there(fixed, false),
  ];
}

function there(paths: readonly string[], writable: boolean): Mount[] {
  return paths.filter((path) => existsSync(path)).map((path) => ({ path, writable }));
}

async function identity(git: Git): Promise<Readonly<Record<string, string>>> {
  const of = (key: string): Promise<string> =>
    git('config', '--get', key).then(
      (said) => said.trim(),
      () => '',
    );
  const [name, email] = [await of('user.name'), await of('user.email')];
  return {
    ...(name === '' ? {} : { GIT_AUTHOR_NAME: name, GIT_COMMITTER_NAME: name }),
    ...(email === '' ? {} : { GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_EMAIL: email }),
  };
}
