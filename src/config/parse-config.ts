import * as v from 'valibot';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import { type Issue, refusal } from '../core/errors.ts';
import { suggestNames } from '../core/suggest.ts';
import type { ConfigFile } from './config-file.ts';
import { type ConfigSource, type KeyPath, writeKeyPath } from './config-source.ts';
import { ConfigSchema } from './schema.ts';

/** Aliases (`*name`) a file may have: more than anybody writes, too few for a billion laughs. */
const MAX_ALIASES = 100;

/** One slip can make every later line an error; the first ones tell where it is. */
const MAX_YAML_ERRORS = 5;

/** Keys that mean something to JavaScript itself. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What stands below these keys is never repeated in a message. */
const SECRET: ReadonlySet<string | number> = new Set(['api_key', 'headers']);

/** `2_000_000` is a number in YAML 1.1 and in people's heads, but not in YAML 1.2. */
const GROUPED_DIGITS = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?\d+(?:_\d+)+$/,
  resolve: (written: string) => Number(written.replaceAll('_', '')),
} as const;

/** The document of a text, with comments and positions; what it says may still be wrong. */
export function parseYaml(text: string, lines?: LineCounter): Document.Parsed {
  return parseDocument(text, {
    version: '1.2',
    prettyErrors: false,
    customTags: (tags) => [GROUPED_DIGITS, ...tags],
    ...(lines === undefined ? {} : { lineCounter: lines }),
  });
}

/** Checks one file (YAML, or JSON as a part of it). Throws `CONFIG_INVALID` with every problem and its position. */
export function parseConfig(text: string, { file, kind }: Pick<ConfigSource, 'file' | 'kind'>): ConfigSource {
  const lines = new LineCounter();
  const at = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const document = parseNested(text, lines, file);
  if (document.errors.length > 0) {
    throw refusal(
      document.errors.slice(0, MAX_YAML_ERRORS).map((error) => problem(at(error.pos[0]), brokenYaml(error))),
    );
  }
  const reserved = reservedKeys(document);
  if (reserved.length > 0) {
    throw refusal(
      reserved.map(({ offset, why }) => problem(at(offset), { message: why, hint: 'Give it a plain name.' })),
    );
  }

  const value = toValue(document, file);
  const where = (path: KeyPath): string => at(offsetOf(document, path, 'value'));
  const keyAt = (path: KeyPath): string => at(offsetOf(document, path, 'key'));
  const result = v.safeParse(ConfigSchema, value);
  const issues = [
    ...unknownKeys(ConfigSchema as Schema, value, []).map(({ path, known, owner }) => {
      const key = String(path.at(-1));
      const suggestions = suggestNames(key, known);
      return problem(`${keyAt(path)} ${writeKeyPath(path)}`, {
        message: `"${key}" is not a key of ${owner}.`,
        hint: suggestions.length > 0 ? `Did you mean ${quoted(suggestions)}?` : `It has ${known.join(', ')}.`,
        suggestions,
      });
    }),
    ...(result.issues ?? [])
      .flatMap((issue) => leaves(issue))
      .flatMap(({ issue, path }) => {
        const found = describeIssue(issue, path.some((key) => SECRET.has(key)) ? 'The value' : shown(issue.input));
        if (found === undefined) return [];
        return [problem(`${where(path)}${path.length === 0 ? '' : ` ${writeKeyPath(path)}`}`, found)];
      }),
  ];
  if (issues.length > 0) throw refusal(issues.sort((one, other) => comparePositions(one.path, other.path)));
  return { file, kind, config: (result as { output: ConfigFile }).output, where };
}

function parseNested(text: string, lines: LineCounter, file: string): Document.Parsed {
  const tooDeep = () =>
    refusal([problem(`${file}:1:1`, { message: 'It is nested too deeply to be a configuration.' })]);
  try {
    const document = parseYaml(text, lines);
    // The parser recurses: some thousand brackets end its stack, which it may report as an error of the text.
    if (document.errors.some(({ message }) => message.includes('call stack'))) throw tooDeep();
    return document;
  } catch (thrown) {
    throw thrown instanceof RangeError ? tooDeep() : thrown;
  }
}

