import { stat } from 'node:fs/promises';
import { defineTool, type ToolMaker } from '../define-tool.ts';
import { createGlob } from './glob.ts';
import { type Entry, walk } from './walk.ts';

/** Names one call gives: about 10,000 tokens. */
export const LIST_ENTRIES = 1_000;
/** Names one call looks at, for a glob that fits few. */
const LOOKED_AT = 100_000;

const MARK: Readonly<Record<Entry['kind'], string>> = {
  file: '',
  folder: '/',
  skipped: '/ (not listed; ask for it by path)',
  link: ' (symlink)',
  other: ' (not a regular file)',
};

export const createListFiles: ToolMaker = defineTool<{
  path?: string;
  recursive?: boolean;
  glob?: string;
}>({
  name: 'list_files',
  description: 'Lists a folder of the workspace, one name a line, folders with a slash.',
  properties: {
    path: { type: 'string', description: 'Relative to the workspace. Default: the workspace.' },
    recursive: { type: 'boolean', description: 'With everything below it. Default: false.' },
    glob: {
      type: 'string',
      description: 'Only files that fit, such as *.ts or src/**/*.{ts,tsx}; implies recursive.',
    },
  },
  required: [],
  about: ({ path = '.', glob }) => (glob === undefined ? path : `${path} ${glob}`),
  async run({ path = '.', recursive = false, glob }, signal, workspace) {
    const folder = await workspace.locate(path);
    if (!(await stat(folder)).isDirectory()) throw new Error(`"${path}" is a file; read_file shows it.`);
    const fits = glob === undefined ? undefined : createGlob(glob);
    const lines: string[] = [];
    let looked = 0;
    let cut = false;
    for await (const entry of walk(folder, { recursive: recursive || fits !== undefined, signal })) {
      if (fits !== undefined && (entry.kind !== 'file' || !fits(entry.path))) {
        looked += 1;
      } else {
        lines.push(entry.path + MARK[entry.kind]);
      }
      cut = lines.length >= LIST_ENTRIES || looked >= LOOKED_AT;
      if (cut) break;
    }
    if (lines.length === 0) lines.push(fits === undefined ? '[The folder is empty.]' : '[No file fits.]');
    if (cut) lines.push('[Cut here: there may be more. Ask for a folder further down or a closer glob.]');
    return lines.join('\n');
  },
});
