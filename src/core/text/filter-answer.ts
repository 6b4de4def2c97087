import type { Answer, ToolCall } from '../provider.ts';
import type { Json } from '../task.ts';

/**
 * An answer without what `filter` takes out of texts: before it is written down or handed on. What holds nothing of
 * that is returned as it is. What only the provider can read again (signatures over thinking, reasoning items) is left
 * out where a secret stands in it: changed it would be refused.
 */
export function filterAnswer(answer: Answer, filter: (text: string) => string): Answer {
  const text = filter(answer.text);
  const reasoning = filter(answer.reasoning);
  const tool_calls = answer.tool_calls.map((call) => filterCall(call, filter));
  const changed =
    text !== answer.text ||
    reasoning !== answer.reasoning ||
    tool_calls.some((call, index) => call !== answer.tool_calls[index]);
  if (holds(answer.replay, filter)) {
    const { replay: _, ...rest } = answer;
    return { ...rest, text, reasoning, tool_calls };
  }
  return changed ? { ...answer, text, reasoning, tool_calls } : answer;
}

function filterCall(call: ToolCall, filter: (text: string) => string): ToolCall {
  const name = filter(call.name);
  const args = filter(call.arguments);
  if (holds(call.extra, filter)) {
    const { extra: _, ...rest } = call;
    return { ...rest, name, arguments: args };
  }
  return name === call.name && args === call.arguments ? call : { ...call, name, arguments: args };
}

function holds(value: Json | undefined, filter: (text: string) => string): boolean {
  if (typeof value === 'string') return filter(value) !== value;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, each]) => filter(name) !== name || holds(each, filter));
}
