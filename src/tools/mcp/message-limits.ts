/** Bytes of one message: a screenshot or a long file fits. */
export const MESSAGE_BYTES: number = 10 * 1024 * 1024;
/** Messages nobody asked for, within 10 s. A busy log is far below. */
const UNASKED = 10_000;
const WINDOW_MS = 10_000;

/** Counts what a server says unasked; true when it floods. */
export function createFloodCheck(now: () => number = performance.now.bind(performance)): () => boolean {
  let since = now();
  let count = 0;
  return () => {
    count += 1;
    if (count <= UNASKED) return false;
    const time = now();
    const flooded = time - since < WINDOW_MS;
    since = time;
    count = 0;
    return flooded;
  };
}
