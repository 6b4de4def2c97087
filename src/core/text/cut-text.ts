/**
 * `text` in at most `max` characters: the first three quarters and the last quarter of what fits,
 * with a line between them that says how long the whole is and where it can be had.
 * Returns `text` itself when it fits. Never splits a surrogate pair.
 */
export function cutText(text: string, max: number, where: string): string {
  if (text.length <= max) return text;
  const marker = `\n\n[… cut here: the whole has ${text.length} characters; ${where} …]\n\n`;
  const room = Math.max(0, max - marker.length);
  const head = Math.ceil(room * 0.75);
  const tail = room - head;
  return text.slice(0, whole(text, head)) + marker + text.slice(tail === 0 ? text.length : wholeFrom(text, tail));
}

function whole(text: string, end: number): number {
  return isLow(text.charCodeAt(end)) ? end - 1 : end;
}

function wholeFrom(text: string, tail: number): number {
  const start = text.length - tail;
  return isLow(text.charCodeAt(start)) ? start + 1 : start;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
