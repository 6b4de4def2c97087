import { MAX_NAME, quote } from '../core/routing/parse-name.ts';
import { suggestNames } from '../core/text/suggest.ts';
import { type KeyPath, writeKeyPath } from './config-source.ts';
import type { Finding } from './describe-issue.ts';

/** What this walk knows of valibot's schema objects. */
export interface Schema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[];
  readonly item?: Schema;
  readonly value?: Schema;
  readonly wrapped?: Schema;
}

export interface Misfit {
  readonly path: KeyPath;
  /** Which half of the line is wrong. */
  readonly part: 'key' | 'value';
  readonly finding: Finding;
}

/**
 * What valibot lets through or does not tell in full: every key that no schema has (it stops at the first of a
 * mapping), and a list where a mapping belongs (to it, an array is an object).
 */
export function misfits(schema: Schema, value: unknown, path: KeyPath): Misfit[] {
  if (typeof value !== 'object' || value === null) return [];
  if (schema.wrapped !== undefined) return misfits(schema.wrapped, value, path);
  const forms = schema.options ?? [schema];
  const list = forms.find(({ type }) => type === 'array');
  const mapping = forms.find(({ type }) => type === 'strict_object' || type === 'record');
  if (Array.isArray(value)) {
    const { item } = list ?? {};
    if (item !== undefined) return value.flatMap((entry, index) => misfits(item, entry, [...path, index]));
    return mapping === undefined ? [] : [{ path, part: 'value', finding: { message: 'A list is not a mapping.' } }];
  }
  if (mapping === undefined) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const inner = mapping.value ?? (Object.hasOwn(mapping.entries ?? {}, key) ? mapping.entries?.[key] : undefined);
    if (inner !== undefined) return misfits(inner, entry, [...path, key]);
    return [{ path: [...path, key], part: 'key' as const, finding: unknownKey(key, path, mapping) }];
  });
}

function unknownKey(key: string, path: KeyPath, mapping: Schema): Finding {
  const known = Object.keys(mapping.entries ?? {});
  const suggestions = suggestNames(key.slice(0, MAX_NAME), known);
  return {
    message: `${quote(key)} is not a key of ${path.length === 0 ? 'the configuration' : `"${writeKeyPath(path)}"`}.`,
    hint:
      suggestions.length > 0
        ? `Did you mean ${suggestions.map((name) => `"${name}"`).join(' or ')}?`
        : `It has ${known.join(', ')}.`,
    suggestions,
  };
}
