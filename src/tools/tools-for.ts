import { DelegateError } from '../core/errors.ts';
import type { ChildTools, Tool, Toolset, ToolsFor, ToolUser } from '../core/tool.ts';
import type { ChildPlace } from './child-place.ts';
import type { ToolMaker } from './define-tool.ts';
import { createListFiles } from './files/list-files.ts';
import type { Outside } from './files/outside.ts';
import { createReadFile } from './files/read-file.ts';
import { createSearchFiles } from './files/search-files.ts';
import { createSiblings } from './files/siblings.ts';
import { openWorkspace, type Workspace } from './files/workspace.ts';
import type { CommandsOptions } from './terminal/open-commands.ts';
import type { OpenTerminal } from './terminal/terminal.ts';
import type { Worktrees } from './worktree/worktrees.ts';

export interface ToolsOptions extends CommandsOptions {
  /** Folder for the worktrees of children. */
  readonly worktrees: string;
  /** Absent: there are no toolsets `web` and `mcp:…`. */
  readonly outside?: Outside;
}

/** The tools of a toolset. What can change something is made for a place of the child's own. */
type Ready =
  | { readonly changes: false; readonly makers: readonly ToolMaker[] }
  | { readonly changes: true; readonly makers: readonly ToolMaker<ChildPlace>[]; readonly openTerminal?: OpenTerminal };

/** Toolsets by name. What one needs is looked for, and loaded, when the first child is to have it. */
const TOOLSETS: Readonly<Record<string, (options: ToolsOptions) => Promise<Ready>>> = {
  read: async () => ({ changes: false, makers: [createReadFile, createListFiles, createSearchFiles] }),
  async write() {
    const [write, edit] = await Promise.all([import('./files/write-file.ts'), import('./files/edit-file.ts')]);
    return { changes: true, makers: [write.createWriteFile, edit.createEditFile] };
  },
  async terminal(options) {
    const { openCommands } = await import('./terminal/open-commands.ts');
    const { createTool, openTerminal } = await openCommands(options);
    return { changes: true, makers: [createTool], openTerminal };
  },
};

export function createToolsFor(options: ToolsOptions): ToolsFor {
  return (folder) => {
    const siblings = createSiblings();
    let workspace: Promise<Workspace> | undefined;
    let worktrees: Promise<Worktrees> | undefined;
    /** Some child of the delegation can change files: then it matters who has read what. */
    let changes = false;
    return {
      async kit(names, { worktree }) {
        if (names.length === 0 && !worktree)
          return { specs: [], open: () => ({ tools: new Map(), workspace: folder }) };
        workspace ??= open(folder);
        const shared = await workspace;
        const sets = await Promise.all(names.map((name) => prepare(name, options)));
        if (worktree) {
          worktrees ??= openWorktrees(shared.root, options);
          await (await worktrees).check();
        }
        changes ||= worktree || sets.some((set) => set.changes);
        const only_read = toolset(sets.flatMap((set) => (set.changes ? [] : set.makers.map((make) => make(shared)))));
        const openOwn = async (user: ToolUser): Promise<ChildTools> => {
          const { openChildPlace } = await import('./child-place.ts');
          const place = await openChildPlace({
            user,
            siblings,
            workspace: shared,
            worktrees: worktree ? await worktrees : undefined,
            openTerminal: sets.flatMap((set) => (set.changes && set.openTerminal) || [])[0],
          });
          const tools = sets.flatMap((set) =>
            set.changes ? set.makers.map((make) => make(place)) : set.makers.map((make) => make(place.workspace)),
          );
          return { tools: toolset(tools), workspace: place.workspace.root, news: place.files.news, close: place.close };
        };
        return {
          specs: sets.flatMap((set) => set.makers.map(({ spec }) => spec)),
          open: (user) => (changes ? openOwn(user) : { tools: only_read, workspace: folder }),
        };
      },
    };
  };
}

async function prepare(name: string, options: ToolsOptions): Promise<Ready> {
  const make = Object.hasOwn(TOOLSETS, name) ? TOOLSETS[name] : undefined;
  if (make !== undefined) return make(options);
  const { outside } = options;
  if (outside?.names.includes(name) === true) return { changes: false, makers: (await outside.tools(name)).map(bound) };
  throw new DelegateError('TOOLSET_DENIED', `There is no toolset "${name}" here.`, {
    hint: `There are: ${[...Object.keys(TOOLSETS), ...(outside?.names ?? [])].join(', ')}.`,
  });
}

/** A tool that works nowhere in particular. */
function bound(tool: Tool): ToolMaker {
  return Object.assign(() => tool, { spec: tool.spec });
}

function open(folder: string): Promise<Workspace> {
  return openWorkspace(folder).catch((error: unknown) => {
    throw new DelegateError('REQUEST_INVALID', `The workspace "${folder}" cannot be opened.`, {
      hint: 'Give a folder that exists and may be read.',
      cause: error,
    });
  });
}

async function openWorktrees(workspace: string, { worktrees: folder, env }: ToolsOptions): Promise<Worktrees> {
  const { createWorktrees } = await import('./worktree/worktrees.ts');
  return createWorktrees({ workspace, folder, env });
}

function toolset(tools: readonly Tool[]): Toolset {
  return new Map(tools.map((tool) => [tool.spec.name, tool]));
}
