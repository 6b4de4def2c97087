import * as v from 'valibot';
import { type Issue, refusal } from '../core/errors.ts';
import { byPosition, type KeyPath } from './config-source.ts';
import { describeIssue, type Finding, leaves, showValue } from './describe-issue.ts';
import type { ConfigFile } from './files/config-file.ts';
import { misfits, type Schema } from './misfits.ts';
import { ConfigSchema } from './schema.ts';

/** What stands below these keys is never repeated in a message: people put the key itself into `key_env`, too. */
const SECRET: ReadonlySet<string | number> = new Set(['api_key', 'key_env', 'headers', 'env']);

/** How a message names the place of a key: with its position in a file, or by the key alone. */
export type Place = (path: KeyPath, part: 'key' | 'value') => string;

/**
 * A value as a configuration. A key without a value counts as absent, a provider without settings as a provider.
 * Throws `CONFIG_INVALID` with everything that is wrong, in the order of positions.
 */
export function checkConfig(given: unknown, place: Place): ConfigFile {
  const value = withoutNulls(given, []);
  const result = v.safeParse(ConfigSchema, value, { abortPipeEarly: true });
  const issues = [
    ...misfits(ConfigSchema as Schema, value, []).map(({ path, part, finding }) => problem(place(path, part), finding)),
    ...(result.issues ?? [])
      .flatMap((issue) => leaves(issue))
      .flatMap(({ issue, path }) => {
        const found = describeIssue(issue, path.some((key) => SECRET.has(key)) ? 'The value' : showValue(issue.input));
        return found === undefined ? [] : [problem(place(path, 'value'), found)];
      }),
  ];
  if (issues.length > 0) throw refusal(issues.sort(byPosition));
  return (result as { output: ConfigFile }).output;
}

function withoutNulls(value: unknown, path: KeyPath): unknown {
  if (Array.isArray(value)) return value.map((item, index) => withoutNulls(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) => {
      if (entry === undefined) return [];
      if (entry === null) return path.length === 1 && path[0] === 'providers' ? [[key, {}]] : [];
      return [[key, withoutNulls(entry, [...path, key])]];
    }),
  );
}

/** A path is shown as it is, but for what could play with a terminal or fill it. */
export function problem(path: string, { message, hint = GENERAL_HINT, suggestions = [] }: Finding): Issue {
  const shown = path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
  return { code: 'CONFIG_INVALID', path: shown.replace(/[\p{Cc}\p{Cf}]/gu, '?'), message, hint, suggestions };
}

const GENERAL_HINT = 'docs/configuration.md lists what may stand here.';
const MAX_PATH = 500;
