/** Runs what is done under one name one after the other; other names do not wait. */
export type Lock = <Value>(name: string, work: () => Promise<Value>) => Promise<Value>;

export function createLock(): Lock {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name);
    const mine = before === undefined ? work() : before.then(work, work);
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
