import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SandboxSettings } from '../../core/settings.ts';
import { createFolder, openChildren, toolsOptions } from '../test-folder.ts';
import { createToolsFor } from '../tools-for.ts';
import { CANARY, sandboxContract } from './sandbox.contract.ts';

const settings: SandboxSettings = { kind: 'docker', network: false, image: 'work:1', read_only: [] };

/**
 * Stands in for docker's client where no engine runs: notes its arguments and environment, and runs what follows the
 * image on this machine with the variables of `-e`. As with an engine, TERM is passed on, everything ends with the
 * command, and only `rm` ends a command whose client was killed.
 */
const STAND_IN = `#!/bin/sh
here=\${0%/*}
[ "$1" = image ] || [ "$1" = rm ] || { echo "$DOCKER_HOST|$SOME_API_KEY" > "$here/env"; for a in "$@"; do echo "$a"; done > "$here/argv"; }
case "$1" in
image) cat "$here/problem" >&2 2>/dev/null && exit 1; exit 0 ;;
rm) [ -f "$here/pid.$3" ] && kill -KILL -"$(cat "$here/pid.$3")"; echo "$3" >> "$here/removed"; exit 0 ;;
esac
vars=""; tmp=""
while [ $# -gt 0 ]; do
  case "$1" in
  --name) name=$2; shift ;;
  -v) case "$2" in *:/tmp) tmp=\${2%:/tmp} ;; esac; shift ;;
  -e) vars="$vars $2"; shift ;;
  --workdir) cd "$2" || exit 125; shift ;;
  work:1) shift; break ;;
  esac
  shift
done
setsid env -i PATH="$PATH" $vars TMPDIR="$tmp" "$@" &
pid=$!
echo $pid > "$here/pid.$name"
trap 'kill -TERM -$pid' TERM
wait $pid
code=$?
[ $code -lt 128 ] || { wait $pid; code=$?; }
kill -KILL -$pid 2>/dev/null
exit $code
`;

function standIn(problem?: string): Disposable & { readonly path: string; read(name: string): string[] } {
  const folder = createFolder({ docker: STAND_IN, ...(problem === undefined ? {} : { problem }) });
  chmodSync(join(folder.path, 'docker'), 0o755);
  return {
    path: folder.path,
    read: (name) => readFileSync(join(folder.path, name), 'utf8').trimEnd().split('\n'),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const forContract = standIn();
process.on('exit', () => forContract[Symbol.dispose]());
sandboxContract(settings, { env: { PATH: `${forContract.path}:${process.env.PATH}` } });

describe('docker', () => {
  test('is given the workspace and nothing else, no network, no rights and no key', async () => {
    using engine = standIn();
    using folder = createFolder({ 'sub/x': '' });
    const [one] = await openChildren(folder.path, {
      toolsets: ['terminal'],
      sandbox: settings,
      env: {
        PATH: `${engine.path}:${process.env.PATH}`,
        HOME: '/home/me',
        SOME_API_KEY: CANARY,
        DOCKER_HOST: 'tcp://e:1',
        LANG: 'C.UTF-8',
      },
    });
    await using child = one!;
    await child.call('run_command', { command: 'echo "a b"', cwd: 'sub' });
    const argv = engine.read('argv');
    const scratch = argv.find((arg) => arg.endsWith(':/tmp'))?.split(':')[0];
    expect(argv).toEqual([
      ...['run', '--rm', '--init', '--pull', 'never', '--name', expect.stringMatching(/^yardmaster-t_0\.\d+\.1$/)],
      ...['--network', 'none', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--pids-limit', '1024'],
      ...['--user', `${process.getuid?.()}:${process.getgid?.()}`],
      ...['-v', `${scratch}:/tmp`, '-v', `${folder.path}:${folder.path}`],
      ...['-e', 'TERM=dumb', '-e', 'NO_COLOR=1', '-e', 'TMPDIR=/tmp', '-e', 'LANG=C.UTF-8', '-e', 'HOME=/tmp'],
      ...['-e', 'YARDMASTER_TASK=t_0', '--workdir', join(folder.path, 'sub'), 'work:1', '/bin/sh', '-c', 'echo "a b"'],
    ]);
    expect(engine.read('env')).toEqual(['tcp://e:1|']);
  });

  test('what is configured is given besides', async () => {
    using engine = standIn();
    using folder = createFolder({ '.git/config': '' });
    const [one] = await openChildren(folder.path, {
      toolsets: ['terminal'],
      sandbox: { ...settings, network: true, read_only: ['/opt/tools'] },
      env: { PATH: `${engine.path}:${process.env.PATH}` },
    });
    await using child = one!;
    await child.call('run_command', { command: 'true' });
    const argv = engine.read('argv');
    expect(argv).not.toContain('--network');
    expect(argv).toContain('/opt/tools:/opt/tools:ro');
    expect(argv).toContain(`${join(folder.path, '.git')}:${join(folder.path, '.git')}:ro`);
  });

  test('a container does not outlive a command that was stopped', async () => {
    using engine = standIn();
    using folder = createFolder({});
    const [one] = await openChildren(folder.path, {
      toolsets: ['terminal'],
      sandbox: settings,
      env: { PATH: `${engine.path}:${process.env.PATH}` },
    });
    await using child = one!;
    await child.call('run_command', { command: 'true' });
    expect(existsSync(join(engine.path, 'removed'))).toBe(false);
    await child.call('run_command', { command: 'sleep 50', timeout_seconds: 0.3 });
    expect(engine.read('removed')).toEqual([expect.stringMatching(/^yardmaster-t_0\.\d+\.2$/)]);
  });

  test.each([
    [
      'Error: No such image: work:1',
      'ABILITY_MISSING',
      /its image "work:1" is not on this machine/,
      /docker pull work:1/,
    ],
    ['Cannot connect to the Docker daemon at unix:///x.', 'ABILITY_MISSING', /Cannot connect/, /Start the engine/],
  ])('%s: refused before anything starts', async (problem, code, message, hint) => {
    using engine = standIn(problem);
    using folder = createFolder({});
    const env = { PATH: `${engine.path}:${process.env.PATH}` };
    const tools = createToolsFor(toolsOptions({ sandbox: settings, env }))(folder.path);
    await expect(tools.kit(['terminal'], { worktree: false })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    expect(existsSync(join(engine.path, 'argv'))).toBe(false);
  });

  test.each([
    ['no client', settings, 'ABILITY_MISSING', /no `docker` on the PATH/],
    ['no image', { ...settings, image: '' }, 'CONFIG_INVALID', /has no image/],
  ])('%s: refused', async (_, sandbox, code, message) => {
    using folder = createFolder({});
    const tools = createToolsFor(toolsOptions({ sandbox, env: { PATH: folder.path } }))(folder.path);
    await expect(tools.kit(['terminal'], { worktree: false })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('a path that its command line cannot say is told', async () => {
    using engine = standIn();
    using folder = createFolder({ 'a:b/x': '' });
    writeFileSync(join(folder.path, 'y'), '');
    const [one] = await openChildren(join(folder.path, 'a:b'), {
      toolsets: ['terminal'],
      sandbox: settings,
      env: { PATH: `${engine.path}:${process.env.PATH}` },
    });
    await using child = one!;
    expect((await child.call('run_command', { command: 'true' })).content).toMatch(/its path has a colon/);
  });
});
