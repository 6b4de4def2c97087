// The table of targets: one row a figure, in the order it is reported. The id is the name of a number that its
// scenario measures and ends in its unit. `must` and `aim` are limits from above (`atLeast`: from below);
// with `over` they limit the ratio to that contestant within the same round. A row without limits informs.
export const rows = [
  row('throughput', 'cpu_100_ms', 'CPU a child, N = 100', { over: 'raw', must: 2, aim: 1.3 }),
  row('throughput', 'cpu_100_fresh_ms', 'CPU a child, N = 100, fresh process', { over: 'raw', must: 2, aim: 1.3 }),
  row('throughput', 'cpu_1000_ms', 'CPU a child, N = 1,000'),
  row('throughput', 'cpu_10_ms', 'CPU a child, N = 10'),
  row('throughput', 'cpu_1_ms', 'CPU a child, N = 1'),
  row('throughput', 'rate_100_per_s', 'children, N = 100', { atLeast: true, must: 1_000, aim: 2_500 }),
  row('throughput', 'rate_1000_per_s', 'children, N = 1,000', { atLeast: true, must: 1_000, aim: 2_500 }),
  row('throughput', 'rate_1000_cold_per_s', 'children, N = 1,000, opening connections'),
  row('throughput', 'first_1_ms', 'call → first request, N = 1', { must: 2, aim: 1 }),
  row('throughput', 'first_100_ms', 'call → first request, N = 100', { must: 10, aim: 3 }),
  row('latency', 'over_1_ms', 'over ideal at 50 ms, N = 1'),
  row('latency', 'over_10_ms', 'over ideal at 50 ms, N = 10'),
  row('latency', 'over_100_ms', 'over ideal at 50 ms, N = 100', { must: 90, aim: 35 }),
  row('latency', 'over_1000_ms', 'over ideal at 50 ms, N = 1,000', { must: 800, aim: 360 }),
  row('latency', 'over_1000_cold_ms', 'over ideal at 50 ms, N = 1,000, opening connections'),
  row('latency', 'stall_ms', 'longest loop stall, N = 1,000', { must: 50, aim: 20 }),
  row('latency', 'stall_p99_ms', 'loop delay p99, N = 1,000'),
  row('memory', 'waiting_kb', 'live heap, a waiting child', { must: 40, aim: 20 }),
  row('memory', 'left_kb', 'left over, a finished child', { must: 10, aim: 6 }),
  row('memory', 'growth_kb', 'left over, a child of the second batch', { must: 1, aim: 0.5 }),
  row('memory', 'rss_mb', 'peak RSS, 1,000 in flight', { must: 250, aim: 170 }),
  row('long', 'cpu_turn_ms', 'CPU a turn, 200 turns', { over: 'raw-incremental', must: 1.2, aim: 1 }),
  row('bulk', 'bulk_us', 'CPU a delta, bulk', { must: 6, aim: 3 }),
  row('live', 'live_us', 'CPU a delta, live', { over: 'raw', must: 1.3, aim: 1.05 }),
  row('mixed', 'mixed_ms', 'CPU a child, three wires', { over: 'raw', must: 2, aim: 1.2 }),
  row('startup', 'start_ms', 'spawn → first request', { must: 200, aim: 110 }),
  row('imports', 'import_ms', 'library import over bare node', { must: 60, aim: 25 }),
  row('imports', 'help_times', '`--help` over `node -e 0`', { must: 2.5, aim: 2.5 }),
  row('resolution', 'first_us', 'route resolution, first of its kind', { must: 100, aim: 100 }),
  row('resolution', 'again_us', 'route resolution, repeated', { must: 2, aim: 2 }),
  row('resolution', 'thousand_ms', '1,000 tasks against the whole catalog', { must: 20, aim: 20 }),
  row('store', 'step_us', 'durable step, CPU', { must: 30, aim: 12 }),
  row('store', 'steps_per_s', 'durable steps, committed', { atLeast: true, must: 30_000, aim: 30_000 }),
];

function row(scenario, id, title, limits = {}) {
  const units = { ms: 'ms', us: 'µs', kb: 'KB', mb: 'MB', s: '/s', times: '×' };
  return { scenario, id, title, unit: units[id.slice(id.lastIndexOf('_') + 1)], ...limits };
}
