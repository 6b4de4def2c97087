import { DelegateError } from '../core/errors.ts';
import type { Tool, Toolset, ToolsFor } from '../core/tool.ts';
import { createListFiles } from './list-files.ts';
import { createReadFile } from './read-file.ts';
import { createSearchFiles } from './search-files.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** The tools of each toolset, in the order the model sees them. */
const TOOLSETS: Readonly<Record<string, (workspace: Workspace) => readonly Tool[]>> = {
  read: (workspace) => [createReadFile(workspace), createListFiles(workspace), createSearchFiles(workspace)],
};

export function createToolsFor(): ToolsFor {
  return async (names, folder) => {
    if (names.length === 0) return new Map();
    const workspace = await openWorkspace(folder).catch((error: unknown) => {
      throw new DelegateError('REQUEST_INVALID', `The workspace "${folder}" cannot be opened.`, {
        hint: 'Give a folder that exists and may be read.',
        cause: error,
      });
    });
    const tools = names.flatMap((name) => {
      const make = Object.hasOwn(TOOLSETS, name) ? TOOLSETS[name] : undefined;
      if (make !== undefined) return make(workspace);
      throw new DelegateError('TOOLSET_DENIED', `There is no toolset "${name}" here.`, {
        hint: `There are: ${Object.keys(TOOLSETS).join(', ')}.`,
      });
    });
    return new Map(tools.map((tool) => [tool.spec.name, tool])) satisfies Toolset;
  };
}
