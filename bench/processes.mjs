// Every process of a benchmark run: started here, awaited here with a limit, and ended here by its handle.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { controlOf } from './control.mjs';

/** The slowest peer's longest scenario takes about a quarter of this. */
const MEASURE_MS = 180_000;
const running = new Set();

function track(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export function endProcesses() {
  for (const child of running) child.kill('SIGKILL');
}

/** The two providers; `control` scripts them. */
export async function startServers(node) {
  const child = start(node, 'server.mjs', []);
  const { ports, control } = await firstMessage(child, 'server.mjs');
  return { ports, controlPort: control, control: controlOf(control) };
}

/** One scenario of one contestant in a fresh process → its numbers. */
export function measure(node, job) {
  const child = start(node, 'measure.mjs', [JSON.stringify(job)], { execArgv: ['--expose-gc'], timeout: MEASURE_MS });
  return firstMessage(child, `${job.contestant} in "${job.scenario}"`);
}

function start(node, script, args, options) {
  return track(fork(join(import.meta.dirname, script), args, { execPath: node, silent: true, ...options }));
}

/** What the child sends first; a child that ends before it is an error with the last it said. */
async function firstMessage(child, who) {
  let said = '';
  child.stdout.resume();
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-2_000);
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    throw new Error(`${who} ended with ${signal ?? code} and no answer:\n${said}`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}

/** Runs a command to its end → { start_ns, ms }; a command that fails is an error with what it said. */
export async function time(command, args, { timeout_ms = 60_000, ...options } = {}) {
  const start_ns = process.hrtime.bigint();
  const child = track(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeout_ms, ...options }));
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (said += text));
  const [code] = await once(child, 'close');
  const ms = Number(process.hrtime.bigint() - start_ns) / 1e6;
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${said.slice(-2_000)}`);
  return { start_ns, ms, said };
}
