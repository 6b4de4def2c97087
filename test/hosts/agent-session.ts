import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type AgentScript, type AgentTurn, startAgentModel } from './agent-model.ts';
import type { Agent } from './agents.ts';
import type { Installed } from './install-package.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** A session that takes longer is stuck and is ended, so that its test fails and leaves nothing running. */
const SESSION_MS = 240_000;

export interface Ended {
  /** null: a signal ended it. */
  readonly code: number | null;
  readonly output: string;
}

/** One run of an agent, from its prompt to its end. */
export interface Session {
  /** What its model was sent so far. */
  readonly turns: readonly AgentTurn[];
  readonly ended: Promise<Ended>;
  /** Kills the agent and all its processes, but not the servers it started; tells the servers' process ids. */
  crash(): readonly number[];
}

/** A machine of its own for an agent: a home folder, a working folder, and the server as `mcp install` writes it. */
export interface AgentHome extends AsyncDisposable {
  start(prompt: string, script: AgentScript): Promise<Session>;
}

export function agentHome(
  agent: Agent,
  {
    installed,
    config,
    keys,
  }: {
    readonly installed: Extract<Installed, { command: unknown }>;
    readonly config: object;
    readonly keys: Readonly<Record<string, string>>;
  },
): AgentHome {
  const root = realpathSync(mkdtempSync(join(tmpdir(), `yardmaster-${agent.name}-`)));
  const home = join(root, 'home');
  const cwd = join(root, 'work');
  const base = { PATH: process.env.PATH ?? '', HOME: home, ...keys };
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  mkdirSync(cwd, { recursive: true });
  write(join(home, '.config/yardmaster/config.yaml'), stringify(config));
  const yardmaster = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [MAIN, ...args], { cwd, env: base, encoding: 'utf8', stdio: 'pipe' });
  const open = new Set<() => Promise<void>>();

  return {
    async start(prompt, script) {
      const model = await startAgentModel(agent.wire, script);
      const place = { home, cwd, url: model.url };
      for (const [file, text] of Object.entries(agent.files(place))) write(file, text);
      yardmaster('mcp', 'install', agent.name);
      const [program, ...args] = installed.command;
      const child = spawn(program, [...args, ...agent.args(prompt)], {
        cwd,
        env: { ...base, ...agent.env(place) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = endOf(child);
      const orphans: number[] = [];
      // What has ended is left alone: its number may be another process's by now.
      const end = (): void => {
        const runs = child.exitCode === null && child.signalCode === null;
        if (runs) for (const { pid } of processesBelow(child.pid)) kill(pid);
        for (const one of processes()) if (orphans.includes(one.pid) && isServer(one)) kill(one.pid);
      };
      const patience = setTimeout(end, SESSION_MS);
      open.add(async () => {
        clearTimeout(patience);
        end();
        await ended;
        await model[Symbol.asyncDispose]();
      });
      return {
        turns: model.turns,
        ended,
        crash() {
          const all = processesBelow(child.pid);
          const servers = all.filter(isServer).map(({ pid }) => pid);
          orphans.push(...servers);
          for (const one of all) if (!isServer(one)) kill(one.pid);
          return servers;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...open].map((close) => close()));
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

function endOf(child: ChildProcess): Promise<Ended> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((done) => {
    child.on('exit', (code) => {
      // What it wrote last may still be on its way; a server that outlives it may keep its streams open.
      const finish = (): void => done({ code, output });
      child.once('close', finish);
      setTimeout(finish, 2_000).unref();
    });
  });
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): readonly Process[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\n')
    .flatMap((line) => {
      const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    });
}

/** A process and all below it. */
function processesBelow(root: number | undefined): readonly Process[] {
  const all = processes();
  const found = all.filter(({ pid }) => pid === root);
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}

function isServer({ command }: Process): boolean {
  return command.includes(MAIN);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
