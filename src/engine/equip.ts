import type { ConversationSetup } from '../core/provider.ts';
import type { Toolset } from '../core/tool.ts';
import { tokensAtMost } from './budget.ts';
import type { EngineDeps } from './deps.ts';
import { systemPrompt } from './system-prompt.ts';

/** What children with the same toolsets share, to the byte and by identity. */
export interface Equipment {
  readonly tools: Toolset;
  readonly setup: ConversationSetup;
  /** Of prompt and tools, at most. */
  readonly tokens: number;
}

export type Equip = (toolsets: readonly string[]) => Promise<Equipment>;

/** Tools and prompt by toolsets, made once for each set. */
export function createEquip({
  deps,
  workspace,
  cache_key,
  instructions,
}: {
  readonly deps: EngineDeps;
  readonly workspace: string;
  readonly cache_key: string;
  readonly instructions?: string;
}): Equip {
  const made = new Map<string, Promise<Equipment>>();
  const make = async (toolsets: readonly string[]): Promise<Equipment> => {
    const tools = await deps.toolsFor(toolsets, workspace);
    const specs = [...tools.values()].map((tool) => tool.spec);
    const system = systemPrompt({ has_tools: tools.size > 0, instructions });
    return {
      tools,
      setup: { system, tools: specs, cache_key },
      tokens: tokensAtMost(system) + tokensAtMost(JSON.stringify(specs)),
    };
  };
  return (toolsets) => {
    const key = [...toolsets].sort().join(' ');
    let equipment = made.get(key);
    if (equipment === undefined) {
      equipment = make(toolsets);
      made.set(key, equipment);
    }
    return equipment;
  };
}
