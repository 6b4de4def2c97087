import type { Answer, Image, Message } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import type { Json } from '../../core/task.ts';
import { inputOf } from '../anthropic-messages/anthropic-messages-encode.ts';
import { ownReplay } from '../replay.ts';

/** A message of an AI SDK prompt. Only files differ between the specifications. */
export function promptMessage(message: Message, route: Route, specification: string): unknown {
  switch (message.role) {
    case 'user':
      return {
        role: 'user',
        content: [
          ...(message.text === '' ? [] : [{ type: 'text', text: message.text }]),
          ...(message.images ?? []).map((image) => filePart(image, specification)),
        ],
      };
    case 'tool':
      return {
        role: 'tool',
        content: message.results.map((result) => ({
          type: 'tool-result',
          toolCallId: result.id,
          toolName: result.name,
          output: { type: result.is_error ? 'error-text' : 'text', value: result.content },
        })),
      };
    case 'assistant':
      return { role: 'assistant', content: ownReplay(route, message.answer) ?? answerParts(message.answer) };
  }
}

function answerParts(answer: Answer): readonly Json[] {
  return [
    ...(answer.text === '' ? [] : [{ type: 'text', text: answer.text }]),
    ...answer.tool_calls.map((call) => ({
      type: 'tool-call',
      toolCallId: call.id,
      toolName: call.name,
      input: inputOf(call.arguments),
    })),
  ];
}

function filePart(image: Image, specification: string): unknown {
  const older = specification === 'v2' || specification === 'v3';
  const data =
    image.kind === 'url'
      ? older
        ? new URL(image.data)
        : { type: 'url', url: new URL(image.data) }
      : older
        ? image.data
        : { type: 'data', data: image.data };
  return { type: 'file', mediaType: image.media_type, data };
}
