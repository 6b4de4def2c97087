import type { JsonObject } from './dialect.ts';
import { objectsOf, textOf } from './json-shape.ts';

/** The input as items: a plain string is one message of the user. */
export function itemsOf(input: unknown): readonly JsonObject[] {
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : objectsOf(input);
}

/** Items may leave out `type` when they are messages. */
export function typeOf(item: JsonObject): string {
  return textOf(item.type) || (item.role === undefined ? '' : 'message');
}
