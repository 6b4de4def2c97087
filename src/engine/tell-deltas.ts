import type { TaskEvent } from '../core/events.ts';
import type { TurnListener } from '../core/provider.ts';
import type { EngineDeps } from './deps.ts';

/** Tells listeners what arrives, without the keys that are known. */
export function tellDeltas(
  tell: (event: TaskEvent) => void,
  filter: EngineDeps['filterDeltas'],
): { readonly listener: TurnListener; readonly end: () => void } {
  const texts = filter();
  const thoughts = filter();
  const tellText = (text: string): void => {
    if (text !== '') tell({ type: 'text-delta', text });
  };
  const tellThought = (text: string): void => {
    if (text !== '') tell({ type: 'reasoning-delta', text });
  };
  return {
    listener: {
      onText: (delta) => tellText(texts.push(delta)),
      onReasoning: (delta) => tellThought(thoughts.push(delta)),
    },
    end() {
      tellThought(thoughts.end());
      tellText(texts.end());
    },
  };
}
