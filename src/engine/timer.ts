/** Longer timers than this fire at once in Node (24.8 days). */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls `onEnd` once after `seconds`; the returned function takes it back. */
export function startTimer(seconds: number, onEnd: () => void): () => void {
  const timer = setTimeout(onEnd, Math.min(seconds * 1000, LONGEST_MS));
  return () => clearTimeout(timer);
}
