import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { stringify } from 'yaml';

const MAIN = resolve(import.meta.dirname, '../dist/cli/main.js');

export interface Ran {
  /** null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: Promise<Ran>;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Both output streams believe to be a terminal this wide. */
  readonly columns?: number;
}

/** The built command in a folder of its own: no key, no configuration and no store but those that a test gives it. */
export interface Sandbox extends Disposable {
  /** The working folder. */
  readonly cwd: string;
  /** Where the store, the transcripts and the results are. */
  readonly home: string;
  readonly config_file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes a file of the working folder; returns its path. */
  write(name: string, text: string | Uint8Array): string;
  start(args: readonly string[], options?: RunOptions): Running;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
}

export function sandbox(config?: object | string, variables: Readonly<Record<string, string>> = {}): Sandbox {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
  const cwd = join(root, 'work');
  const home = join(root, 'home');
  const config_file = join(root, 'xdg', 'yardmaster', 'config.yaml');
  for (const folder of [cwd, home, dirname(config_file)]) mkdirSync(folder, { recursive: true });
  if (config !== undefined) writeFileSync(config_file, typeof config === 'string' ? config : stringify(config));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: root,
    XDG_CONFIG_HOME: join(root, 'xdg'),
    YARDMASTER_HOME: home,
    ...variables,
  };
  const running = new Set<ChildProcess>();

  function start(args: readonly string[], { stdin, env: more, columns }: RunOptions = {}): Running {
    const preload = columns === undefined ? [] : ['--import', terminal(columns)];
    const child = spawn(process.execPath, [...preload, MAIN, ...args], { cwd, env: { ...env, ...more } });
    running.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    const ended = new Promise<Ran>((done) => {
      child.on('close', (code) => {
        running.delete(child);
        done({ code, stdout, stderr });
      });
    });
    return {
      process: child,
      get stdout() {
        return stdout;
      },
      get stderr() {
        return stderr;
      },
      ended,
    };
  }

  return {
    cwd,
    home,
    config_file,
    env,
    write(name, text) {
      const file = join(cwd, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    start,
    run: (args, options) => start(args, options).ended,
    [Symbol.dispose]() {
      for (const child of running) child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** What half a minute would do: every lease in the store is over, unless its process renews it. */
export function endLeases({ home }: Sandbox): void {
  const db = new Database(join(home, 'yardmaster.db'), { timeout: 5_000 });
  db.exec('UPDATE task SET lease_until = 1 WHERE lease_until IS NOT NULL');
  for (const { name, body } of db.prepare('SELECT name, body FROM shared').all() as { name: string; body: string }[]) {
    db.prepare('UPDATE shared SET body = ? WHERE name = ?').run(body.replace(/"until":\d+/g, '"until":1'), name);
  }
  db.close();
}

/** Tasks of the store that a process has claimed and not ended. */
export function runningTasks({ home }: Sandbox): number {
  const db = new Database(join(home, 'yardmaster.db'), { timeout: 5_000 });
  const { n } = db.prepare("SELECT count(*) AS n FROM task WHERE status = 'running'").get() as { n: number };
  db.close();
  return n;
}

function terminal(columns: number): string {
  const script = `for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: ${columns}, rows: 24 });`;
  return `data:text/javascript,${encodeURIComponent(script)}`;
}

/** Waits until something holds that another process or a server brings about. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`In 15 s it did not come to pass that ${what}.`);
    await sleep(20);
  }
}
