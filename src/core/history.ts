import type { Answer, Message, ToolResult } from './provider.ts';
import type { JournalEntry } from './store.ts';
import { cutText } from './text/cut-text.ts';

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
    } else if (entry.kind === 'compaction') {
      close();
      messages.splice(0, messages.length, ...compacted(messages, entry));
    }
  }
  close();
  return messages;
}

/** What a compaction leaves of tool results, for the model to read. */
const CUT_HERE = 'shortened, because the conversation had outgrown the window; call again for what is needed';

/** The conversation with what the tools gave in its first `turns` answers told in at most `chars` characters each. */
export function compacted(
  messages: readonly Message[],
  { turns, chars }: { readonly turns: number; readonly chars: number },
): Message[] {
  let turn = 0;
  return messages.map((message) => {
    if (message.role === 'assistant') turn += 1;
    if (message.role !== 'tool' || turn > turns) return message;
    const results = message.results.map((result) => ({ ...result, content: cutText(result.content, chars, CUT_HERE) }));
    return { role: 'tool', results };
  });
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
