import { type Document, LineCounter, parseDocument } from 'yaml';
import { DelegateError, refusal } from '../../core/errors.ts';
import { problem } from '../check-config.ts';
import type { KeyPath } from '../config-source.ts';
import { readText } from '../files/read-text.ts';
import { brokenYaml, MAX_YAML_ERRORS, offsetOf, toValue, unusableNames } from '../parse-config.ts';
import { isMapping } from './notebook.ts';

/** A configuration of Hermes as it stands. Nothing in it is checked but that it is a mapping. */
export interface HermesFile {
  readonly value: Readonly<Record<string, unknown>>;
  /** The line a key stands in, from 1. */
  readonly lineOf: (path: KeyPath) => number;
}

/** Reads it as Hermes does, in YAML 1.1. Throws `CONFIG_INVALID` for what is no such file; no text of it is repeated. */
export function readHermes(file: string): HermesFile {
  const text = readText(file);
  if (text === undefined) {
    throw new DelegateError('CONFIG_INVALID', `"${file}" does not exist.`, {
      hint: 'Name the file: `yardmaster import hermes path/to/config.yaml`.',
    });
  }
  const lines = new LineCounter();
  const at = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const document = parse(text, lines, file);
  const broken = [...document.errors, ...document.warnings].slice(0, MAX_YAML_ERRORS);
  if (broken.length > 0) throw refusal(broken.map((error) => problem(at(error.pos[0]), brokenYaml(error))));
  const names = unusableNames(document);
  if (names.length > 0) throw refusal(names.map(({ offset, why }) => problem(at(offset), { message: why })));
  const value = toValue(document, file);
  if (!isMapping(value)) {
    throw new DelegateError('CONFIG_INVALID', `"${file}" is not a configuration of Hermes: it is no mapping.`, {
      hint: 'Name the config.yaml of Hermes.',
    });
  }
  if (Object.keys(value).length === 0) {
    throw new DelegateError('CONFIG_INVALID', `"${file}" is empty: there is nothing to import.`, {
      hint: 'Name the config.yaml of Hermes.',
    });
  }
  return { value, lineOf: (path) => Math.max(lines.linePos(offsetOf(document, path, 'key') ?? 0).line, 1) };
}

function parse(text: string, lines: LineCounter, file: string): Document.Parsed {
  const tooDeep = () =>
    refusal([problem(`${file}:1:1`, { message: 'It is nested too deeply to be a configuration.' })]);
  try {
    const document = parseDocument(text, { version: '1.1', prettyErrors: false, lineCounter: lines });
    if (document.errors.some(({ message }) => message.includes('call stack'))) throw tooDeep();
    return document;
  } catch (thrown) {
    throw thrown instanceof RangeError ? tooDeep() : thrown;
  }
}
