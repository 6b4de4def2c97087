import { distance } from 'fastest-levenshtein';

/** How many names an error offers at most. */
const LIMIT = 3;

/** A near name differs in at most this share of its letters: one typo in four. */
const NEAR = 0.34;

/** A name that could have been meant. */
export interface Candidate {
  /** As it would have to be written. */
  readonly name: string;
  /** What is compared: the words of the name, without its vendor. */
  readonly words: readonly string[];
  /** Smaller comes first among equally near names (configured providers before others). */
  readonly rank: number;
}

/** Up to three of `names` nearest to what was asked, nearest first; the same input gives the same answer. */
export function suggestNames(asked: string, names: Iterable<string>): string[] {
  const word = asked.trim().toLowerCase();
  if (word === '') return [];
  const scored: { name: string; score: number }[] = [];
  for (const name of names) {
    const other = name.toLowerCase();
    const startsAlike = other.startsWith(word) || word.startsWith(other);
    const share = difference(word, other);
    // A cut or lengthened name (`med`, `toolset`) is near whatever its length.
    const score = startsAlike && Math.min(word.length, other.length) > 2 ? Math.min(share, NEAR - 0.01) : share;
    if (score < NEAR + (word.length <= 5 ? 0.1 : 0)) scored.push({ name, score });
  }
  return scored
    .sort((one, other) => one.score - other.score || compareText(one.name, other.name))
    .slice(0, LIMIT)
    .map(({ name }) => name);
}

/**
 * Up to three model names or aliases nearest to what was asked. Words are compared with words
 * (`sonet` is one letter from the `sonnet` in `claude-sonnet-…`, and nothing like `gpt-…` whatever the
 * lengths), so a whole id is never compared with a whole id.
 */
export function suggestModels(asked: string, candidates: Iterable<Candidate>): string[] {
  const wanted = wordsOf(asked);
  if (wanted.length === 0) return [];
  const nearness = wanted.map((word) => ({ near: nearnessTo(word), weight: word.length }));
  const weight = nearness.reduce((sum, word) => sum + word.weight, 0);
  const scored: { candidate: Candidate; score: number; extra: number }[] = [];
  for (const candidate of candidates) {
    let missed = 0;
    for (const word of nearness) missed += word.weight * nearest(word.near, candidate.words);
    const score = missed / weight;
    // Words nobody asked for tell equally near names apart, never near from far.
    if (score < NEAR) scored.push({ candidate, score: Math.round(score * 1000), extra: letters(candidate.words) });
  }
  return scored
    .sort(
      (one, other) =>
        one.score - other.score ||
        one.candidate.rank - other.candidate.rank ||
        one.extra - other.extra ||
        // Higher numbers first: of two versions the newer one is the likelier wish.
        compareText(other.candidate.name, one.candidate.name),
    )
    .slice(0, LIMIT)
    .map(({ candidate }) => candidate.name);
}

/** Share of letters that differ, remembered: ids of one catalog share most of their words. */
function nearnessTo(word: string): (other: string) => number {
  const known = new Map<string, number>();
  return (other) => {
    let share = known.get(other);
    if (share === undefined) {
      share = difference(word, other);
      known.set(other, share);
    }
    return share;
  };
}

/** Share of letters that differ, 0 to 1. Letters in the wrong order (`opsu`) are one slip. */
function difference(one: string, other: string): number {
  const slips = one.length === other.length && letterSet(one) === letterSet(other) ? 1 : distance(one, other);
  return one === other ? 0 : slips / Math.max(one.length, other.length);
}

function letterSet(word: string): string {
  return [...word].sort().join('');
}

function nearest(near: (word: string) => number, words: readonly string[]): number {
  let least = 1;
  for (const word of words) least = Math.min(least, near(word));
  return least;
}

function letters(words: readonly string[]): number {
  return words.filter((word) => !/^\d/.test(word)).length;
}

/** The words of a model's name, vendor left out: `anthropic/claude-sonnet-4.5` → claude, sonnet, 4, 5. */
export function wordsOf(name: string): string[] {
  return name
    .slice(name.lastIndexOf('/') + 1)
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+|(?<=\p{L}{2})(?=\p{N})/u)
    .filter((word) => word !== '');
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
