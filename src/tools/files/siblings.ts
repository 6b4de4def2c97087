/** A child, as its siblings know it. */
export interface Sibling {
  readonly index: number;
  /** Another one has changed a file that this one has read. */
  told(real: string, by: number): void;
}

/** Who of a delegation has read which file. */
export interface Siblings {
  reads(real: string, reader: Sibling): void;
  /** Tells everybody else who has read it. */
  changed(real: string, by: Sibling): void;
  /** Whether another one has written it, and this one has not. */
  isOthers(real: string, own: Sibling): boolean;
  leaves(reader: Sibling): void;
}

export function createSiblings(): Siblings {
  const readers = new Map<string, Set<Sibling>>();
  const writers = new Map<string, Set<number>>();
  return {
    reads(real, reader) {
      const known = readers.get(real);
      if (known === undefined) readers.set(real, new Set([reader]));
      else known.add(reader);
    },
    changed(real, by) {
      const known = writers.get(real);
      if (known === undefined) writers.set(real, new Set([by.index]));
      else known.add(by.index);
      for (const reader of readers.get(real) ?? []) if (reader !== by) reader.told(real, by.index);
    },
    isOthers: (real, { index }) => writers.get(real)?.has(index) === false,
    leaves(reader) {
      for (const [real, known] of readers) if (known.delete(reader) && known.size === 0) readers.delete(real);
    },
  };
}
