import { applyEdits, modify, type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import type { HostFile, Value } from './host-file.ts';
import type { TextFormat } from './text-format.ts';

/** JSON as editors and agents write it: comments and trailing commas are allowed and stay. */
export const JSON_FORMAT: TextFormat = {
  parse(text) {
    if (text.trim() === '') return undefined;
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true });
    const [first] = errors;
    if (first === undefined) return value;
    throw new Error(`${printParseErrorCode(first.error)} at character ${first.offset}`);
  },
  edit(text, path, entry) {
    const [, indent] = /^([ \t]+)\S/m.exec(text) ?? [];
    const formattingOptions = {
      insertSpaces: indent?.startsWith('\t') !== true,
      tabSize: indent === undefined || indent.startsWith('\t') ? 2 : indent.length,
      eol: text.includes('\r\n') ? '\r\n' : '\n',
    };
    const after = leaves(path, entry).reduce(
      (now, { at, value }) => applyEdits(now, modify(now, at, value, { formattingOptions })),
      text.trim() === '' ? '{}' : text,
    );
    return text.trim() === '' ? `${after}\n` : after;
  },
};

/** What is set, one by one: what else stands in an object that is there already stays. */
function leaves(
  path: readonly string[],
  values: HostFile['entry'],
): { readonly at: string[]; readonly value: Value }[] {
  return Object.entries(values).flatMap(([key, value]) =>
    isObject(value) ? leaves([...path, key], value) : [{ at: [...path, key], value }],
  );
}

function isObject(value: Value): value is { readonly [key: string]: string } {
  return typeof value === 'object' && !Array.isArray(value);
}
