import type { Json } from '../core/task.ts';

type JsonObject = { readonly [key: string]: Json };

/** What every known host takes in a tool's schema (docs/decisions/0006). The rest our own reader checks. */
const KEPT = new Set(['type', 'properties', 'items', 'required', 'enum', 'description', 'additionalProperties']);

/** A schema without the keywords that some host refuses. What it lets through besides, the parser refuses. */
export function plainSchema(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
      if (!KEPT.has(key)) return [];
      if (key === 'properties') return [[key, mapValues(value as JsonObject, (inner) => plainSchema(inner))]];
      if (key === 'items') return [[key, plainSchema(value as JsonObject)]];
      return [[key, value]];
    }),
  );
}

function mapValues(object: JsonObject, map: (value: JsonObject) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value as JsonObject)]));
}
