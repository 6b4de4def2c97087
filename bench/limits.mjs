#!/usr/bin/env node
// node bench/limits.mjs [--rounds 40] [--only cpu,crowd,cancel,hang] [--json]
//
// What limits cost, and what they hold: CPU of the governor and of budgets beside none, batch by batch in turn in one
// process; the event loop and memory with 1,000 live children; stopping a hundred that run; one of nine that hangs.
// Builds nothing: `npm run build` first. Loopback only; no key, no network.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { MODEL } from './answers.mjs';
import { controlOf } from './control.mjs';
import { watchEventLoop } from './event-loop.mjs';
import { endProcesses, startServers } from './processes.mjs';
import { createRaw } from './raw.mjs';
import { median } from './scenarios.mjs';
import { createWorkspace, tasksFor } from './work.mjs';
import { configOf } from './yardmaster-config.mjs';

const CHILDREN = 100;
const CROWD = 1_000;
/** Of the crowd, so many are sent deltas; the rest wait for their first byte. */
const TALKING = 20;
const DELTA_MS = 20;
const WATCH_SECONDS = 10;

const PLENTY = { usd: 1e6, tokens: 1e14, turns: 1e9 };
const RATES = { max_in_flight: 1_000, rpm: 1e9, tpm: 1e14 };
/** What is switched on, beside nothing. */
const LIMITS = {
  none: {},
  /** What the measurement itself is worth. */
  'none, again': {},
  max_in_flight: { provider: { max_in_flight: 1_000 } },
  'max_in_flight, rpm, tpm': { provider: RATES },
  'budget of the call': { delegation: { budget: PLENTY } },
  'max_in_flight, budget of the call': { provider: { max_in_flight: 1_000 }, delegation: { budget: PLENTY } },
  'budget of the day': { budgets: { daily_usd: 1e9 } },
  'all of it': { provider: RATES, delegation: { budget: PLENTY }, budgets: { daily_usd: 1e9 } },
};

const parts = { cpu, crowd, cancel, hang };
if (process.env.LIMITS_ROLE === 'server') serve();
else if (process.env.LIMITS_ROLE !== undefined) {
  const job = JSON.parse(process.argv[2]);
  process.send(await parts[process.env.LIMITS_ROLE](job), () => process.exit(0));
} else await main();

async function main() {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '40' }, only: { type: 'string' }, json: { type: 'boolean' } },
  });
  const scratch = mkdtempSync(join(tmpdir(), 'yardmaster-limits-'));
  const measured = {};
  for (const part of values.only?.split(',') ?? Object.keys(parts)) {
    const folder = join(scratch, part);
    createWorkspace(join(folder, 'work'));
    const job = { folder, rounds: Number(values.rounds) };
    measured[part] = await inProcess(part, job);
    if (!values.json) console.log(part, measured[part]);
  }
  if (values.json) console.log(JSON.stringify(measured));
  rmSync(scratch, { recursive: true, force: true });
}

/** CPU a child, each kind of limit in turn with the others, over `rounds` batches. */
async function cpu({ folder, rounds }) {
  const servers = await startServers(process.execPath);
  const providers = servers.ports.map((port, i) => ({ ...provider(port), id: `p${i}` }));
  await servers.control('/script', { turns: 2 });
  const yards = {};
  for (const [name, limits] of Object.entries(LIMITS)) yards[name] = await open(folder, name, providers, limits);
  const batch = async (yard) => {
    const tasks = tasksFor(CHILDREN, providers).map((task) => ({ ...task, model: MODEL }));
    const before = process.cpuUsage();
    const { results } = await yard.delegate({ tasks });
    const { user, system } = process.cpuUsage(before);
    const bad = results.find(({ status }) => status !== 'completed');
    if (bad !== undefined) throw new Error(JSON.stringify(bad));
    return (user + system) / 1_000 / CHILDREN;
  };
  const names = Object.keys(yards);
  for (let warm = 0; warm < 6; warm++) for (const name of names) await batch(yards[name]);
  const ms = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // What one leaves behind (a log to sync, a heap to sweep) falls on any other alike.
    for (const name of [...names].sort(() => Math.random() - 0.5)) {
      globalThis.gc();
      ms[name].push(await batch(yards[name]));
    }
  }
  endProcesses();
  const over = (name) => median(ms[name].map((one, round) => one / ms.none[round])) - 1;
  return Object.fromEntries(
    names.map((name) => [
      name,
      { ms_a_child: round(median(ms[name]), 3), over_none_percent: round(over(name) * 100, 1) },
    ]),
  );
}

