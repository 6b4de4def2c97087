import truncate from 'cli-truncate';
import width from 'string-width';

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colour is written.
const COLOUR = /(\u001b\[[\d;]*m)/;
const ALL_COLOURS = new RegExp(COLOUR, 'g');

/** One column a character, and one code unit: what nearly every cell is made of. */
const SIMPLE = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027●◐✔✘]*$/;

/** Columns that a text takes. Thousands are measured a second while a tree is painted. */
export function widthOf(text: string): number {
  return simpleWidth(text) ?? width(text);
}

/** The same where every way of measuring agrees; undefined = it takes a library to know. */
export function simpleWidth(text: string): number | undefined {
  const bare = text.includes('\u001b') ? text.replace(ALL_COLOURS, '') : text;
  return SIMPLE.test(bare) ? bare.length : undefined;
}

/** The text in at most so many columns; where something is left out it ends with `…`. Colour stays closed. */
export function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const parts = text.split(COLOUR);
  if (columns < 1 || !parts.every((part, at) => at % 2 === 1 || SIMPLE.test(part))) return cutAny(text, columns);
  let room = columns - 1;
  let ended = false;
  return parts
    .map((part, at) => {
      if (at % 2 === 1) return part;
      const kept = part.slice(0, room);
      room -= kept.length;
      if (kept.length === part.length || ended) return kept;
      ended = true;
      return `${kept}…`;
    })
    .join('');
}

/** A wide character at the very edge makes the library give one column too many. */
function cutAny(text: string, columns: number): string {
  const cut = truncate(text, columns);
  return width(cut) <= columns ? cut : truncate(text, columns - 1);
}
