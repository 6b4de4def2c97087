/** Runs what it is given, a few in one turn of the event loop, in order. */
export type Turns = (next: () => void) => void;

/**
 * Many answers may end in one turn of the event loop, and what follows each of them takes longer than reading it did.
 * At most `count` go on at once; the others in the turns after it, so that the loop is free in between.
 */
export function createTurns(count: number): Turns {
  const waiting: (() => void)[] = [];
  let left = count;

  function afterTurn(): void {
    left = count;
    for (const next of waiting.splice(0, count)) go(next);
  }

  function go(next: () => void): void {
    if (left-- === count) setImmediate(afterTurn);
    next();
  }

  return (next) => {
    if (left > 0 && waiting.length === 0) go(next);
    else waiting.push(next);
  };
}
