/** Children started before the event loop gets its turn. */
const BURST = 16;

/** … and before what all of them wait for: those go on together. */
const EARLY = 64;

/** Takes one place; gives whether another is wanted. */
type Take = () => boolean;

/**
 * Places for the children of one root, at whatever depth. Who asked last is served first: children of children before
 * more children, so that a tree is worked off depth first and what waits stays small.
 */
export interface Places {
  /** Calls `take` for each place that is free, until it wants no more. */
  ask(take: Take): void;
  leave(): void;
  /**
   * Leaves the caller's place while `work` runs and takes one back after it: a parent that waits for its children
   * must not keep them from running. When `signal` aborts it is taken back at once, whether or not one is free.
   */
  lend<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** The first starts in the same tick; a thousand starts never hold the event loop up. */
export function createPlaces(count: number): Places {
  const asking: Take[] = [];
  let free = count;
  let burst = 0;
  const pump = (): void => {
    for (let take = asking.at(-1); take !== undefined && free > 0 && burst < BURST; take = asking.at(-1)) {
      if (burst++ === 0) setImmediate(afterBurst);
      free -= 1;
      // What it starts may ask in its turn, and goes before it.
      const position = asking.length - 1;
      asking.pop();
      if (take()) asking.splice(position, 0, take);
    }
  };
  const afterBurst = (): void => {
    burst = 0;
    pump();
  };
  const ask = (take: Take): void => {
    asking.push(take);
    pump();
  };
  const leave = (): void => {
    free += 1;
    pump();
  };
  const takeBack = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const take = (): boolean => {
        signal.removeEventListener('abort', stop);
        resolve();
        return false;
      };
      const stop = (): void => {
        asking.splice(asking.lastIndexOf(take), 1);
        free -= 1;
        resolve();
      };
      if (signal.aborted) {
        free -= 1;
        return resolve();
      }
      signal.addEventListener('abort', stop, { once: true });
      ask(take);
    });
  return {
    ask,
    leave,
    async lend(work, signal) {
      leave();
      try {
        return await work();
      } finally {
        await takeBack(signal);
      }
    },
  };
}

/**
 * Runs `start(0)` … `start(count - 1)`, in order, each in a place; resolves when all have ended.
 * Rejects with the first start that does. What every start waits for is `ready`: until it has settled only some
 * start, or all would go on in the tick in which it does.
 */
export function runGated(
  count: number,
  places: Places,
  start: (index: number) => Promise<void>,
  ready?: Promise<unknown>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let running = 0;
    let early = ready !== undefined;
    const onEnd = (): void => {
      running -= 1;
      places.leave();
      if (next === count && running === 0) resolve();
    };
    if (count === 0) return resolve();
    const take = (): boolean => {
      running += 1;
      start(next++).then(onEnd, reject);
      return next < count && !(early && next === EARLY);
    };
    const onReady = (): void => {
      early = false;
      if (next === EARLY && next < count) places.ask(take);
    };
    places.ask(take);
    ready?.then(onReady, onReady);
  });
}
