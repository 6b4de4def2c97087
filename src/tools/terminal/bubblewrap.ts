import { execFile } from 'node:child_process';
import { lstatSync, readlinkSync } from 'node:fs';
import { DelegateError } from '../../core/errors.ts';
import { commandEnv } from './command-env.ts';
import type { Command, Sandbox, SandboxOptions } from './sandbox.ts';

/** Programs and their data; a link among them (`/bin` → `usr/bin`) stays one. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/opt', '/nix/store'];
/** Passwords and keys of the machine, which root could read. */
const HIDDEN_FILES = [
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/sudoers',
  '/etc/krb5.keytab',
];
const HIDDEN_FOLDERS = ['/etc/ssh', '/etc/ssl/private', '/etc/sudoers.d', '/etc/wireguard', '/etc/NetworkManager'];
/** Where names are looked up with systemd; `/etc/resolv.conf` leads there. */
const RESOLVER = '/run/systemd/resolve';

/**
 * Commands see the system read-only, the child's workspace, and nothing else: own processes, own `/tmp`, no network.
 * The kernel ends them all when `bwrap` ends, and ends that when this process does.
 */
export function createBubblewrap({ settings, env, hasSecret }: SandboxOptions): Sandbox {
  const base = [
    ...['--die-with-parent', '--unshare-user-try', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    '--unshare-cgroup-try',
    ...(settings.network ? ['--ro-bind-try', RESOLVER, RESOLVER] : ['--unshare-net']),
    ...SYSTEM.flatMap(systemPath),
    ...HIDDEN_FILES.flatMap((path) => (kindOf(path) === 'file' ? ['--ro-bind', '/dev/null', path] : [])),
    ...HIDDEN_FOLDERS.flatMap((path) => (kindOf(path) === 'folder' ? ['--tmpfs', path] : [])),
    ...['--proc', '/proc', '--dev', '/dev'],
  ];
  // The path is looked up as commands would; the rest of the environment is theirs.
  const own = (tmp: string): Readonly<Record<string, string>> => ({
    ...commandEnv({ env, hasSecret, at_home: true, tmp }),
    HOME: tmp,
  });
  return {
    kind: 'bubblewrap',
    check: () => tryOut(['--', '/bin/sh', '-c', 'exit 0'], { base, env: own('/tmp') }),
    wrap: ({ line, cwd, reach, ...command }: Command) => ({
      argv: [
        'bwrap',
        ...base,
        ...['--bind', reach.scratch, '/tmp'],
        ...settings.read_only.flatMap((path) => ['--ro-bind', path, path]),
        ...reach.mounts.flatMap(({ path, writable }) => [writable ? '--bind' : '--ro-bind', path, path]),
        ...['--chdir', cwd, '--', '/bin/sh', '-c', line],
      ],
      env: { ...own('/tmp'), ...command.env },
    }),
    // Nothing outlives the namespace of processes.
    end: async () => undefined,
  };
}

function systemPath(path: string): string[] {
  const kind = kindOf(path);
  if (kind === undefined) return [];
  return kind === 'link' ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}

function kindOf(path: string): 'file' | 'folder' | 'link' | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isSymbolicLink() ? 'link' : stat.isDirectory() ? 'folder' : 'file';
}

function tryOut(
  args: readonly string[],
  { base, env }: { readonly base: readonly string[]; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('bwrap', [...base, ...args], { env, timeout: 10_000 }, (error, _, stderr) => {
      if (error === null) return resolve();
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const why = missing ? 'there is no `bwrap` on the PATH' : `bwrap says: ${stderr.trim() || error.message}`;
      reject(
        new DelegateError('ABILITY_MISSING', `The sandbox "bubblewrap" cannot be used here: ${why}.`, {
          hint: missing
            ? 'Install bubblewrap (Linux), or set `delegation.sandbox` to docker or none.'
            : 'Allow user namespaces to this user, or set `delegation.sandbox` to docker or none.',
        }),
      );
    });
  });
}