function brokenYaml({ code, message }: YAMLParseError): Finding {
  if (code === 'DUPLICATE_KEY')
    return { message: 'This key stands in the same mapping a second time.', hint: 'Keep one.' };
  return { message: `It is not valid YAML: ${sentence(message)}` };
}

/** The plain value: a key without a value counts as absent, a provider without settings as a provider. */
function toValue(document: Document.Parsed, file: string): unknown {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (thrown) {
    if (!(thrown instanceof ReferenceError || thrown instanceof RangeError)) throw thrown;
    throw refusal([
      problem(`${file}:1:1`, {
        message: `It repeats itself through aliases more than ${MAX_ALIASES} times.`,
        hint: 'Write the values out.',
      }),
    ]);
  }
  return value === null || value === undefined ? {} : withoutNulls(value, []);
}

function withoutNulls(value: unknown, path: KeyPath): unknown {
  if (Array.isArray(value)) return value.map((item, index) => withoutNulls(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) => {
      if (entry === null) return path.length === 1 && path[0] === 'providers' ? [[key, {}]] : [];
      return [[key, withoutNulls(entry, [...path, key])]];
    }),
  );
}

function reservedKeys(document: Document.Parsed): { offset: number | undefined; why: string }[] {
  const found: { offset: number | undefined; why: string }[] = [];
  visit(document, {
    Pair(_, pair) {
      const key = pair.key as Node | null;
      const offset = key?.range?.[0];
      if (!isScalar(key) || typeof key.value !== 'string') {
        // Numbers and booleans are written back as they stand; a list or mapping cannot be a key.
        if (!isScalar(key) || key.value === null) found.push({ offset, why: 'A key must be a plain word.' });
      } else if (RESERVED.has(key.value)) found.push({ offset, why: `"${key.value}" cannot be a key.` });
    },
  });
  return found;
}

/** Where a path stands: its key, its value, or the nearest of its parents that the file has. */
function offsetOf(document: Document.Parsed, path: KeyPath, part: 'key' | 'value'): number | undefined {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0];
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) return offset;
      const last = index === path.length - 1;
      const key = (pair.key as Node).range?.[0];
      node = pair.value;
      const value = (pair.value as Node | null)?.range?.[0];
      // What is wrong inside a mapping is shown at its key, not at the first line of its contents.
      offset = (last && part === 'value' && !isMap(node) ? value : key) ?? key;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}

/** What this walk knows of valibot's schema objects. */
interface Schema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[];
  readonly item?: Schema;
  readonly value?: Schema;
  readonly wrapped?: Schema;
}

interface UnknownKey {
  readonly path: KeyPath;
  readonly known: readonly string[];
  readonly owner: string;
}

/** Every key that no schema has: valibot itself stops at the first one of a mapping. */
function unknownKeys(schema: Schema, value: unknown, path: KeyPath): UnknownKey[] {
  if (typeof value !== 'object' || value === null) return [];
  if (schema.wrapped !== undefined) return unknownKeys(schema.wrapped, value, path);
  if (Array.isArray(value)) {
    const { item } = arrayOption(schema) ?? {};
    return item === undefined ? [] : value.flatMap((entry, index) => unknownKeys(item, entry, [...path, index]));
  }
  const option = schema.options?.find(({ type }) => type === 'strict_object') ?? schema;
  if (option.type === 'record' && option.value !== undefined) {
    const inner = option.value;
    return Object.entries(value).flatMap(([key, entry]) => unknownKeys(inner, entry, [...path, key]));
  }
  const entries = option.entries;
  if (entries === undefined) return [];
  const owner = path.length === 0 ? 'the configuration' : `"${writeKeyPath(path)}"`;
  return Object.entries(value).flatMap(([key, entry]) => {
    const inner = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (inner === undefined) return [{ path: [...path, key], known: Object.keys(entries), owner }];
    return unknownKeys(inner, entry, [...path, key]);
  });
}

function arrayOption(schema: Schema): Schema | undefined {
  return schema.type === 'array' ? schema : schema.options?.find(({ type }) => type === 'array');
}

type AnyIssue = v.BaseIssue<unknown>;

