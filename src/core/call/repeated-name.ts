/**
 * The first name that stands twice in one object of a JSON text; undefined when none does. `JSON.parse` keeps the
 * last of them in silence, so a call could lose a field. The text has to be JSON.
 */
export function repeatedName(json: string): string | undefined {
  const objects: (Set<unknown> | undefined)[] = [];
  let text: readonly [start: number, end: number] = [0, 0];
  let start: number | undefined;
  for (const { 0: token, index } of json.matchAll(TOKENS)) {
    if (token === '"') {
      if (start !== undefined) text = [start, index + 1];
      start = start === undefined ? index : undefined;
    } else if (start !== undefined) continue;
    else if (token === '{') objects.push(new Set());
    else if (token === '[') objects.push(undefined);
    else if (token !== ':') objects.pop();
    else {
      const name = JSON.parse(json.slice(...text)) as string;
      const names = objects.at(-1);
      if (names?.has(name)) return name;
      names?.add(name);
    }
  }
  return undefined;
}

/** Escapes are tokens, so that an escaped quote is none. */
const TOKENS = /\\.|["{}[\]:]/g;
