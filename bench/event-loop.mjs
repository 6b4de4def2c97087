import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Watches how long the event loop leaves a timer waiting. The longest stall is the larger of what Node's own
 * histogram saw and what a timer of ours saw; both include the 1 ms they asked for, which is taken off.
 */
export function watchEventLoop() {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      histogram.disable();
      longest = Math.max(longest, performance.now() - last);
      return {
        stall_ms: Math.max(longest, histogram.max / 1e6) - 1,
        stall_p99_ms: histogram.percentile(99) / 1e6 - 1,
      };
    },
  };
}
