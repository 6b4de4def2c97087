import { type Document, isScalar } from 'yaml';
import { DelegateError, refusal } from '../../core/errors.ts';
import { problem } from '../check-config.ts';
import { type KeyPath, writeKeyPath } from '../config-source.ts';
import { isReference } from '../expand-variables.ts';
import type { LoadedConfig } from '../load-config.ts';
import { misfits, type Schema } from '../misfits.ts';
import { parseConfig, parseYaml } from '../parse-config.ts';
import { ConfigSchema } from '../schema.ts';
import type { Paths } from './config-paths.ts';
import { readText } from './read-text.ts';
import { writeFileAtomically } from './write-file.ts';

/** First line of a file we create: editors then complete and check it by the schema that the package ships. */
export const SCHEMA_LINE: string = `# yaml-language-server: $schema=${new URL('../../../data/config.schema.json', import.meta.url).href}\n`;

/** `delegation.max_turns`, `providers."z.ai".rpm`, `routes.r.fallback[0]` → keys. Throws `CONFIG_INVALID`. */
export function parseKeyPath(text: string): KeyPath {
  const path: (string | number)[] = [];
  const part = /\.?(?:"([^"]+)"|([^.[\]"]+))|\[(\d+)\]/y;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) break;
    path.push(match[3] === undefined ? (match[1] ?? match[2] ?? '') : Number(match[3]));
  }
  if (path.length > 0 && part.lastIndex === text.length && !text.startsWith('.')) return path;
  throw new DelegateError('CONFIG_INVALID', `"${text}" is not a key.`, {
    hint: 'Write it as delegation.max_turns; a part with dots in quotes.',
  });
}

export interface ConfigValue {
  readonly key: string;
  /** Undefined when nobody set it and it has no default. Keys are not shown. */
  readonly value: unknown;
  /** `file:line:column`, or `default`. */
  readonly source: string;
}

/** A value in force, and where it stands. Throws `CONFIG_INVALID` for a key that no configuration has. */
export function getConfigValue({ config, where }: Pick<LoadedConfig, 'config' | 'where'>, path: KeyPath): ConfigValue {
  let value: unknown = config;
  for (const step of path) {
    const held = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    value = held ? (value as Record<string | number, unknown>)[step] : undefined;
  }
  if (value === undefined) refuseUnknownKey(path);
  const inside = path.at(-1) === 'api_key' ? { api_key: value } : undefined;
  const shown = inside === undefined ? withoutKeys(value) : (withoutKeys(inside) as { api_key: unknown }).api_key;
  return { key: writeKeyPath(path), value: shown, source: where(path) };
}

function refuseUnknownKey(path: KeyPath): void {
  const shape = path.reduceRight<unknown>((below, key) => (typeof key === 'number' ? [below] : { [key]: below }), {});
  const [unknown] = misfits(ConfigSchema as Schema, shape, []);
  if (unknown !== undefined) throw refusal([problem(writeKeyPath(unknown.path), unknown.finding)]);
}

/** Everything in force, with keys taken out. */
export function withoutKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) =>
      key === 'api_key' && typeof entry === 'string' && !isReference(entry)
        ? [key, '[redacted]']
        : [key, withoutKeys(entry)],
    ),
  );
}

export interface SetOptions {
  /** Default: the user's file. */
  readonly file?: string;
  readonly paths: Pick<Paths, 'config_file'>;
}

/**
 * Sets one key of a file (default: the user's), or takes it out when `text` is undefined; returns the file.
 * `text` is read as YAML (`5`, `[read]`, `open`). Comments and order stay. The result must be valid: otherwise
 * `CONFIG_INVALID`, and the file is as it was. A key itself is refused: files are copied and shared.
 */
export function setConfigValue(path: KeyPath, text: string | undefined, { file, paths }: SetOptions): string {
  const target = file ?? paths.config_file;
  const value = text === undefined ? undefined : parseValue(text);
  if (holdsKey(path, value)) {
    throw new DelegateError('CONFIG_INVALID', `"${writeKeyPath(path)}" is not written as a plain key.`, {
      hint: 'Put the key in an environment variable and name the variable under key_env.',
    });
  }
  const before = readText(target) ?? SCHEMA_LINE;
  parseConfig(before, { file: target, kind: 'user' });
  const after = editConfigText(before, [[path, value]]);
  parseConfig(after, { file: target, kind: 'user' });
  writeFileAtomically(target, after);
  return target;
}

/** One key and what it is to be; undefined takes it out. */
export type ConfigEdit = readonly [path: KeyPath, value: unknown];

/** A configuration's text with keys set in it. Comments, order and what was not asked for stay as they are written. */
export function editConfigText(before: string, edits: readonly ConfigEdit[]): string {
  const document = parseYaml(before);
  if (isJson(before)) {
    for (const [path, value] of edits) setIn(document, path, value);
    return `${JSON.stringify(document.toJS(), null, 2)}\n`;
  }
  const changed = edits.filter(([path, value]) => setIn(document, path, value));
  return changed.length === 0 ? before : document.toString({ lineWidth: 0 });
}

/** A mapping or list longer than this is written a line a key. */
const FLOW_CHARS = 90;

/** False = there was nothing to take out. */
function setIn(document: Document.Parsed, path: KeyPath, value: unknown): boolean {
  if (value === undefined) return document.hasIn(path) && document.deleteIn(path);
  // A key without a value (`delegation:`) is a place for keys below it.
  for (let end = 1; end < path.length; end += 1) {
    const node = document.getIn(path.slice(0, end), true);
    if (isScalar(node) && node.value === null) document.setIn(path.slice(0, end), document.createNode({}));
  }
  const old = document.getIn(path, true);
  const plain = typeof value !== 'object';
  // The comment behind a value belongs to the value.
  if (isScalar(old) && plain) old.value = value;
  else {
    const flow = JSON.stringify(value).length <= FLOW_CHARS;
    document.setIn(path, plain ? value : document.createNode(value, { flow }));
  }
  return true;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseValue(text: string): unknown {
  const document = parseYaml(text);
  const [error] = document.errors;
  if (error === undefined) return document.toJS({ maxAliasCount: 0 });
  throw new DelegateError('CONFIG_INVALID', `"${text}" is not a value: ${error.message}.`, {
    hint: 'Write it as in the file, for example 5, open or [read].',
  });
}

function holdsKey(path: KeyPath, value: unknown): boolean {
  if (path.at(-1) === 'api_key') return typeof value === 'string' && !isReference(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, entry]) => holdsKey([...path, key], entry));
}
