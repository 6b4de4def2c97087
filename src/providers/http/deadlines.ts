/** Something open that must show life before `due` (milliseconds of the clock given to `createDeadlines`). */
export interface Watched {
  due: number;
  expired(): void;
}

/**
 * Limits of everything that is open, on one timer. Showing life is a plain write to `due`: no timer is touched
 * when bytes arrive. The timer looks again when it fires, so it fires late by nothing and early never.
 * With nothing open there is no timer.
 */
export interface Deadlines {
  add(watched: Watched): void;
  delete(watched: Watched): void;
  /** To be called when `due` moved nearer than it was when the thing was added. */
  nearer(watched: Watched): void;
}

/** Below this many milliseconds the timer does not go to sleep again: it bounds wake-ups, not precision that matters. */
const SHORTEST_SLEEP_MS = 5;
/** What a timer of Node can hold. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

export function createDeadlines(now: () => number): Deadlines {
  const open = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;

  function sleepUntil(due: number): void {
    wakesAt = due;
    clearTimeout(timer);
    timer = setTimeout(wake, Math.min(Math.max(due - now(), SHORTEST_SLEEP_MS), LONGEST_SLEEP_MS));
  }

  function wake(): void {
    const time = now();
    let next = Number.POSITIVE_INFINITY;
    for (const watched of open) {
      if (watched.due <= time) watched.expired();
      // `expired` may have closed it, or given it a new date.
      if (open.has(watched) && watched.due < next) next = watched.due;
    }
    if (open.size === 0) stop();
    else sleepUntil(next);
  }

  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
    wakesAt = Number.POSITIVE_INFINITY;
  }

  function nearer(watched: Watched): void {
    if (watched.due < wakesAt) sleepUntil(watched.due);
  }

  return {
    add(watched) {
      open.add(watched);
      nearer(watched);
    },
    delete(watched) {
      open.delete(watched);
      if (open.size === 0) stop();
    },
    nearer,
  };
}