/** A thousand live children, of which 20 are sent 50 deltas a second; beside the raw loop. */
async function crowd({ folder }) {
  const server = await startOwn();
  const heap = async () => {
    for (let pass = 0; pass < 3; pass++) {
      await sleep(20);
      globalThis.gc();
    }
    return process.memoryUsage().heapUsed;
  };
  const tasks = Array.from({ length: CROWD }, (_, i) => ({
    goal: i < TALKING ? `Talk to me, number ${i}.` : `Wait until you are told, number ${i}.`,
    provider: 'p0',
  }));
  const measure = async (run) => {
    await server.control('/reset', {});
    const before = await heap();
    const running = run();
    while ((await server.control('/stats', {})).waiting < CROWD) await sleep(20);
    await sleep(1_000);
    const watch = watchEventLoop();
    await sleep(WATCH_SECONDS * 1_000);
    const { stall_ms, stall_p99_ms } = watch.stop();
    const { deltas } = await server.control('/stats', {});
    const waiting_kb = ((await heap()) - before) / CROWD / 1_024;
    await server.control('/release', {});
    await running;
    return { waiting_kb: round(waiting_kb, 1), p99_ms: round(stall_p99_ms, 1), longest_ms: round(stall_ms, 1), deltas };
  };
  const one = [{ ...provider(server.port), id: 'p0' }];
  const results = {};
  for (const [name, limits] of [
    ['limits off', LIMITS.none],
    ['limits on', LIMITS['all of it']],
  ]) {
    const yard = await open(folder, name, one, limits);
    await server.control('/release', {});
    await yard.delegate({ tasks: tasks.slice(0, 100) });
    let heard = 0;
    const on = (event) => {
      if (event.type === 'text-delta') heard += 1;
    };
    const figures = await measure(async () => {
      const { results: ended } = await yard.delegate(
        { tasks: tasks.map((task) => ({ ...task, model: MODEL })) },
        { on },
      );
      if (ended.some(({ status }) => status !== 'completed')) throw new Error(JSON.stringify(ended[0]));
    });
    results[name] = { ...figures, heard };
    await yard[Symbol.asyncDispose]();
  }
  const raw = createRaw({ providers: one, readFile: () => '', openTranscript: wholeEachTime });
  await server.control('/release', {});
  await raw.run(tasks.slice(0, 100));
  results.raw = await measure(() => raw.run(tasks));
  server.end();
  return results;
}

/** A tree of 100 running children, each with a command that ignores TERM; ten of them are below another. */
async function cancel({ folder }) {
  const server = await startOwn();
  const mark = `7${process.pid}.7`;
  const toolsets = ['read', 'terminal', 'delegation'];
  const yard = await open(folder, 'cancel', [{ ...provider(server.port), id: 'p0' }], {
    toolsets,
    delegation: { toolsets, max_spawn_depth: 2 },
  });
  await server.control('/reset', { mark });
  const stop = new AbortController();
  const work = (number) => ({ goal: `Run a program, number ${number}.`, provider: 'p0', model: MODEL });
  const lead = { goal: 'Lead ten of them.', provider: 'p0', model: MODEL };
  const running = yard.delegate(
    { tasks: [lead, ...Array.from({ length: 89 }, (_, i) => work(i))] },
    { signal: stop.signal },
  );
  while (living(mark) < 99 * 2) await sleep(50);
  await sleep(500);
  const stopped_at = Date.now();
  stop.abort();
  let empty_ms;
  const watching = (async () => {
    while (living(mark) > 0) await sleep(20);
    empty_ms = Date.now() - stopped_at;
  })();
  const { results } = await running;
  const ended_ms = Date.now() - stopped_at;
  await watching;
  await sleep(500);
  const { last_at, requests } = await server.control('/stats', {});
  const tasks = await (await yard.store()).tasks({ limit: 1_000 });
  server.end();
  return {
    children: tasks.length,
    requests,
    last_request_after_stop_ms: Math.max(0, last_at - stopped_at),
    groups_empty_after_ms: empty_ms,
    results_after_ms: ended_ms,
    cancelled: tasks.filter(({ status }) => status === 'cancelled').length,
    with_their_text: tasks.filter(({ result }) => result.summary !== '').length,
    of_the_call: results.length,
  };
}

/** Nine children end and one hangs until its limit: when their results are readable, and when all is over. */
async function hang({ folder }) {
  const server = await startOwn();
  const yard = await open(folder, 'hang', [{ ...provider(server.port), id: 'p0' }], {
    delegation: { first_token_timeout_seconds: 3 },
  });
  await server.control('/reset', { open: true });
  const tasks = Array.from({ length: 9 }, (_, i) => ({
    goal: i === 4 ? 'Hang about here.' : `Answer me, number ${i}.`,
    provider: 'p0',
    model: MODEL,
  }));
  const began = performance.now();
  const { delegation_id } = await yard.call({ tasks, background: true });
  let eight_ms;
  while (eight_ms === undefined) {
    const { tasks: shown } = await yard.call({ action: 'status', id: delegation_id });
    if (shown.filter(({ result }) => result?.status === 'completed').length === 8) eight_ms = performance.now() - began;
  }
  const { results } = await yard.call({ action: 'wait', id: delegation_id });
  const all_ms = performance.now() - began;
  server.end();
  return {
    eight_readable_after_ms: round(eight_ms, 0),
    all_over_after_ms: round(all_ms, 0),
    limit_ms: 3_000,
    the_ninth: results.find(({ status }) => status !== 'completed').status,
  };
}

