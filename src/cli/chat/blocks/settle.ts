/** What the first line after a blank one may start with and still belong to what stands before it. */
const GOES_ON = /^(?:[ \t]|[-*+>|]|\d{1,9}[.)])/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * Where the part of a growing markdown text ends that more text will not change: behind the last blank line that
 * closes a block, outside of code fences, lists, quotes and tables. 0 = nowhere yet.
 */
export function settledUpTo(text: string): number {
  let fence: string | undefined;
  let blank = false;
  let settled = 0;
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    // The last line may still become anything.
    if (end < 0) break;
    const line = text.slice(start, end);
    const mark = FENCE.exec(line)?.[1];
    if (fence === undefined && blank && line !== '' && !GOES_ON.test(line)) settled = start;
    if (mark !== undefined && fence === undefined) fence = mark;
    else if (fence !== undefined && mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
    blank = line.trim() === '';
    start = end + 1;
  }
  return settled;
}
