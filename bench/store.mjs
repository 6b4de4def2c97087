/**
 * What the journal costs: `node bench/store.mjs` after `npm run build`.
 *
 * N writers each live the life of a child (create, claim, answer + tool-start, tool-end, answer + finish), each
 * step durable before the next. Prints CPU a step and a child, steps a second, and the event loop's longest stall.
 * With `--json`: only the durable step with 100 writers, as one line for run.mjs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const { openSqliteStore } = await import(process.env.YARDMASTER_STORE ?? '../dist/store/sqlite-store.js');
const folder = mkdtempSync(join(tmpdir(), 'yardmaster-bench-store-'));
/** Durable waits of a child, `create` apart: claim, append, append, finish. */
const WAITS = 4;
/** Journal entries and state changes of a child: claim, answer, tool-start, tool-end, answer, finish. */
const STEPS = 6;

const authority = 'https://lab.example:443';
const route = {
  provider: 'lab',
  model: 'some-model-1',
  wire: 'openai-chat',
  base_url: 'https://lab.example/v1',
  authority,
  credential: { kind: 'env', name: 'LAB_KEY', authority },
  context: 200_000,
  max_output: 64_000,
  price: { in: 3, out: 15, cache_read: 0.3, cache_write: 3.75 },
  tools: true,
  vision: true,
  fallback: [],
};
const requested = { task: { provider: 'lab', model: 'some-model' } };
const source = { provider: 'task', model: 'task' };
const sent = { model: route.model, reasoning: null };
const usage = { input: 1_200, output: 40, cache_read: 1_024, cache_write: 0, reasoning: 12 };
const answer = (turn, tool_calls) => ({
  kind: 'answer',
  turn,
  answer: {
    text: 'I will read the file first. '.repeat(4),
    reasoning: '',
    tool_calls,
    stop: tool_calls.length > 0 ? 'tool_calls' : 'end',
    usage,
    served_model: route.model,
    request_id: 'req_0123456789',
    sent,
    first_token_ms: 12.25,
    notes: [],
  },
});
const call = { id: 'call_1', name: 'read_file', arguments: '{"path":"src/core/store.ts"}' };
const toolStart = { kind: 'tool-start', call_id: call.id, tool: call.name, idempotent: true };
const toolEnd = {
  kind: 'tool-end',
  result: { id: call.id, name: call.name, content: 'export interface Store {}\n'.repeat(20), is_error: false },
  ms: 0.25,
};
const resultOf = (id, index) => ({
  index,
  id,
  status: 'completed',
  summary: 'The file declares the Store port. '.repeat(8),
  route: {
    requested,
    resolved: { provider: 'lab', model: route.model, wire: route.wire, authority },
    source,
    sent,
    served: { model: route.model, verified: 'match', request_ids: ['req_1', 'req_2'] },
    hops: [],
    notes: [],
  },
  usage,
  cost: { usd: 0.0087, complete: true },
  turns: 2,
  tool_calls: 1,
  timing: { queued_ms: 1, first_token_ms: 12.25, total_ms: 100.5 },
  exit_reason: 'answered',
  artifacts: [],
});
const delegation = (id, n) => ({
  id,
  root_id: id,
  depth: 1,
  origin: 'library',
  created_at: Date.now(),
  tasks: Array.from({ length: n }, (_, index) => ({
    id: `${id}.${index}`,
    index,
    input: { goal: `Read file number ${index} and say in one paragraph what it is about`, model: 'some-model' },
    requested,
    route,
    source,
    notes: [],
  })),
});

/** `ms` between steps stands for the model's latency. */
async function child(store, id, index, ms) {
  const attempt = await store.claim(id, 'bench', 30_000);
  if (ms > 0) await sleep(ms);
  await store.append(id, attempt, [answer(1, [call]), toolStart]);
  await store.append(id, attempt, [toolEnd]);
  if (ms > 0) await sleep(ms);
  if (!(await store.finish(id, attempt, resultOf(id, index), [answer(2, [])])))
    throw new Error(`${id} was not finished`);
}

/** Longest time the event loop was not free, while `run` runs. */
async function watched(run) {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 1);
    last = now;
  }, 1);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(timer);
  return { wall, cpu: (user + system) / 1000, longest };
}

const rows = [];
let file = 0;
async function measure(writers, children, ms) {
  const store = await openSqliteStore({ file: join(folder, `${file++}.db`) });
  const rounds = Math.ceil(children / writers);
  const created = await watched(async () => {
    for (let round = 0; round < rounds; round++) await store.create(delegation(`d${round}`, writers));
  });
  const lived = await watched(async () => {
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: writers }, (_, i) => child(store, `d${round}.${i}`, i, ms));
      await Promise.all(ids);
    }
  });
  await store[Symbol.asyncDispose]();
  const n = rounds * writers;
  rows.push({
    writers,
    'latency ms': ms,
    'CPU µs a child': +(((created.cpu + lived.cpu) * 1000) / n).toFixed(1),
    'of it create': +((created.cpu * 1000) / n).toFixed(1),
    'CPU µs a step': +((lived.cpu * 1000) / n / STEPS).toFixed(1),
    'steps/s': Math.round((n * STEPS) / (lived.wall / 1000)),
    'ms a durable wait': +((lived.wall / rounds - 2 * ms) / WAITS).toFixed(2),
    'longest stall ms': +Math.max(created.longest, lived.longest).toFixed(1),
  });
}

/** One task that appends and waits, `writers` of them at once: the bare durable step. */
async function steps(writers, total) {
  const store = await openSqliteStore({ file: join(folder, `${file++}.db`) });
  await store.create(delegation('d', writers));
  const ids = Array.from({ length: writers }, (_, i) => `d.${i}`);
  await Promise.all(ids.map((id) => store.claim(id, 'bench', 30_000)));
  const each = Math.ceil(total / writers);
  const { wall, cpu, longest } = await watched(() =>
    Promise.all(
      ids.map(async (id) => {
        for (let i = 0; i < each; i++) await store.append(id, 1, [toolEnd]);
      }),
    ),
  );
  await store[Symbol.asyncDispose]();
  const n = each * writers;
  rows.push({
    writers,
    'CPU µs a step': +((cpu * 1000) / n).toFixed(1),
    'steps/s': Math.round(n / (wall / 1000)),
    'longest stall ms': +longest.toFixed(1),
  });
}

try {
  await measure(100, 2_000, 0); // warm
  rows.length = 0;
  if (process.argv.includes('--json')) await reportStep();
  else await reportAll();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function reportStep() {
  await steps(100, 50_000);
  console.log(JSON.stringify({ step_us: rows[0]['CPU µs a step'], steps_per_s: rows[0]['steps/s'] }));
}

async function reportAll() {
  for (const [writers, total] of [
    [1, 2_000],
    [10, 10_000],
    [100, 50_000],
    [1_000, 100_000],
  ])
    await steps(writers, total);
  console.log('a durable step (append of one tool-end entry of 600 bytes)');
  console.table(rows);
  rows.length = 0;
  for (const [writers, children] of [
    [1, 300],
    [10, 2_000],
    [100, 5_000],
    [1_000, 10_000],
  ])
    await measure(writers, children, 0);
  await measure(100, 1_000, 50);
  await measure(1_000, 3_000, 50);
  console.log('a child (create, claim, answer + tool-start, tool-end, answer + finish)');
  console.table(rows);
}
