import type { ChildPlace } from '../child-place.ts';
import { defineTool, type ToolMaker } from '../define-tool.ts';
import { usesCrlf, withCrlf } from './line-ends.ts';

export const createWriteFile: ToolMaker<ChildPlace> = defineTool<
  { path: string; content: string },
  Pick<ChildPlace, 'files'>
>({
  name: 'write_file',
  description:
    'Makes a text file, or replaces a whole one that you have read; folders that are missing are made. To change a part, use edit_file.',
  properties: {
    path: { type: 'string', description: 'Relative to the workspace.' },
    content: { type: 'string', description: 'The whole text.' },
  },
  required: ['path', 'content'],
  changes: true,
  about: ({ path }) => path,
  async run({ path, content }, signal, { files }) {
    let said = '';
    await files.change(path, signal, (old) => {
      const kept = old !== undefined && usesCrlf(old) && content.includes('\n') ? withCrlf(content) : content;
      const ends = kept === content ? '' : ', line ends kept as CRLF';
      said = `${old === undefined ? 'Made' : 'Replaced'} ${path} (${Buffer.byteLength(kept)} bytes${ends}).`;
      return kept;
    });
    return said;
  },
});
