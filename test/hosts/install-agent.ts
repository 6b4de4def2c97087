import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Some hundred megabytes each, kept between runs; nothing of it is a dependency. */
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/yardmaster-hosts');
const INSTALL_MS = 300_000;

const run = promisify(execFile);

/** Program and arguments that start an agent, or why it cannot be started here. */
export type Installed =
  | { readonly command: readonly [string, ...string[]]; readonly version: string }
  | { readonly missing: string };

/** Installs one package of the npm registry and runs its command once. Never throws. */
export async function installAgent({
  name,
  package: wanted,
  command,
}: {
  readonly name: string;
  /** With an exact version. */
  readonly package: string;
  /** Of its commands, the one that is meant. */
  readonly command: string;
}): Promise<Installed> {
  const folder = join(CACHE, name);
  const bin = join(folder, 'node_modules', '.bin', process.platform === 'win32' ? `${command}.cmd` : command);
  try {
    if (installedIn(folder) !== wanted || !existsSync(bin)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"private":true}');
      const options = ['--no-audit', '--no-fund', '--loglevel=error', '--save-exact'];
      await run('npm', ['install', ...options, wanted], { cwd: folder, timeout: INSTALL_MS });
      writeFileSync(join(folder, 'wanted.txt'), wanted);
    }
    const { stdout } = await run(bin, ['--version'], {
      timeout: 60_000,
      env: { PATH: process.env.PATH ?? '', HOME: folder },
    });
    return { command: [bin], version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim() };
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).trim().split('\n').slice(-1);
    return { missing: `${wanted} cannot be installed or run here: ${reason}` };
  }
}

function installedIn(folder: string): string | undefined {
  const file = join(folder, 'wanted.txt');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
