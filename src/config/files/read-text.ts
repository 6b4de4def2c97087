import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DelegateError } from '../../core/errors.ts';

/** Bytes a configuration file may have. A file of a thousand models is under 200 KB. */
export const MAX_CONFIG_BYTES = 2_000_000;

/**
 * The text of a configuration file; undefined when there is none.
 * Throws `CONFIG_INVALID` for what is no file, cannot be read, is too large or is no text.
 */
export function readText(file: string): string | undefined {
  const refuse = (why: string, hint: string, cause?: unknown): DelegateError =>
    new DelegateError('CONFIG_INVALID', `"${file}" ${why}`, { hint, ...(cause === undefined ? {} : { cause }) });
  let bytes: Buffer;
  try {
    const descriptor = openSync(file, 'r');
    try {
      const stat = fstatSync(descriptor);
      if (stat.isDirectory()) throw refuse('is a folder, not a file.', 'Name the file itself.');
      if (stat.size > MAX_CONFIG_BYTES) throw refuse(tooLarge(stat.size), TOO_LARGE_HINT);
      // The size of a pipe or a device is not known before it is read.
      bytes = readUpTo(descriptor, MAX_CONFIG_BYTES + 1);
    } finally {
      closeSync(descriptor);
    }
  } catch (thrown) {
    if (thrown instanceof DelegateError) throw thrown;
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw refuse(`cannot be read (${code}).`, 'Check who may read it.', thrown);
  }
  if (bytes.length > MAX_CONFIG_BYTES) throw refuse(tooLarge(), TOO_LARGE_HINT);
  if (bytes.includes(0)) throw refuse('is not a text file.', 'Write it in YAML or JSON.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (thrown) {
    throw refuse('is not UTF-8 text.', 'Save it as UTF-8.', thrown);
  }
}

const TOO_LARGE_HINT = 'Is it the file you meant?';

function tooLarge(size?: number): string {
  const limit = MAX_CONFIG_BYTES.toLocaleString('en-US');
  return size === undefined
    ? `has more than the ${limit} bytes that a configuration may have.`
    : `has ${size.toLocaleString('en-US')} bytes; a configuration may have ${limit}.`;
}

function readUpTo(descriptor: number, limit: number): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const chunk = Buffer.allocUnsafe(Math.min(65_536, limit - total));
    const read = readSync(descriptor, chunk);
    if (read === 0) break;
    chunks.push(chunk.subarray(0, read));
    total += read;
  }
  return Buffer.concat(chunks);
}
