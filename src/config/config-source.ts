import type { ConfigFile } from './config-file.ts';

/** Keys and list positions from the top of a file: `['delegation', 'allow', 0]`. */
export type KeyPath = readonly (string | number)[];

/** A file that was read and found valid. */
export interface ConfigSource {
  readonly file: string;
  readonly kind: 'user' | 'project' | 'explicit';
  readonly config: ConfigFile;
  /** `file:line:column` of a key, or of the nearest thing around it that the file has. */
  readonly where: (path: KeyPath) => string;
}

/** `delegation.allow[0]`; a part that is no plain word stands in quotes. */
export function writeKeyPath(path: KeyPath): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${/^[\w-]+$/.test(part) ? part : `"${part}"`}`,
    )
    .join('');
}
