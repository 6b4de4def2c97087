/**
 * Whether a relative path fits a glob: `*` and `?` within a name, `**` over folders, `{a,b}` either.
 * A glob without a slash is about the name alone. Time is bounded by the product of the lengths.
 */
export function createGlob(glob: string): (path: string) => boolean {
  const patterns = expand(glob.replace(/^\.?\//, '')).map((pattern) => pattern.split('/'));
  return (path) => {
    const parts = path.split('/');
    return patterns.some((pattern) =>
      pattern.length === 1 && pattern[0] !== '**'
        ? fitsName(pattern[0]!, parts.at(-1)!)
        : fits(pattern, parts, (part) => part === '**', fitsName),
    );
  };
}

const MOST_ALTERNATIVES = 64;

function expand(glob: string): string[] {
  let patterns = [glob];
  for (;;) {
    const next = patterns.flatMap((pattern) => {
      const [whole, before, inside, after] = /^([^{}]*)\{([^{}]*)\}(.*)$/s.exec(pattern) ?? [];
      return whole === undefined ? [pattern] : inside!.split(',').map((one) => `${before}${one}${after}`);
    });
    if (next.length === patterns.length && next.every((pattern, i) => pattern === patterns[i])) return patterns;
    if (next.length > MOST_ALTERNATIVES)
      throw new Error(`The glob "${glob}" has more than ${MOST_ALTERNATIVES} alternatives.`);
    patterns = next;
  }
}

function fitsName(pattern: string, name: string): boolean {
  return fits(
    [...pattern],
    [...name],
    (part) => part === '*',
    (part, letter) => part === '?' || part === letter,
  );
}

/** Wildcard matching that goes back only to the last star, so it never takes more than pattern × text steps. */
function fits(
  pattern: readonly string[],
  text: readonly string[],
  isStar: (part: string) => boolean,
  equals: (part: string, item: string) => boolean,
): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < text.length) {
    const part = pattern[p];
    if (part !== undefined && isStar(part)) {
      star = p++;
      from = t;
    } else if (part !== undefined && equals(part, text[t]!)) {
      p += 1;
      t += 1;
    } else if (star !== -1) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  return pattern.slice(p).every(isStar);
}
