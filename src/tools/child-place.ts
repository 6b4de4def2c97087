import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PARENT_TASK } from '../core/call/context-under.ts';
import type { Remains, ToolUser } from '../core/tool.ts';
import { changedDuring, findArtifacts } from './artifacts.ts';
import { type ChildFiles, createChildFiles } from './child-files.ts';
import type { Siblings } from './files/siblings.ts';
import { openWorkspace, type Workspace } from './files/workspace.ts';
import type { Mount } from './terminal/sandbox.ts';
import type { OpenTerminal, Terminal } from './terminal/terminal.ts';
import type { Worktrees } from './worktree/worktrees.ts';

/** Where one child works when it can change something, or siblings can. */
export interface ChildPlace {
  readonly task_id: string;
  readonly workspace: Workspace;
  readonly files: ChildFiles;
  /** Absent without the toolset `terminal`. */
  readonly terminal?: Terminal | undefined;
  /** See `ChildTools.close`. */
  close(options: { readonly lost: boolean }): Promise<Remains>;
}

export interface PlaceOptions {
  readonly user: ToolUser;
  /** The delegation's. */
  readonly workspace: Workspace;
  readonly siblings: Siblings;
  /** The child gets a worktree of its own. */
  readonly worktrees?: Worktrees | undefined;
  /** Present when the child runs commands. */
  readonly openTerminal?: OpenTerminal | undefined;
}

export async function openChildPlace({
  user: { task_id, index, parent },
  siblings,
  worktrees,
  openTerminal,
  ...delegation
}: PlaceOptions): Promise<ChildPlace> {
  const worktree = await worktrees?.open(task_id);
  const shared = worktree === undefined ? delegation.workspace : await openWorkspace(worktree.folder);
  const files = createChildFiles({ workspace: shared, siblings, index });
  const { workspace, written } = files;
  const mounts = worktree?.mounts ?? mountsOf(workspace.root);
  const below = parent === true ? {} : { [PARENT_TASK]: task_id };
  const terminal = openTerminal?.({ task_id, mounts, env: { ...worktree?.env, ...below } });

  async function remains(lost: boolean): Promise<Remains> {
    await Promise.all([terminal?.close(), files.close()]);
    const during =
      worktree === undefined
        ? await changedDuring(workspace, terminal?.ran ?? [])
        : { paths: await worktree.changed(), cut: false };
    const changed = during.paths.filter((real) => !files.isOthers(real));
    const found = await findArtifacts(workspace, [...written.keys(), ...changed], written);
    const artifacts: Remains = during.cut ? { ...found, artifacts_incomplete: true } : found;
    // What git ignores may still be the child's work.
    const keep = found.artifacts.length > 0 || found.artifacts_incomplete === true;
    const report = lost ? undefined : await worktree?.close({ keep });
    return report === undefined ? artifacts : { ...artifacts, worktree: report };
  }

  return {
    task_id,
    workspace,
    files,
    terminal,
    close: ({ lost }) => remains(lost).catch(() => ({ artifacts: [], artifacts_incomplete: true })),
  };
}

/** The workspace as it is, save for git's hooks and settings: programs that run later, outside of the sandbox. */
function mountsOf(root: string): Mount[] {
  const git = join(root, '.git');
  return [{ path: root, writable: true }, ...(existsSync(git) ? [{ path: git, writable: false }] : [])];
}
