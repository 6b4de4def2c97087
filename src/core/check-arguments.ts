import type { Json } from './task.ts';

type JsonObject = { readonly [key: string]: Json };

/**
 * What is wrong with a tool call's arguments, in sentences for the model; empty when they fit.
 * Reads the part of JSON Schema that tools declare: required, properties, type, enum, minimum, maximum
 * and additionalProperties: false. Deeper schemas are the tool's own business.
 */
export function checkArguments(schema: JsonObject, args: JsonObject): string[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const problems: string[] = [];
  if (Array.isArray(schema.required)) {
    for (const name of schema.required) {
      if (typeof name === 'string' && args[name] === undefined) problems.push(`"${name}" is missing.`);
    }
  }
  for (const name in args) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (isObject(property)) {
      const problem = checkValue(property, args[name] as Json);
      if (problem !== undefined) problems.push(`"${name}" ${problem}.`);
    } else if (schema.additionalProperties === false) {
      problems.push(`"${name}" is not an argument; the arguments are ${Object.keys(properties).join(', ') || 'none'}.`);
    }
  }
  return problems;
}

function checkValue(schema: JsonObject, value: Json): string | undefined {
  if (typeof schema.type === 'string' && !hasType(value, schema.type)) {
    return `must be of type ${schema.type}, not ${typeOf(value)}`;
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) {
    return `must be one of ${schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ')}`;
  }
  if (typeof value === 'number') {
    if (typeof schema.minimum === 'number' && value < schema.minimum) return `must be at least ${schema.minimum}`;
    if (typeof schema.maximum === 'number' && value > schema.maximum) return `must be at most ${schema.maximum}`;
  }
  return undefined;
}

function hasType(value: Json, type: string): boolean {
  return type === 'integer' ? Number.isSafeInteger(value) : typeOf(value) === type;
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
