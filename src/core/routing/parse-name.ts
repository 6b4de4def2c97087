/** Longest name of anything that is looked up: models, providers, routes, toolsets, ids. */
export const MAX_NAME = 200;

/** Longest piece of an asked value that an error repeats. */
const MAX_QUOTE = 80;

/** Controls, halves of surrogate pairs, and the invisible or direction-changing characters that make one name look like another. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Surrogate}/u;

/** A value as errors repeat it: in double quotes, escaped, cut to a length that a screen can hold. */
export function quote(value: string): string {
  const cut = value.length > MAX_QUOTE ? `${value.slice(0, MAX_QUOTE)}…` : value;
  const escaped = JSON.stringify(cut).replace(
    /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return value.length > MAX_QUOTE ? `${escaped} (${value.length} characters)` : escaped;
}

/** A name that a provider gave, as a record keeps it: as it is, or cut where no name goes on. */
export function cutName(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

/** Why a text cannot be a name, as the end of a sentence; undefined when it can. */
export function problemOfName(value: string): string | undefined {
  if (value.length > MAX_NAME) return `is longer than ${MAX_NAME} characters`;
  if (UNPRINTABLE.test(value)) return 'holds a control or invisible character';
  return undefined;
}
