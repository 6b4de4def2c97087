import { existsSync, statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { type Env, resolvePaths } from './config/files/config-paths.ts';

/** Node 22.1 on; gives up by itself where it cannot write. */
const { enableCompileCache } = module as { readonly enableCompileCache?: (folder: string) => unknown };

/**
 * Lets Node keep what it compiles of this program for the next time, in the data folder. What is kept is run, so only
 * where nobody else may write to it; and only where there are tasks already, as looking around leaves nothing behind.
 */
export function keepCompiled(env: Env): void {
  if (enableCompileCache === undefined) return;
  const { data, cache, store_file } = resolvePaths({ env });
  if (existsSync(store_file) && isOwn(data)) enableCompileCache(join(cache, 'compiled'));
}

function isOwn(folder: string): boolean {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return false;
  return process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o022) === 0);
}