/** The issues that say something: of a choice, those of the form that was meant. */
function leaves(issue: AnyIssue, base: KeyPath = []): { issue: AnyIssue; path: KeyPath }[] {
  const path = [...base, ...(issue.path ?? []).map(({ key }) => key as string | number)];
  const inner = issue.type === 'union' ? (issue.issues ?? []) : [];
  // A deeper issue means that this form was recognised; otherwise none was, and the choice itself is the news.
  const meant = inner.filter((each) => (each.path?.length ?? 0) > 0 || each.kind === 'validation');
  return meant.length === 0 ? [{ issue, path }] : meant.flatMap((each) => leaves(each, path));
}

interface Finding {
  readonly message: string;
  readonly hint?: string;
  readonly suggestions?: readonly string[];
}

/** One sentence a person can act on; undefined for what is reported elsewhere. */
function describeIssue(issue: AnyIssue, got: string): Finding | undefined {
  const requirement = (issue as { requirement?: unknown }).requirement;
  switch (issue.type) {
    case 'strict_object':
      // "never" is an unknown key; the walk has found it, and its neighbours.
      if (issue.expected === 'never') return undefined;
      if (issue.received === 'undefined') return { message: `${issue.expected} is missing.` };
      return { message: `${got} is not a mapping.`, hint: 'Write keys and values below it.' };
    case 'record':
      return { message: `${got} is not a mapping of names.`, hint: 'Write a name and what it stands for.' };
    case 'string':
      return { message: `${got} is not a text.`, hint: 'Put it in quotes.' };
    case 'number':
      return { message: `${got} is not a number.` };
    case 'boolean':
      return { message: `${got} is neither true nor false.` };
    case 'array':
      return { message: `${got} is not a list.`, hint: 'Write it as [a, b].' };
    case 'non_empty':
    case 'min_length':
      return { message: 'It is empty.', hint: 'Give it a value, or leave the key out.' };
    case 'integer':
      return { message: `${got} is not a whole number.` };
    case 'finite':
      return { message: `${got} is not a finite number.` };
    case 'min_value':
      return { message: `${got} is too small: the least is ${requirement}.` };
    case 'gt_value':
      return { message: `${got} is not more than ${requirement}.` };
    case 'iso_date':
      return { message: `${got} is not a day.`, hint: 'Write it as 2026-08-01, in quotes.' };
    case 'regex':
      return { message: `${got} has characters that cannot stand here.` };
    default: {
      // picklist, literal, union: a choice of words.
      const words = choices(issue.expected ?? '');
      const suggestions = typeof issue.input === 'string' ? suggestNames(issue.input, words) : [];
      const message = `${got} is not ${words.length < 2 ? words.join() : `one of ${words.join(', ')}`}.`;
      return {
        message,
        ...(suggestions.length > 0 ? { hint: `Did you mean ${quoted(suggestions)}?`, suggestions } : {}),
      };
    }
  }
}

/** `("low" | "high" | false)` → the words; forms are named as people write them. */
function choices(expected: string): string[] {
  const forms: Record<string, string> = { Object: 'a mapping', Array: 'a list', string: 'a text' };
  return expected
    .replaceAll(/[()]/g, '')
    .split(' | ')
    .map((word) => forms[word] ?? unquoted(word))
    .filter((word) => word !== '');
}

function shown(input: unknown): string {
  if (Array.isArray(input)) return 'A list';
  if (typeof input === 'object' && input !== null) return 'A mapping';
  const written = String(input);
  return `"${written.length > 80 ? `${written.slice(0, 80)}…` : written}"`;
}

function problem(path: string, { message, hint = '', suggestions = [] }: Finding): Issue {
  return { code: 'CONFIG_INVALID', path, message, hint, suggestions };
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(' or ');
}

function unquoted(word: string): string {
  return word.replace(/^"|"$/g, '');
}

function sentence(message: string): string {
  const [first = message] = message.split('\n');
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

function comparePositions(one: string, other: string): number {
  const of = (path: string): number[] => (/:(\d+):(\d+)(?: |$)/.exec(path) ?? []).slice(1).map(Number);
  const [line = 0, column = 0] = of(one);
  const [otherLine = 0, otherColumn = 0] = of(other);
  return line - otherLine || column - otherColumn;
}
