import { fitsPattern } from '../core/routing/fits-pattern.ts';

/** What two lists of patterns (`provider/model` with `*`, or `tag:<name>`) both let through, as one list. */
export interface Intersection {
  readonly patterns: readonly string[];
  /** Pairs of which neither lies within the other, so that no list of patterns can say what both let through. */
  readonly unclear: readonly (readonly [string, string])[];
}

export function intersectPatterns(one: readonly string[], other: readonly string[]): Intersection {
  const patterns = new Set<string>();
  const unclear: [string, string][] = [];
  for (const second of other) {
    for (const first of one) {
      if (covers(first, second)) patterns.add(second);
      else if (covers(second, first)) patterns.add(first);
      else if (mayOverlap(first, second)) unclear.push([first, second]);
    }
  }
  // A pair that is unclear does no harm where another pair already says the whole of it.
  const open = unclear.filter(([first, second]) => !patterns.has(first) && !patterns.has(second));
  return { patterns: [...patterns], unclear: open };
}

/** Whether everything the second lets through the first lets through too. */
function covers(first: string, second: string): boolean {
  if (first === '*' || first === second) return true;
  if (isTag(first) || isTag(second)) return false;
  // The second's own stars are letters here: only a star of the first can match them.
  return fitsPattern(first, second);
}

function mayOverlap(first: string, second: string): boolean {
  if (isTag(first) || isTag(second)) return true;
  const [prefix = '', otherPrefix = ''] = [first, second].map((pattern) => pattern.slice(0, starOf(pattern)));
  const shared = Math.min(prefix.length, otherPrefix.length);
  return prefix.slice(0, shared) === otherPrefix.slice(0, shared) && (first.includes('*') || second.includes('*'));
}

function starOf(pattern: string): number {
  const star = pattern.indexOf('*');
  return star < 0 ? pattern.length : star;
}

function isTag(pattern: string): boolean {
  return pattern.startsWith('tag:');
}
