import { existsSync } from 'node:fs';

/** `<base>.bak`, or with a number when that is there already: a backup is never overwritten. */
export function freeName(base: string): string {
  for (let number = 1; ; number += 1) {
    const name = `${base}${number === 1 ? '' : `-${number}`}.bak`;
    if (!existsSync(name)) return name;
  }
}
