import { DelegateError } from '../core/errors.ts';
import type { Tool, ToolsFor } from '../core/tool.ts';
import { createListFiles } from './list-files.ts';
import { createReadFile } from './read-file.ts';
import { createSearchFiles } from './search-files.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** The tools of each toolset, in the order the model sees them. */
const TOOLSETS: Readonly<Record<string, (workspace: Workspace) => readonly Tool[]>> = {
  read: (workspace) => [createReadFile(workspace), createListFiles(workspace), createSearchFiles(workspace)],
};

export function createToolsFor(): ToolsFor {
  return (folder) => ({
    async kit(names) {
      if (names.length === 0) return { specs: [], open: () => ({ tools: new Map(), workspace: folder }) };
      const workspace = await openWorkspace(folder).catch((error: unknown) => {
        throw new DelegateError('REQUEST_INVALID', `The workspace "${folder}" cannot be opened.`, {
          hint: 'Give a folder that exists and may be read.',
          cause: error,
        });
      });
      const list = names.flatMap((name) => {
        const make = Object.hasOwn(TOOLSETS, name) ? TOOLSETS[name] : undefined;
        if (make !== undefined) return make(workspace);
        throw new DelegateError('TOOLSET_DENIED', `There is no toolset "${name}" here.`, {
          hint: `There are: ${Object.keys(TOOLSETS).join(', ')}.`,
        });
      });
      const tools = new Map(list.map((tool) => [tool.spec.name, tool]));
      return { specs: list.map((tool) => tool.spec), open: () => ({ tools, workspace: folder }) };
    },
  });
}
