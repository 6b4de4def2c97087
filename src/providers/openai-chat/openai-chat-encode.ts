import type { Answer, ConversationSetup, Image, Message } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import type { Json } from '../../core/task.ts';
import { createCallIds } from '../call-ids.ts';
import { createRequestBody } from '../http/request-body.ts';
import { ownReplay } from '../replay.ts';
import { createToolsJson } from '../tools-json.ts';
import type { Encoder } from '../wire-provider.ts';
import { chatEffort } from './openai-chat-effort.ts';

/** The two names of the output cap. Most endpoints take the old one; OpenAI's reasoning models only the new. */
const CAPS = ['max_tokens', 'max_completion_tokens'] as const;

/**
 * Encodes a conversation for `POST /chat/completions`: what never changes first, the messages in the middle,
 * what a single request adds last.
 */
export function createChatEncoder(route: Route, setup: ConversationSetup): Encoder {
  const ids = createCallIds();
  let effort = chatEffort(route);
  let streamOptions = true;
  let cap: (typeof CAPS)[number] | undefined = CAPS[0];
  const refusedCaps = new Set<string>();
  const body = createRequestBody(head());
  let separator = setup.system === '' ? '' : ',';

  function head(): string {
    const members = JSON.stringify({
      model: route.model,
      stream: true,
      ...(streamOptions ? { stream_options: { include_usage: true } } : {}),
      ...effort,
    }).slice(0, -1);
    const system = setup.system === '' ? '' : JSON.stringify({ role: 'system', content: setup.system });
    return `${members}${toolsJson(setup.tools)},"messages":[${system}`;
  }

  function add(message: unknown): void {
    body.append(separator + JSON.stringify(message));
    separator = ',';
  }

  return {
    append(message) {
      if (message.role === 'user') add({ role: 'user', content: userContent(message) });
      else if (message.role === 'assistant') add(assistantMessage(route, message.answer, ids.rename));
      else {
        for (const { id, content } of message.results) add({ role: 'tool', tool_call_id: ids.of(id), content });
      }
    },
    body(max_output) {
      return body.bytes(max_output === undefined || cap === undefined ? ']}' : `],"${cap}":${max_output}}`);
    },
    sent() {
      return { model: route.model, reasoning: Object.keys(effort).length === 0 ? null : effort };
    },
    omit(parameter) {
      const name = parameter.split('.')[0]!;
      if (name === cap) {
        refusedCaps.add(name);
        cap = CAPS.find((other) => !refusedCaps.has(other));
        return true;
      }
      if (name === 'stream_options' && streamOptions) streamOptions = false;
      else if (Object.hasOwn(effort, name))
        effort = Object.fromEntries(Object.entries(effort).filter(([field]) => field !== name));
      else return false;
      body.setHead(head());
      return true;
    },
  };
}

const toolsJson = createToolsJson((tools) => tools.map((tool) => ({ type: 'function', function: tool })));

function userContent({ text, images }: Extract<Message, { role: 'user' }>): unknown {
  if (images === undefined || images.length === 0) return text;
  return [...(text === '' ? [] : [{ type: 'text', text }]), ...images.map(imagePart)];
}

function imagePart(image: Image): unknown {
  const url = image.kind === 'url' ? image.data : `data:${image.media_type};base64,${image.data}`;
  return { type: 'image_url', image_url: { url } };
}

/**
 * Fields besides text and calls go back only to the route that sent them, and under the names it used:
 * some refuse a message without them (DeepSeek, Kimi), others refuse names they do not know (Mistral, Groq).
 */
function assistantMessage(route: Route, answer: Answer, rename: (id: string) => string): unknown {
  const own = ownReplay(route, answer);
  const calls = answer.tool_calls.map((call) => ({
    id: rename(call.id),
    type: 'function',
    function: { name: call.name, arguments: call.arguments || '{}' },
    ...(own === undefined ? undefined : (call.extra as Record<string, Json> | undefined)),
  }));
  return {
    role: 'assistant',
    content: answer.text === '' && calls.length > 0 ? null : answer.text,
    ...(own?.[0] as Record<string, Json> | undefined),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}
