import type { Json } from '../../core/task.ts';

type Detail = Record<string, Json>;

/**
 * OpenRouter's `reasoning_details`, as they have to go back: pieces of one block joined, in order.
 * A piece continues the block before it when type and index agree; signatures and ids come with the last piece.
 */
export function mergeReasoningDetails(pieces: readonly unknown[]): readonly Json[] {
  const blocks: Detail[] = [];
  for (const piece of pieces) {
    if (typeof piece !== 'object' || piece === null) continue;
    const next = piece as Detail;
    const last = blocks.at(-1);
    if (
      last === undefined ||
      last.type !== next.type ||
      last.index !== next.index ||
      next.type === 'reasoning.encrypted'
    ) {
      blocks.push({ ...next });
      continue;
    }
    for (const [name, value] of Object.entries(next)) {
      if ((name === 'text' || name === 'summary') && typeof value === 'string') {
        const before = last[name];
        last[name] = typeof before === 'string' ? before + value : value;
      } else if (value !== null) last[name] = value;
    }
  }
  return blocks;
}
