import type { ChildPlace } from '../child-place.ts';
import { defineTool, type ToolMaker } from '../define-tool.ts';
import { usesCrlf, withCrlf } from './line-ends.ts';

interface Args {
  readonly path: string;
  readonly old_string: string;
  readonly new_string: string;
  readonly replace_all?: boolean;
}

/** Lines named of a text that stands in more places than it should. */
const LINES_NAMED = 10;

export const createEditFile: ToolMaker<ChildPlace> = defineTool<Args, Pick<ChildPlace, 'files'>>({
  name: 'edit_file',
  description:
    'Replaces a text in a file that you have read. old_string must stand there exactly, white space included, and only once unless replace_all is true.',
  properties: {
    path: { type: 'string', description: 'Relative to the workspace.' },
    old_string: { type: 'string', description: 'The text to replace, with enough around it to be the only one.' },
    new_string: { type: 'string', description: 'The text to put there; may be empty.' },
    replace_all: { type: 'boolean', description: 'Replace every occurrence. Default: false.' },
  },
  required: ['path', 'old_string', 'new_string'],
  changes: true,
  about: ({ path }) => path,
  async run(args, signal, { files }) {
    const { path } = args;
    let said = '';
    await files.change(path, signal, (text) => {
      if (text === undefined) throw new Error(`"${path}" does not exist in the workspace; write_file makes it.`);
      const edited = edit(text, args);
      said = `Replaced ${edited.places === 1 ? '1 place' : `${edited.places} places`} in ${path} (line ${edited.line}).`;
      return edited.text;
    });
    return said;
  },
});

function edit(text: string, args: Args): { readonly text: string; readonly places: number; readonly line: number } {
  const { path } = args;
  if (args.old_string === '') throw new Error('old_string is empty; write_file writes a whole file.');
  if (args.old_string === args.new_string) throw new Error('old_string and new_string are the same.');
  // Models write plain line ends whatever the file has.
  const crlf = usesCrlf(text) || !text.includes(args.old_string);
  const [old, next] = crlf
    ? [withCrlf(args.old_string), withCrlf(args.new_string)]
    : [args.old_string, args.new_string];
  const found = places(text, old);
  if (found.length === 0)
    throw new Error(
      `"${path}" does not contain old_string. It must be exact, white space included; read the file again.`,
    );
  if (found.length > 1 && args.replace_all !== true) {
    const lines = found.slice(0, LINES_NAMED).map((at) => lineAt(text, at));
    throw new Error(
      `"${path}" contains old_string ${found.length} times (lines ${lines.join(', ')}${found.length > LINES_NAMED ? ', …' : ''}). Give more of what is around it, or set replace_all.`,
    );
  }
  const parts = text.split(old);
  return { text: parts.join(next), places: parts.length - 1, line: lineAt(text, found[0]!) };
}

/** Where it stands, also where two of them share characters: then it is not clear which is meant. */
function places(text: string, wanted: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) found.push(at);
  return found;
}

function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < position; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
