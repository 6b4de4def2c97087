// What is measured inside one fresh process: a scenario warms the contestant up, then measures.
// Each takes { batch, control, windows, crowd } and returns flat numbers, named with their unit.
import { setTimeout as sleep } from 'node:timers/promises';
import { watchEventLoop } from './event-loop.mjs';

const LATENCY_MS = 50;
const TURNS = 2;
const CROWD = 1_000;
/** Batches of 100 that a process has run when it is no longer called fresh. */
const FRESH = 5;

export const scenarios = { throughput, latency, memory, long, bulk, live, mixed };

/** Servers answer at once: what the client itself costs. */
async function throughput(bench) {
  const fresh = await repeat(bench, 100, { min: FRESH });
  await settle(bench);
  const one = await repeat(bench, 1, { min: 20 });
  const ten = await repeat(bench, 10, { min: 10 });
  const hundred = await repeat(bench, 100, { min: 3, seconds: bench.windows.measure });
  return {
    cpu_100_fresh_ms: cpuPerChild(fresh),
    cpu_1_ms: cpuPerChild(one),
    cpu_10_ms: cpuPerChild(ten),
    cpu_100_ms: cpuPerChild(hundred),
    rate_1_per_s: rate(one),
    rate_10_per_s: rate(ten),
    rate_100_per_s: rate(hundred),
    first_1_ms: median(one.map((run) => run.first_ms)),
    first_100_ms: median(hundred.map((run) => run.first_ms)),
    ...(bench.crowd && crowded(await repeat(bench, CROWD, { min: 2 }))),
  };
}

/** The first batch of 1,000 opens its connections; the second finds them open. */
const crowded = ([cold, warm]) => ({
  cpu_1000_ms: cpuPerChild([warm]),
  rate_1000_per_s: rate([warm]),
  rate_1000_cold_per_s: rate([cold]),
});

/** Servers take 50 ms for each answer: wall time over the ideal of turns × latency, and how the event loop fares. */
async function latency(bench) {
  await warmUp(bench);
  const over = (runs) => median(runs.map((run) => run.wall_ms)) - TURNS * LATENCY_MS;
  const script = { latency_ms: LATENCY_MS };
  const measured = {
    over_1_ms: over(await repeat(bench, 1, { min: 3, script })),
    over_10_ms: over(await repeat(bench, 10, { min: 3, script })),
    over_100_ms: over(await repeat(bench, 100, { min: 3, script })),
  };
  if (!bench.crowd) return measured;
  const watch = watchEventLoop();
  const [cold, warm] = await repeat(bench, CROWD, { min: 2, script });
  return { ...measured, over_1000_ms: over([warm]), over_1000_cold_ms: over([cold]), ...watch.stop() };
}

/**
 * Servers hold every answer back until all children wait: what a waiting child keeps alive (its connection too),
 * and what a finished one leaves once its connection is closed.
 */
async function memory(bench) {
  if (!bench.crowd) return {};
  await warmUp(bench);
  const before = await heapAtRest(bench);
  let waiting;
  await bench.batch(CROWD, { hold: true }, async () => {
    while ((await bench.control('/stats')).waiting < CROWD) await sleep(10);
    waiting = await liveHeap();
    await bench.control('/release');
  });
  const after = await heapAtRest(bench);
  const rss_mb = process.resourceUsage().maxRSS / 1024;
  await bench.batch(CROWD);
  const later = await heapAtRest(bench);
  return {
    waiting_kb: (waiting - before) / CROWD / 1024,
    left_kb: (after - before) / CROWD / 1024,
    growth_kb: (later - after) / CROWD / 1024,
    rss_mb,
  };
}

/** One child whose history grows for 200 turns. */
async function long(bench) {
  const turns = 200;
  await settle(bench);
  await bench.batch(1, { turns });
  const runs = await repeat(bench, 1, { min: 2, seconds: bench.windows.measure / 2, script: { turns } });
  return { cpu_turn_ms: cpuPerChild(runs) / turns };
}

/** Answers of 1,000 text deltas, many in each segment. */
async function bulk(bench) {
  const script = { turns: 1, deltas: 1_000 };
  await warmUp(bench, script, 10);
  const runs = await repeat(bench, 10, { min: 3, seconds: bench.windows.measure, script });
  return { bulk_us: cpuPerChild(runs) };
}

/** The same, each delta in a segment of its own, one a millisecond. */
async function live(bench) {
  const script = { turns: 1, deltas: 1_000 };
  await warmUp(bench, script, 10);
  return { live_us: cpuPerChild([await bench.batch(2, { ...script, live: true })]) };
}

/** Children on three wires in one batch. */
async function mixed(bench) {
  await settle(bench);
  return { mixed_ms: cpuPerChild(await repeat(bench, 99, { min: 3, seconds: bench.windows.measure })) };
}

async function warmUp(bench, script = {}, count = 50) {
  await repeat(bench, count, { min: 1, seconds: bench.windows.warm, script });
}

/** Until the machine code of what it does is made: how a process that lives for hours runs. */
const settle = (bench) => repeat(bench, 100, { min: FRESH, seconds: bench.windows.settle });

async function repeat(bench, count, { min, seconds = 0, script = {} }) {
  const runs = [];
  const end = performance.now() + seconds * 1_000;
  while (runs.length < min || performance.now() < end) runs.push(await bench.batch(count, script));
  return runs;
}

async function heapAtRest(bench) {
  await bench.control('/close');
  return liveHeap();
}

async function liveHeap() {
  for (let pass = 0; pass < 3; pass++) {
    await sleep(20);
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const cpuPerChild = (runs) => sum(runs.map((run) => run.cpu_ms)) / sum(runs.map((run) => run.count));
const rate = (runs) => median(runs.map((run) => run.count / (run.wall_ms / 1_000)));

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
