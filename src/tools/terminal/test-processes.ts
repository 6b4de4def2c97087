import { readdirSync, readFileSync } from 'node:fs';

/** Command lines of living processes that hold this text; a zombie is none. */
export function livingWith(text: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(text) ? [line] : [];
    } catch {
      return [];
    }
  });
}
