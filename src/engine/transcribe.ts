import type { Answer, ToolResult } from '../core/provider.ts';
import type { Transcript } from '../core/transcript.ts';

export function transcribeAnswer(transcript: Transcript | undefined, { reasoning, text, tool_calls }: Answer): void {
  if (transcript === undefined) return;
  if (reasoning !== '') transcript.write('reasoning', reasoning);
  let said = text;
  for (const call of tool_calls) said += `${said === '' ? '' : '\n'}→ ${call.name} ${call.arguments}`;
  transcript.write('assistant', said);
}

export function transcribeResults(transcript: Transcript | undefined, results: readonly ToolResult[]): void {
  if (transcript === undefined) return;
  for (const { name, content, is_error } of results) {
    transcript.write('tool', `${name}${is_error ? ' (error)' : ''}\n${content}`);
  }
}
