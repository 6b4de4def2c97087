/** Children started before the event loop gets its turn. */
const BURST = 16;

/**
 * Runs `start(0)` … `start(count - 1)`, in order, at most `at_once` at a time; resolves when all have ended.
 * The first start in the same tick; a thousand starts never hold the event loop up. Rejects with the first start that does.
 */
export function runGated(count: number, at_once: number, start: (index: number) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let running = 0;
    let burst = 0;
    const pump = (): void => {
      while (next < count && running < at_once && burst < BURST) {
        if (burst++ === 0) setImmediate(afterBurst);
        running += 1;
        start(next++).then(onEnd, reject);
      }
      if (next === count && running === 0) resolve();
    };
    const afterBurst = (): void => {
      burst = 0;
      pump();
    };
    const onEnd = (): void => {
      running -= 1;
      pump();
    };
    pump();
  });
}
