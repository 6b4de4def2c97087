import type { Issue } from '../core/errors.ts';
import type { ConfigFile } from './files/config-file.ts';

/** Keys and list positions from the top of a file: `['delegation', 'allow', 0]`. */
export type KeyPath = readonly (string | number)[];

/** A configuration that was read and found valid; `given` is an object that no file holds. */
export interface ConfigSource {
  readonly file: string;
  readonly kind: 'user' | 'project' | 'explicit' | 'given';
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

/** Orders issues as their places stand in the file. */
export function byPosition(one: Issue, other: Issue): number {
  const [line = 0, column = 0] = positionIn(one.path);
  const [otherLine = 0, otherColumn = 0] = positionIn(other.path);
  return line - otherLine || column - otherColumn;
}

function positionIn(path: string): number[] {
  return (/:(\d+):(\d+)(?: |$)/.exec(path) ?? []).slice(1).map(Number);
}
