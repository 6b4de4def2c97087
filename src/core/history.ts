import type { Answer, Message, ToolResult } from './provider.ts';
import type { JournalEntry } from './store.ts';

/**
 * The conversation that a journal holds, ready to be given to a route. The first user message is not part
 * of it when it carries images: the plan holds those.
 *
 * `portable` drops what only the provider and model that wrote it can read again
 * (thinking signatures, reasoning items, tool-call extras).
 */
export function historyOf(entries: readonly JournalEntry[], { portable }: { readonly portable: boolean }): Message[] {
  const messages: Message[] = [];
  let results = new Map<string, ToolResult>();
  let open: Answer | undefined;
  const close = (): void => {
    if (open !== undefined && open.tool_calls.length > 0) {
      messages.push({
        role: 'tool',
        results: open.tool_calls.map((call) => results.get(call.id) ?? interrupted(call)),
      });
    }
    open = undefined;
    results = new Map();
  };
  for (const entry of entries) {
    if (entry.kind === 'answer') {
      close();
      open = entry.answer;
      messages.push({ role: 'assistant', answer: portable ? withoutReplay(entry.answer) : entry.answer });
    } else if (entry.kind === 'tool-end') {
      results.set(entry.result.id, entry.result);
    } else if (entry.kind === 'message') {
      close();
      messages.push(entry.message);
    } else if (entry.kind === 'steer') {
      close();
      messages.push({ role: 'user', text: entry.message });
    }
  }
  close();
  return messages;
}

function withoutReplay({ replay: _, ...answer }: Answer): Answer {
  return { ...answer, tool_calls: answer.tool_calls.map(({ extra: _, ...call }) => call) };
}

function interrupted(call: { readonly id: string; readonly name: string }): ToolResult {
  return {
    id: call.id,
    name: call.name,
    content: 'This call was interrupted; it may or may not have happened.',
    is_error: true,
  };
}
