import { isDeepStrictEqual } from 'node:util';
import { DelegateError } from '../../core/errors.ts';
import type { HostFile } from './host-file.ts';
import type { TextFormat } from './text-format.ts';

/**
 * The file's text with the server in it. Comments, order, other servers, and what somebody added to the entry stay
 * as they are written. The same text when all is there already. Throws when the file cannot be read or when anything
 * else in it would change: then nothing is to be written.
 */
export async function editHostFile(before: string, { file, format, path, entry }: HostFile): Promise<string> {
  const { parse, edit } = await loadFormat(format);
  const read = (text: string): unknown => {
    try {
      return parse(text);
    } catch (cause) {
      throw new DelegateError('CONFIG_INVALID', `"${file}" cannot be read: ${(cause as Error).message}`, {
        hint: 'Mend it first, or add what --print shows by hand.',
        cause,
      });
    }
  };
  const old = read(before);
  const wanted = merged(old, path, entry);
  if (wanted !== undefined && isDeepStrictEqual(plain(old), plain(wanted))) return before;
  const after = wanted === undefined ? undefined : edit(before, path, entry);
  if (after === undefined || !isDeepStrictEqual(plain(read(after)), plain(wanted))) {
    throw new DelegateError('CONFIG_INVALID', `"${file}" is written in a way that cannot be changed safely.`, {
      hint: 'Add what --print shows by hand.',
    });
  }
  return after;
}

/** What a new file of that host would hold. */
export async function snippet({ format, path, entry }: HostFile): Promise<string> {
  const { edit } = await loadFormat(format);
  return edit('', path, entry);
}

function loadFormat(format: HostFile['format']): Promise<TextFormat> {
  switch (format) {
    case 'json':
      return import('./json-format.ts').then(({ JSON_FORMAT }) => JSON_FORMAT);
    case 'toml':
      return import('./toml-format.ts').then(({ TOML_FORMAT }) => TOML_FORMAT);
    case 'yaml':
      return import('./yaml-format.ts').then(({ YAML_FORMAT }) => YAML_FORMAT);
  }
}

/** The file's value with the entry in it; undefined when something stands where a section should be. */
function merged(value: unknown, path: readonly string[], entry: HostFile['entry']): unknown {
  if (value !== undefined && value !== null && !isObject(value)) return undefined;
  const object = isObject(value) ? value : {};
  const [step, ...rest] = path;
  if (step === undefined) return { ...object, ...filled(object, entry) };
  const inner = merged(object[step], rest, entry);
  return inner === undefined ? undefined : { ...object, [step]: inner };
}

/** An entry's own objects are filled, not replaced: somebody may have added to them. */
function filled(object: Readonly<Record<string, unknown>>, entry: HostFile['entry']): object {
  return Object.fromEntries(
    Object.entries(entry).map(([key, value]) => {
      const old = object[key];
      return [key, isObject(value) && isObject(old) ? { ...old, ...value } : value];
    }),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parsers give objects of their own kinds; their data is compared. */
function plain(value: unknown): unknown {
  return value === undefined || value === null ? {} : JSON.parse(JSON.stringify(value));
}
