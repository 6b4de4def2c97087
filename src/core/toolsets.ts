import type { Issue } from './errors.ts';
import { quote } from './routing/parse-name.ts';
import { suggestNames } from './text/suggest.ts';

/** Toolsets by name; those of MCP servers are `mcp:<server>`. */
export const TOOLSETS = ['read', 'write', 'terminal', 'web', 'delegation', 'kanban'] as const;

const MCP = /^mcp:[\w.-]+$/;

export interface ToolsetCeiling {
  /** What the operator lets children have (`delegation.toolsets`). */
  readonly allowed: readonly string[];
  /** What exists here and the parent itself may use. */
  readonly available: readonly string[];
}

/** What a child gets when it asks for nothing: all it may have. */
export function childToolsets(
  asked: readonly string[] | undefined,
  { allowed, available }: ToolsetCeiling,
): readonly string[] {
  return available.filter((name) => allowed.includes(name) && (asked?.includes(name) ?? true));
}

/** What is wrong with the toolsets a task asks for: a request narrows the ceiling and never widens it. */
export function toolsetIssues(asked: readonly string[] | undefined, ceiling: ToolsetCeiling, path: string): Issue[] {
  const may = childToolsets(undefined, ceiling);
  return (asked ?? []).flatMap((name, index) => {
    if (may.includes(name)) return [];
    const builtIn = (TOOLSETS as readonly string[]).includes(name);
    const known = builtIn || MCP.test(name);
    const near = builtIn ? [] : suggestNames(name, may.length > 0 ? may : TOOLSETS);
    const why = !known
      ? 'there is no such toolset'
      : ceiling.allowed.includes(name)
        ? 'it is not available here'
        : 'delegation.toolsets does not allow it to children';
    const hint =
      near.length > 0
        ? `Did you mean ${near.map(quote).join(' or ')}?`
        : `Children may have ${may.join(', ') || 'none'}.`;
    return [
      {
        code: 'TOOLSET_DENIED',
        path: `${path}[${index}]`,
        message: `The toolset ${quote(name)} is refused: ${why}.`,
        hint,
        suggestions: near,
      },
    ];
  });
}