/** Chat Completions: holds, talks, hangs, runs a program or answers, as the goal says. */
function serve() {
  let script = {};
  let stats = { requests: 0, waiting: 0, deltas: 0, last_at: 0 };
  const held = [];
  const event = (delta, finish = null) =>
    `data: ${JSON.stringify({ id: 'c', model: MODEL, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const end = `${event({}, 'stop')}data: ${JSON.stringify({ id: 'c', model: MODEL, choices: [], usage: { prompt_tokens: 100, completion_tokens: 50 } })}\n\ndata: [DONE]\n\n`;
  const call = (name, args) =>
    event({
      content: 'So far.',
      tool_calls: [{ index: 0, id: 'c1', function: { name, arguments: JSON.stringify(args) } }],
    });
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (!request.url.startsWith('/v1')) {
      if (request.url === '/reset') {
        script = JSON.parse(body);
        stats = { requests: 0, waiting: 0, deltas: 0, last_at: 0 };
      }
      if (request.url === '/release') {
        script = { open: true };
        for (const release of held.splice(0)) release();
      }
      return response.end(JSON.stringify(stats));
    }
    stats.requests += 1;
    stats.last_at = Date.now();
    const goal = /(Talk to me|Wait until|Run a program|Lead ten|Hang about|Answer me)/.exec(body)?.[0];
    response.on('error', () => {});
    response.setHeader('content-type', 'text/event-stream');
    if (goal === 'Hang about') return;
    if (goal === 'Run a program') {
      const command = `trap "" TERM; sleep ${script.mark}; sleep ${script.mark}`;
      return response.end(`${call('run_command', { command })}${event({}, 'tool_calls')}data: [DONE]\n\n`);
    }
    if (goal === 'Lead ten') {
      const tasks = Array.from({ length: 10 }, (_, i) => ({ goal: `Run a program, below, number ${i}.` }));
      return response.end(`${call('delegate_task', { tasks })}${event({}, 'tool_calls')}data: [DONE]\n\n`);
    }
    if (goal === 'Answer me' || script.open) return response.end(`${event({ content: 'Done.' })}${end}`);
    stats.waiting += 1;
    const timer =
      goal === 'Talk to me' &&
      setInterval(() => {
        stats.deltas += 1;
        response.write(event({ content: 'word ' }));
      }, DELTA_MS);
    held.push(() => {
      clearInterval(timer);
      response.end(`${event({ content: 'Done.' })}${end}`);
    });
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', 4_096, () => process.send(server.address().port));
  process.on('disconnect', () => process.exit());
}

async function startOwn() {
  const child = fork(import.meta.filename, [], { env: { ...process.env, LIMITS_ROLE: 'server' } });
  const [port] = await once(child, 'message');
  return { port, control: controlOf(port), end: () => child.kill('SIGKILL') };
}

async function inProcess(part, job) {
  const env = { ...process.env, LIMITS_ROLE: part };
  const child = fork(import.meta.filename, [JSON.stringify(job)], { env, execArgv: ['--expose-gc'] });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`"${part}" ended with ${code}.`);
  });
  const [message] = await Promise.race([once(child, 'message'), failed]);
  failed.catch(() => {});
  return message;
}

async function open(folder, name, providers, { provider: rates, delegation, budgets, toolsets }) {
  const { createYardmaster } = await import('../dist/index.js');
  const config = configOf(providers);
  for (const entry of Object.values(config.providers)) {
    Object.assign(entry, rates, { models: [{ id: MODEL, price: { in: 1, out: 10 }, max_output: 4_000 }] });
  }
  Object.assign(config.delegation, delegation);
  if (budgets !== undefined) config.budgets = budgets;
  if (toolsets !== undefined) config.toolsets = toolsets;
  const env = { YARDMASTER_HOME: join(folder, name.replaceAll(/\W+/g, '-')), PATH: process.env.PATH };
  return createYardmaster({ config, env, cwd: join(folder, 'work') });
}

function provider(port) {
  return {
    wire: 'chat',
    base_url: `http://127.0.0.1:${port}/v1`,
    key: 'sk-bench-0123456789',
    model: MODEL,
  };
}

function wholeEachTime(setup, history, opening) {
  const messages = [...opening];
  return { push: (message) => messages.push(message), body: () => JSON.stringify({ ...setup, [history]: messages }) };
}

function living(mark) {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark);
    } catch {
      return false;
    }
  }).length;
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}
