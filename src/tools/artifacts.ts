import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '../core/result.ts';
import type { Remains } from '../core/tool.ts';
import { openFile } from './files/open-file.ts';
import { isSecretFile } from './files/secret-files.ts';
import { walk } from './files/walk.ts';
import type { Workspace } from './files/workspace.ts';
import type { Stretch } from './terminal/terminal.ts';

/** Files listed of one child. */
export const ARTIFACTS = 200;
/** A larger file is not hashed, and not listed. */
const HASH_BYTES = 256 * 1024 * 1024;
/** Files looked at for changes by commands. */
const LOOKED_AT = 20_000;
/** How coarse the clock of file systems is: a tick of the kernel. */
const SLACK_MS = 10;

type Artifacts = Pick<Remains, 'artifacts' | 'artifacts_incomplete'>;

/**
 * The files among `paths` (absolute) that exist and differ from what was there before: read from disk now, whatever
 * was said about them. `before` gives the hash of what was there; undefined = nothing, or not known.
 */
export async function findArtifacts(
  workspace: Workspace,
  paths: Iterable<string>,
  before: ReadonlyMap<string, string | undefined>,
): Promise<Artifacts> {
  const artifacts: Artifact[] = [];
  let incomplete = false;
  for (const real of new Set(paths)) {
    const path = workspace.show(real);
    const artifact = isSecretFile(path) || artifacts.length >= ARTIFACTS ? 'left out' : await verify(real, path);
    if (artifact === 'left out') incomplete = true;
    else if (artifact !== undefined && artifact.sha256 !== before.get(real)) artifacts.push(artifact);
  }
  return { artifacts, ...(incomplete ? { artifacts_incomplete: true as const } : {}) };
}

/** Undefined: there is no such file (any more). */
async function verify(real: string, path: string): Promise<Artifact | 'left out' | undefined> {
  try {
    using file = openFile(real, path);
    if (file.size > HASH_BYTES) return 'left out';
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(Math.min(file.size, 1024 * 1024));
    let bytes = 0;
    while (bytes < file.size) {
      const filled = await file.fill(chunk.subarray(0, Math.min(chunk.length, file.size - bytes)), bytes);
      if (filled === 0) break;
      hash.update(chunk.subarray(0, filled));
      bytes += filled;
    }
    return { path, bytes, sha256: hash.digest('hex') };
  } catch {
    return undefined;
  }
}

/**
 * Files of the workspace that were changed in one of these stretches of time. Whose change it was cannot be told:
 * a command of a sibling that ran at the same time counts as well. `cut`: there were more files than are looked at.
 */
export async function changedDuring(
  workspace: Workspace,
  stretches: readonly Stretch[],
): Promise<{ readonly paths: readonly string[]; readonly cut: boolean }> {
  const paths: string[] = [];
  let looked = 0;
  if (stretches.length === 0) return { paths, cut: false };
  for await (const entry of walk(workspace.root, { recursive: true, signal: new AbortController().signal })) {
    if (entry.kind !== 'file') continue;
    looked += 1;
    if (looked > LOOKED_AT) return { paths, cut: true };
    const real = join(workspace.root, entry.path);
    const stat = await lstat(real).catch(() => undefined);
    const changed = stat?.ctimeMs ?? 0;
    if (stretches.some(({ from, to }) => from - SLACK_MS <= changed && changed <= to + SLACK_MS)) paths.push(real);
  }
  return { paths, cut: false };
}
