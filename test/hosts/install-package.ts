import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Some hundred megabytes each, kept between runs; nothing of it is a dependency. */
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/yardmaster-hosts');
const INSTALL_MS = 300_000;

const run = promisify(execFile);

/** Program and arguments that start it, or why it cannot be started here. */
export type Installed =
  | { readonly command: readonly [string, ...string[]]; readonly version: string }
  | { readonly missing: string };

/** A package of the npm registry, and which of its commands is meant. */
export interface Wanted {
  readonly name: string;
  /** With an exact version. */
  readonly package: string;
  readonly command: string;
  /** It is JavaScript that needs Node 22: brought along where this is an older one. */
  readonly newer_node?: true;
}

/** Installs it, unless it is there, and runs its command once. Never throws. */
export async function installPackage({ name, package: wanted, command, newer_node }: Wanted): Promise<Installed> {
  try {
    const folder = await install(name, wanted);
    const bin = join(folder, 'node_modules/.bin', process.platform === 'win32' ? `${command}.cmd` : command);
    const all: [string, ...string[]] = newer_node === undefined ? [bin] : [await newerNode(), bin];
    const [program, ...args] = all;
    const env = { PATH: process.env.PATH ?? '', HOME: folder };
    const { stdout } = await run(program, [...args, '--version'], { timeout: 60_000, env });
    return { command: all, version: /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? stdout.trim() };
  } catch (error) {
    const reason = reasonOf(error);
    return { missing: `${wanted} cannot be installed or run here: ${reason}` };
  }
}

/** The folder that a package is installed in. */
async function install(name: string, wanted: string): Promise<string> {
  const folder = join(CACHE, name);
  const note = join(folder, 'wanted.txt');
  if (existsSync(note) && readFileSync(note, 'utf8') === wanted) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', wanted], {
    cwd: folder,
    timeout: INSTALL_MS,
  });
  writeFileSync(note, wanted);
  return folder;
}

async function newerNode(): Promise<string> {
  if (Number(process.versions.node.split('.', 1)[0]) >= 22) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  return join(await install('node', `${name}@24`), 'node_modules', name, 'bin/node');
}

/** What npm, or the command itself, said first. */
function reasonOf(error: unknown): string {
  const { stderr = '', message } = error as Error & { readonly stderr?: string };
  const lines = (stderr.trim() || message).split('\n').filter((line) => !/^npm (warn|notice)|^\s*$/i.test(line));
  return lines.slice(0, 2).join('; ');
}
