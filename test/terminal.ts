import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from './sandbox.ts';

const MAIN = resolve(import.meta.dirname, '../dist/cli/main.js');

/** Terminals need tmux to stand in for a person's. */
export const hasTmux: boolean = spawnSync('tmux', ['-V']).status === 0;

/** The built command in a real terminal that a test looks at and types into. */
export interface Terminal extends Disposable {
  /** Types text as it is, without Enter. */
  type(text: string): void;
  /** Presses keys by tmux's names: `Enter`, `Escape`, `C-c`, `Up`, `M-Enter`. */
  press(...keys: readonly string[]): void;
  /** Pastes as a terminal does, bracketed when the program asked for that. */
  paste(text: string): void;
  resize(columns: number, rows: number): void;
  /** What is on screen, lines without their trailing spaces. */
  screen(): string;
  /** With what has scrolled away above. */
  all(): string;
  /** What is on screen, with the codes for colour. */
  coloured(): string;
  /** What a program set as the window's title. */
  title(): string;
  /** Waits until the screen has it. */
  sees(what: string | RegExp): Promise<string>;
  /** Waits until the screen has it no more. */
  loses(what: string | RegExp): Promise<string>;
  /** Waits until the command has ended; its exit code. */
  ended(): Promise<number>;
}

interface Options {
  readonly box: Sandbox;
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** As a job of a shell, which stops it and brings it back. */
  readonly job?: boolean;
}

let opened = 0;

export function openTerminal(
  args: readonly string[],
  { box, columns = 90, rows = 30, env = {}, job = false }: Options,
): Terminal {
  opened += 1;
  const socket = `yardmaster-${process.pid}-${opened}`;
  const conf = join(box.home, `${socket}.conf`);
  writeFileSync(conf, 'set -g escape-time 0\nset -g history-limit 20000\nset -g status off\n');
  const tmux = (words: readonly string[], input?: string): string =>
    execFileSync('tmux', ['-L', socket, '-f', conf, ...words], {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
      ...(input === undefined ? {} : { input }),
    });
  const variables = { ...box.env, TERM: 'screen-256color', LANG: 'C.UTF-8', ...env };
  const command = ['env', '-i', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
  const size = ['-x', String(columns), '-y', String(rows)];
  // What tmux knows of an exit code it sometimes never learns.
  const after = job ? 'while jobs %1; do read line && fg; done' : 'echo "[ended with $?]"; exec sleep 600';
  const shell = ['sh', job ? '-mic' : '-c', `"$@"; ${after}`, 'sh'];
  const started = [...command, ...shell, process.execPath, MAIN, ...args];
  tmux(['new-session', '-d', ...size, '-c', box.cwd, '--', ...started]);

  const shown = (...flags: readonly string[]): string =>
    tmux(['capture-pane', '-p', ...flags])
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  const has = (what: string | RegExp): boolean =>
    typeof what === 'string' ? shown().includes(what) : what.test(shown());
  const wait = async (holds: () => boolean, what: string): Promise<string> => {
    const end = Date.now() + 20_000;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`In 20 s the screen ${what}. It shows:\n${shown()}`);
      await sleep(40);
    }
    return shown();
  };

  return {
    type: (text) => void tmux(['send-keys', '-l', '--', text]),
    press: (...keys) => void tmux(['send-keys', ...keys]),
    paste(text) {
      tmux(['load-buffer', '-'], text);
      tmux(['paste-buffer', '-p', '-d']);
    },
    resize: (width, height) => void tmux(['resize-window', '-x', String(width), '-y', String(height)]),
    screen: () => shown(),
    all: () => shown('-S', '-'),
    coloured: () => shown('-e'),
    title: () => tmux(['display-message', '-p', '#{pane_title}']).trim(),
    sees: (what) => wait(() => has(what), `did not show ${what}`),
    loses: (what) => wait(() => !has(what), `went on showing ${what}`),
    async ended() {
      const end = /\[ended with (\d+)\]/;
      return Number(end.exec(await wait(() => end.test(shown()), 'did not see the end'))![1]);
    },
    [Symbol.dispose]() {
      spawnSync('tmux', ['-L', socket, 'kill-server']);
      rmSync(conf, { force: true });
    },
  };
}
