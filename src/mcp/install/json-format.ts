import { applyEdits, modify, type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
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
    const entries = Object.entries(entry);
    const after = entries.reduce(
      (now, [key, value]) => applyEdits(now, modify(now, [...path, key], value, { formattingOptions })),
      text.trim() === '' ? '{}' : text,
    );
    return text.trim() === '' ? `${after}\n` : after;
  },
};
