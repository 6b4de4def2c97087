#!/usr/bin/env node
// node bench/chat.mjs [--rounds N] [--main FILE]
//
// The chat as a person has it: the built command in a terminal of its own (util-linux `script`), a scripted provider
// in this process. Measured is what reaches the terminal: the first prompt after the spawn, the first painted
// character after the provider's first byte of text, and the processor time of the chat's process while a tree of
// 100 children at work is on screen.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const CHILDREN = 100;
const WATCHED_MS = 8_000;
/** Each child says something this often. */
const CHILD_DELTA_MS = 250;
const TICKS_A_SECOND = 100;
/** Of the empty input. */
const CURSOR = '\u001b[7m \u001b[0m';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, main: { type: 'string' } },
});
const rounds = Number(flags.rounds);
const main = resolve(flags.main ?? join(import.meta.dirname, '../dist/cli/main.js'));
const home = mkdtempSync(join(tmpdir(), 'yardmaster-bench-chat-'));
const provider = await startProvider();

try {
  writeConfiguration(provider.port);
  const prompts = [];
  for (let round = 0; round < rounds; round += 1) prompts.push(await firstPrompt());
  const paints = await firstCharacters(rounds);
  const load = await treeOfChildren();
  report({ prompts, paints, load });
} finally {
  provider.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

/** Spawn → prompt on the terminal, with `script` itself in it (some 5 ms). */
async function firstPrompt() {
  const started = performance.now();
  const chat = openChat();
  await chat.sees(CURSOR);
  const ms = performance.now() - started;
  await chat.sees('bench/one');
  await chat.leave();
  return { ms, bare: await bareStart() };
}

/** What Node itself takes, beside it: absolute figures move with whatever else the machine is doing. */
async function bareStart() {
  const started = performance.now();
  const bare = spawn(process.execPath, ['-e', 'process.stdout.write("x")'], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(bare.stdout, 'data');
  const ms = performance.now() - started;
  await once(bare, 'close');
  return ms;
}

/** The provider's first byte of text → that text on the terminal, after the first reply, which loads what it needs. */
async function firstCharacters(count) {
  const chat = openChat();
  await chat.sees('bench/one');
  const all = [];
  for (let round = 0; round <= count; round += 1) {
    const word = `word${round}x`;
    const at = chat.length();
    chat.type(`say ${word}\r`);
    const sent = await provider.said(word);
    const painted = await chat.sees(`[${word}`, at);
    if (round > 0) all.push(painted - sent);
    await chat.sees('served', at);
  }
  await chat.leave();
  return all;
}

/** Processor time of the chat with 100 children: their work alone, the rows above the input, the whole screen. */
async function treeOfChildren() {
  const shares = {};
  const chat = openChat();
  await chat.sees('bench/one');
  chat.type('delegate\r');
  await provider.working(CHILDREN);
  await chat.sees('100 running');
  await sleep(1_500);
  shares.rows = await share(chat.pid());
  chat.type('/agents\r');
  await chat.sees('100 of 100 at work');
  shares.agents = await share(chat.pid());
  await chat.kill();
  // The same work with nothing on screen: what the children cost by themselves.
  const run = spawn(process.execPath, [main, 'run', 'delegate'], {
    cwd: join(home, 'work'),
    env: variables(),
    stdio: 'ignore',
  });
  await provider.working(CHILDREN);
  await sleep(1_500);
  shares.without = await share(run.pid);
  run.kill('SIGKILL');
  return shares;
}

async function share(pid) {
  const before = ticks(pid);
  const started = performance.now();
  await sleep(WATCHED_MS);
  const seconds = (performance.now() - started) / 1000;
  return (100 * (ticks(pid) - before)) / TICKS_A_SECOND / seconds;
}

function ticks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function report({ prompts, paints, load }) {
  const median = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
  const line = (what, value, worst, limit, unit) =>
    `${what.padEnd(58)} ${value.toFixed(1).padStart(7)} ${unit}  ${worst.padEnd(18)} must: under ${limit} ${unit}`;
  const most = (values, unit) => `(most ${Math.max(...values).toFixed(1)} ${unit})`;
  const waits = prompts.map(({ ms }) => ms);
  console.log(line('spawn → first prompt', median(waits), most(waits, 'ms'), 300, 'ms'));
  console.log(`   (a bare start of Node beside it: ${median(prompts.map(({ bare }) => bare)).toFixed(1)} ms)`);
  console.log(line('first byte of text → first painted character', median(paints), most(paints, 'ms'), 20, 'ms'));
  console.log(
    line(`${CHILDREN} children: painting them above the input`, load.rows - load.without, '', 15, '% of a core'),
  );
  console.log(
    line(`${CHILDREN} children: painting them in /agents`, load.agents - load.without, '', 15, '% of a core'),
  );
  console.log(
    `   (their work alone ${load.without.toFixed(1)} %; with it ${load.rows.toFixed(1)} % and ${load.agents.toFixed(1)} %)`,
  );
}

/** The command in a terminal of 120 columns and 40 rows. */
function openChat() {
  const command = `stty cols 120 rows 40; exec ${process.execPath} ${main} chat`;
  const terminal = spawn('script', ['-qfec', command, '/dev/null'], { cwd: join(home, 'work'), env: variables() });
  const waiting = new Set();
  let text = '';
  terminal.stdout.setEncoding('utf8').on('data', (part) => {
    const now = performance.now();
    text += part;
    for (const check of [...waiting]) check(now);
  });
  const ended = new Promise((done) => terminal.on('close', done));
  return {
    length: () => text.length,
    pid: () => childOf(terminal.pid),
    type: (keys) => terminal.stdin.write(keys),
    sees(what, from = 0) {
      return new Promise((done, fail) => {
        const late = setTimeout(
          () => fail(new Error(`The terminal never showed ${what}:\n${text.slice(-3000)}`)),
          20_000,
        );
        const check = (now) => {
          if (!text.includes(what, from)) return;
          clearTimeout(late);
          waiting.delete(check);
          done(now);
        };
        waiting.add(check);
        check(performance.now());
      });
    },
    async leave() {
      terminal.stdin.write('\u0003');
      await sleep(50);
      terminal.stdin.write('\u0003');
      await ended;
    },
    async kill() {
      process.kill(childOf(terminal.pid), 'SIGKILL');
      await ended;
    },
  };
}

function childOf(pid) {
  for (const id of readdirSync('/proc')) {
    if (!/^\d+$/.test(id)) continue;
    try {
      if (Number(readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1].split(' ')[1]) === pid) return Number(id);
    } catch {}
  }
  throw new Error(`Nothing runs below ${pid}.`);
}

function variables() {
  return {
    PATH: process.env.PATH,
    HOME: home,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    YARDMASTER_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
  };
}

function writeConfiguration(port) {
  mkdirSync(join(home, 'work'));
  mkdirSync(join(home, 'config/yardmaster'), { recursive: true });
  const models = '[{ id: one, context: 100000, price: { in: 1, out: 2 }, tools: true }]';
  writeFileSync(
    join(home, 'config/yardmaster/config.yaml'),
    `model: bench/one
providers:
  bench: { wire: openai-chat, base_url: "http://127.0.0.1:${port}/v1", auth: none, simulated: true, models: ${models} }
delegation: { max_concurrent_children: ${CHILDREN} }
`,
  );
}

/** Answers by the last thing that was said, and tells when its first byte of text went out. */
async function startProvider() {
  const said = new Map();
  const heard = new Map();
  const timers = new Set();
  let working = 0;
  let enough = () => {};
  const event = (delta, finish = null) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'one', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const { messages, tools = [] } = JSON.parse(body);
    const words = messages.findLast(({ role }) => role === 'user').content;
    const text = typeof words === 'string' ? words : words.map((part) => part.text).join('');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const end = (reason) => response.end(`${event({}, reason)}data: [DONE]\n\n`);
    if (!tools.some(({ function: { name } }) => name === 'delegate_task')) {
      working += 1;
      if (working >= CHILDREN) enough();
      const timer = setInterval(() => response.write(event({ content: 'on and on ' })), CHILD_DELTA_MS);
      timers.add(timer);
      response.on('close', () => {
        clearInterval(timer);
        working -= 1;
      });
      return;
    }
    if (text.startsWith('delegate')) {
      const tasks = Array.from({ length: CHILDREN }, (_, at) => ({ goal: `Look into part number ${at} of it` }));
      response.write(
        event({
          tool_calls: [
            {
              index: 0,
              id: 'd',
              type: 'function',
              function: { name: 'delegate_task', arguments: JSON.stringify({ tasks }) },
            },
          ],
        }),
      );
      return end('tool_calls');
    }
    const word = text.split(' ').at(-1);
    // What comes with the headers is not what is measured.
    await sleep(60);
    const now = performance.now();
    response.write(event({ role: 'assistant', content: `[${word} and so on` }));
    said.set(word, now);
    heard.get(word)?.(now);
    await sleep(120);
    response.write(event({ content: ' until the end]' }));
    end('stop');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: server.address().port,
    said: (word) => (said.has(word) ? Promise.resolve(said.get(word)) : new Promise((done) => heard.set(word, done))),
    working: (count) =>
      working >= count
        ? Promise.resolve()
        : new Promise((done) => {
            enough = done;
          }),
    close() {
      for (const timer of timers) clearInterval(timer);
      server.closeAllConnections();
      server.close();
    },
  };
}
