import { execFile } from 'node:child_process';
import { DelegateError } from '../../core/errors.ts';
import { commandEnv, type Env } from './command-env.ts';
import type { Command, Sandbox, SandboxOptions } from './sandbox.ts';

/** What the client needs to find its engine; commands see none of it. */
const CLIENT = [
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'XDG_RUNTIME_DIR',
];
const MAX_PROCESSES = 1_024;

/** Commands run in a container of the configured image each, with the child's workspace at its own path. */
export function createDocker({ settings, env, hasSecret }: SandboxOptions): Sandbox {
  const { image = '', network, read_only } = settings;
  const client = { ...commandEnv({ env, hasSecret, at_home: true, tmp: env.TMPDIR ?? '/tmp' }), ...pick(env, CLIENT) };
  const docker = (args: readonly string[]): Promise<string | undefined> =>
    new Promise((resolve) => {
      execFile('docker', args, { env: client, timeout: 15_000, killSignal: 'SIGKILL' }, (error, _, stderr) =>
        resolve(
          error === null
            ? undefined
            : (error as NodeJS.ErrnoException).code === 'ENOENT'
              ? NO_CLIENT
              : stderr || error.message,
        ),
      );
    });
  return {
    kind: 'docker',
    async check() {
      if (image === '') {
        throw new DelegateError('CONFIG_INVALID', 'The sandbox "docker" has no image.', {
          hint: 'Name one that you have: `delegation.sandbox: { kind: docker, image: debian:stable-slim }`.',
        });
      }
      const problem = await docker(['image', 'inspect', '--format', '{{.Id}}', image]);
      if (problem === undefined) return;
      const absent = /no such image/i.test(problem);
      throw new DelegateError(
        'ABILITY_MISSING',
        absent
          ? `The sandbox "docker" cannot be used: its image "${image}" is not on this machine.`
          : `The sandbox "docker" cannot be used here: ${problem.trim()}`,
        {
          hint: absent
            ? `Fetch it once: docker pull ${image}`
            : 'Start the engine, or set `delegation.sandbox` to bubblewrap or none.',
        },
      );
    },
    wrap: ({ line, cwd, id, reach, ...command }: Command) => ({
      argv: [
        ...['docker', 'run', '--rm', '--init', '--pull', 'never', '--name', nameOf(id)],
        ...(network ? [] : ['--network', 'none']),
        ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--pids-limit', String(MAX_PROCESSES)],
        ...(process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid?.()}`]),
        ...read_only.flatMap((path) => ['-v', volume(path, path, false)]),
        ...['-v', volume(reach.scratch, '/tmp', true)],
        ...reach.mounts.flatMap(({ path, writable }) => ['-v', volume(path, path, writable)]),
        ...Object.entries({
          ...commandEnv({ env, hasSecret, at_home: false, tmp: '/tmp' }),
          HOME: '/tmp',
          ...command.env,
        }).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
        ...['--workdir', cwd, image, '/bin/sh', '-c', line],
      ],
      env: client,
    }),
    // A container does not end with the client that was killed.
    async end(id, stopped) {
      if (stopped) await docker(['rm', '--force', nameOf(id)]);
    },
  };
}

const NO_CLIENT = 'there is no `docker` on the PATH.';

function nameOf(id: string): string {
  return `yardmaster-${id}`;
}

function volume(from: string, to: string, writable: boolean): string {
  if (from.includes(':')) throw new Error(`"${from}" cannot be reached in a container: its path has a colon.`);
  return `${from}:${to}${writable ? '' : ':ro'}`;
}

function pick(env: Env, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
