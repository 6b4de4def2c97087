import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import type { Env } from '../terminal/command-env.ts';

/** More than any listing of changes that is of use. Bytes. */
const OUTPUT_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

/** What git needs of the user: programs it calls, and the user's own settings. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'XDG_CONFIG_HOME', 'SYSTEMROOT', 'USERPROFILE', 'TMPDIR', 'TEMP'];

/** Nothing that a repository brings is run by the way, and nobody is asked for a password. */
const QUIET = [
  ...[
    '-c',
    `core.hooksPath=${devNull}`,
    '-c',
    'core.fsmonitor=false',
    '-c',
    'gc.auto=0',
    '-c',
    'maintenance.auto=false',
  ],
  ...['-c', 'advice.detachedHead=false', '-c', 'core.quotePath=false', '-c', 'submodule.recurse=false'],
];

/** Runs git and gives what it wrote. Rejects with what it said when it fails. */
export type Git = (...args: readonly string[]) => Promise<string>;

/** Git in a folder; `dirs` (`GIT_DIR`, …) say what it works on, whatever the folder says itself. */
export function createGit({
  cwd,
  env,
  dirs = {},
}: {
  cwd: string;
  env: Env;
  dirs?: Readonly<Record<string, string>>;
}): Git {
  const passed = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const own = {
    ...passed,
    ...dirs,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
  };
  return (...args) =>
    new Promise((resolve, reject) => {
      const options = { cwd, env: own, maxBuffer: OUTPUT_BYTES, timeout: TIMEOUT_MS };
      execFile('git', [...QUIET, ...args], options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
        reject(
          new Error(missing ? 'there is no `git` on the PATH' : stderr.trim().replace(/^fatal: /, '') || error.message),
        );
      });
    });
}
