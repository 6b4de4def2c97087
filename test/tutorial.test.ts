import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8');

interface Step {
  readonly command: string;
  /** Lines it has to print, in this order; others may stand between. */
  readonly prints: readonly string[];
}

/** Commands of the page's consoles: a line after `$ `, with what it reads up to END. */
function steps(): readonly Step[] {
  const lines = [...PAGE.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, text]) => text!.trimEnd().split('\n'));
  const found: { command: string; prints: string[] }[] = [];
  let reading = false;
  for (const line of lines) {
    const last = found.at(-1);
    if (reading && last !== undefined) last.command += `\n${line}`;
    else if (line.startsWith('$ ')) found.push({ command: line.slice(2), prints: [] });
    else last?.prints.push(line);
    reading = reading ? line !== 'END' : line.endsWith("<<'END'");
  }
  return found;
}

test('docs/tutorial.md: every command works, and prints what stands below it', async () => {
  const all = steps();
  expect(all.filter(({ command }) => command.startsWith('yardmaster ')).length).toBeGreaterThan(6);
  const printed = await runAll(all.map(({ command }) => command));
  for (const [index, { command, prints }] of all.entries()) {
    const rest = (printed[index] ?? '').split('\n');
    for (const line of prints) {
      const pattern = new RegExp(`^${line.split('…').map(loosely).join('.*')}$`);
      const at = rest.findIndex((each) => pattern.test(each));
      if (at < 0) expect(`$ ${command}\n${printed[index]}`).toContain(line);
      rest.splice(0, at + 1);
    }
  }
});

/** What each command prints, stderr too, in one shell in a folder beside `examples`, with the built command on the PATH. */
async function runAll(commands: readonly string[]): Promise<readonly string[]> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-tutorial-')));
  try {
    mkdirSync(join(root, 'bin'));
    for (const name of ['examples', 'dist', 'data', 'node_modules', 'package.json']) {
      symlinkSync(join(ROOT, name), join(root, name));
    }
    const bin = join(root, 'bin/yardmaster');
    writeFileSync(bin, `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/dist/cli/main.js" "$@"\n`);
    chmodSync(bin, 0o755);
    const script = commands.flatMap((command) => [
      'echo "@@@"',
      command,
      // A person takes longer to type than the servers to start.
      ...(command.endsWith('&') ? ['until [ -s tutorial.yaml ]; do sleep 0.05; done; sleep 0.1'] : []),
    ]);
    // Nothing is left running, whatever goes wrong on the way.
    writeFileSync(join(root, 'script.sh'), `trap 'kill $(jobs -p) 2>/dev/null' EXIT\n${script.join('\n')}\n`);
    const env = {
      PATH: `${join(root, 'bin')}:${join(process.execPath, '..')}:${process.env.PATH}`,
      HOME: root,
      NO_COLOR: '1',
    };
    return await new Promise((done, fail) => {
      const shell = spawn('bash', ['-c', 'exec bash script.sh 2>&1'], { cwd: root, env });
      let text = '';
      shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      shell.on('error', fail);
      shell.on('close', () => done(text.split('@@@\n').slice(1)));
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Widths of columns go by what stands in them. */
function loosely(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replace(/ +/g, ' +');
}
