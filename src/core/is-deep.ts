/** Levels that lists and objects from outside may have: several times what anybody writes, far from the end of a stack. */
const MOST_LEVELS = 100;

/**
 * Whether a value parsed from somebody else's JSON is nested so deeply that it must not be kept: a parser reads a
 * hundred thousand levels, and what writes or walks them afterwards runs out of stack.
 */
export function isDeep(value: unknown, levels: number = MOST_LEVELS): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const name in value) if (isDeep((value as Record<string, unknown>)[name], levels - 1)) return true;
  return false;
}
