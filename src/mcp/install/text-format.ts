import type { HostFile } from './host-file.ts';

/** How a kind of configuration file is read and changed in place. */
export interface TextFormat {
  /** The file's value; an empty file has none. Throws what is wrong with the text. */
  parse(text: string): unknown;
  /** Sets the entry's keys and changes no other character that it need not change. */
  edit(text: string, path: HostFile['path'], entry: HostFile['entry']): string;
}
