// Removes what no source file stands behind any more, and makes the command of what was compiled.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCommand } from './bundle-command.mjs';

const root = join(import.meta.dirname, '..');
for (const entry of readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(d\.ts|js)$/.test(entry.name)) continue;
  const built = join(entry.parentPath, entry.name);
  const source = built.replace(join(root, 'dist'), join(root, 'src')).replace(/(\.d\.ts|\.js)$/, '.ts');
  if (!existsSync(source)) rmSync(built);
}
await bundleCommand(root);
