import type { JsonObject } from './dialect.ts';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value when it is an object, else an empty one. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The objects in a list; of anything else, none. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The text of a content that is a string or a list of parts with a `text`. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return objectsOf(content)
    .map((part) => textOf(part.text))
    .filter((text) => text !== '')
    .join('\n');
}

/** A text in `count` nearly equal pieces, no character torn apart. Shorter texts give fewer. */
export function pieces(text: string, count: number): readonly string[] {
  if (text === '') return [];
  const size = Math.max(1, Math.ceil(text.length / Math.max(1, count)));
  const result: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = at + size;
    const last = text.charCodeAt(end - 1);
    if (last >= 0xd800 && last < 0xdc00) end += 1;
    result.push(text.slice(at, end));
    at = end;
  }
  return result;
}
