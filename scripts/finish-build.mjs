// Makes the built command executable and removes what no source file stands behind any more.
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
chmodSync(join(root, 'dist/cli/main.js'), 0o755);
for (const entry of readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(d\.ts|js)$/.test(entry.name)) continue;
  const built = join(entry.parentPath, entry.name);
  const source = built.replace(join(root, 'dist'), join(root, 'src')).replace(/(\.d\.ts|\.js)$/, '.ts');
  if (!existsSync(source)) rmSync(built);
}
