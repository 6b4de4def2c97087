import { withDepth } from '../core/call/context-under.ts';
import { delegateTool } from '../core/call/delegate-schema.ts';
import type { ConversationSetup, ToolSpec } from '../core/provider.ts';
import type { TaskPlan } from '../core/store.ts';
import type { ToolKit } from '../core/tool.ts';
import { childToolsets } from '../core/toolsets.ts';
import type { EngineDeps } from './deps.ts';
import { tokensAtMost } from './limits/budget.ts';
import { systemPrompt } from './system-prompt.ts';

/** What children with the same toolsets share, to the byte and by identity. */
interface Equipment {
  readonly kit: ToolKit;
  readonly toolsets: readonly string[];
  readonly setup: ConversationSetup;
  /** Of prompt and tools, at most. */
  readonly tokens: number;
}

export type Equip = (plan: Pick<TaskPlan, 'input'>) => Promise<Equipment>;

/** Tools and prompt for a task, made once for each set of toolsets: what it asked for within the ceiling. */
export function createEquip({
  deps,
  workspace,
  toolsets: available,
  cache_key,
  instructions,
  depth,
}: {
  readonly deps: EngineDeps;
  readonly workspace: string;
  readonly toolsets: readonly string[];
  readonly cache_key: string;
  readonly instructions?: string | undefined;
  /** Of the tasks to be equipped. */
  readonly depth: number;
}): Equip {
  const made = new Map<string, Promise<Equipment>>();
  const tools = deps.toolsFor(workspace);
  const make = async (toolsets: readonly string[], worktree: boolean): Promise<Equipment> => {
    const kit = await tools.kit(
      toolsets.filter((name) => name !== 'delegation'),
      { worktree },
    );
    const specs = toolsets.includes('delegation') ? [...kit.specs, nestedSpec(deps, { toolsets, depth })] : kit.specs;
    const system = systemPrompt({ has_tools: specs.length > 0, instructions });
    return {
      kit,
      toolsets,
      setup: { system, tools: specs, cache_key },
      tokens: tokensAtMost(system) + tokensAtMost(JSON.stringify(specs)),
    };
  };
  return ({ input }) => {
    const toolsets = childToolsets(input.toolsets, { allowed: deps.settings.toolsets, available });
    const { worktree = false } = input;
    const key = `${worktree} ${toolsets.join(' ')}`;
    let equipment = made.get(key);
    if (equipment === undefined) {
      equipment = make(toolsets, worktree);
      made.set(key, equipment);
    }
    return equipment;
  };
}

/** `delegate_task` as a task at `depth` sees it: with the toolsets that its children may have. */
function nestedSpec(
  { decisions, settings }: EngineDeps,
  { toolsets, depth }: { readonly toolsets: readonly string[]; readonly depth: number },
): ToolSpec {
  const { routing } = decisions();
  const { limits } = settings;
  return delegateTool({
    policy: routing.policy,
    routes: routing.routes,
    limits,
    toolsets: withDepth(toolsets, { depth, max_spawn_depth: limits.max_spawn_depth }),
    nested: true,
  });
}
