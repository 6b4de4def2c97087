/** Children started before the event loop gets its turn. */
const BURST = 16;

/**
 * Runs `start(0)` … `start(count - 1)`, in order, at most `at_once` at a time; resolves when all have ended.
 * The first start in the same tick; a thousand starts never hold the event loop up. `start` must not reject.
 */
export function runGated(count: number, at_once: number, start: (index: number) => Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    let running = 0;
    let burst = 0;
    const pump = (): void => {
      while (next < count && running < at_once && burst < BURST) {
        if (burst++ === 0) setImmediate(afterBurst);
        running += 1;
        void start(next++).then(onEnd);
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
