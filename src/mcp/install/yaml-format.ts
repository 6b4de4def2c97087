import { isScalar, parseDocument } from 'yaml';
import type { TextFormat } from './text-format.ts';

export const YAML_FORMAT: TextFormat = {
  parse: (text) => read(text).toJS() as unknown,
  edit(text, path, entry) {
    const document = read(text);
    // A key without a value (`mcp_servers:`) is a place for keys below it.
    for (let end = 1; end <= path.length; end += 1) {
      const node = document.getIn(path.slice(0, end), true);
      if (isScalar(node) && node.value === null) document.setIn(path.slice(0, end), document.createNode({}));
    }
    for (const [key, value] of Object.entries(entry)) document.setIn([...path, key], document.createNode(value));
    return document.toString({ lineWidth: 0 });
  },
};

function read(text: string): ReturnType<typeof parseDocument> {
  const document = parseDocument(text);
  const [first] = document.errors;
  if (first !== undefined) throw new Error(first.message);
  return document;
}
