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
  type YAMLWarning,
} from 'yaml';
import { refusal } from '../core/errors.ts';
import { checkConfig, problem } from './check-config.ts';
import { type ConfigSource, type KeyPath, writeKeyPath } from './config-source.ts';
import type { Finding } from './describe-issue.ts';

/** Aliases (`*name`) a file may have: more than anybody writes, too few for a billion laughs. */
const MAX_ALIASES = 100;

/** One slip can make every later line an error; the first ones tell where it is. */
export const MAX_YAML_ERRORS = 5;

/** Keys that mean something to JavaScript itself. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

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
  // The parser only warns of a tag (`!name`) and leaves it out; nothing is left out silently here.
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    throw refusal(broken.slice(0, MAX_YAML_ERRORS).map((error) => problem(at(error.pos[0]), brokenYaml(error))));
  }
  const unusable = unusableNames(document);
  if (unusable.length > 0) {
    throw refusal(unusable.map(({ offset, why }) => problem(at(offset), { message: why })));
  }

  const config = checkConfig(toValue(document, file), (path, part) => {
    const key = writeKeyPath(path);
    return `${at(offsetOf(document, path, part))}${key === '' ? '' : ` ${key}`}`;
  });
  return { file, kind, config, where: (path) => at(offsetOf(document, path, 'value')) };
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

export function brokenYaml({ code, message }: YAMLParseError | YAMLWarning): Finding {
  if (code === 'DUPLICATE_KEY') {
    return { message: 'This key stands in the same mapping a second time.', hint: 'Keep one.' };
  }
  if (code === 'MULTIPLE_DOCS') return { message: 'A second document starts here.', hint: 'Keep one in the file.' };
  // What follows a colon is the text itself, in which a key may stand.
  const [first = message] = message.split(/: |\n/);
  return { message: `It is not valid YAML: ${/[.!?]$/.test(first) ? first : `${first}.`}` };
}

export function toValue(document: Document.Parsed, file: string): unknown {
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
  return value ?? {};
}

export function unusableNames(document: Document.Parsed): { offset: number | undefined; why: string }[] {
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
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) {
        found.push({ offset: alias.range?.[0], why: `"*${alias.source}" refers to nothing before it.` });
      }
    },
  });
  return found;
}

/** Where a path stands: its key, its value, or the nearest of its parents that the file has. */
export function offsetOf(document: Document.Parsed, path: KeyPath, part: 'key' | 'value'): number | undefined {
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
