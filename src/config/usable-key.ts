/** Texts that people leave where a key belongs, without letter case. */
const PLACEHOLDER =
  /^(?:your[-_ ].*|insert[-_ ].*|enter[-_ ].*|<.*>|\[.*\]|\{.*\}|\$\{.*\}|\$\w+|[x*.-]+|.*(?:\.{3}|…|x{6,}|\*{3,})|change[-_ ]?me|to[-_ ]?do|none|null|undefined|placeholder|api[-_ ]?key|sk-?)$/i;

/** Shorter than any vendor's keys by far; long enough to be taken out of texts without harm. */
const SHORTEST = 4;

/** Why a text cannot be a key; undefined when it can. The text itself is never in the answer. */
export function keyProblem(key: string | undefined): string | undefined {
  if (key === undefined || key === '') return 'is not set';
  // A key travels in a header: a line break would start another one.
  if (!/^[\x21-\x7e]+$/.test(key)) return 'has spaces, line breaks or characters that cannot stand in a header';
  if (key.length < SHORTEST) return `has fewer than ${SHORTEST} characters`;
  if (PLACEHOLDER.test(key)) return 'holds a placeholder';
  return undefined;
}

export function isUsableKey(key: string | undefined): key is string {
  return keyProblem(key) === undefined;
}
