import type { ToolSpec } from '../core/provider.ts';

/**
 * The `tools` member of a request body, with a comma before it; empty when there are none. Siblings share one list
 * of tools, so it is serialised once for all of them.
 */
export function createToolsJson(
  shape: (tools: readonly ToolSpec[]) => unknown,
): (tools: readonly ToolSpec[]) => string {
  const serialised = new WeakMap<readonly ToolSpec[], string>();
  return (tools) => {
    if (tools.length === 0) return '';
    let json = serialised.get(tools);
    if (json === undefined) {
      json = `,"tools":${JSON.stringify(shape(tools))}`;
      serialised.set(tools, json);
    }
    return json;
  };
}
