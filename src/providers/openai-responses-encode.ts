import type { Answer, ConversationSetup, Image, Message } from '../core/provider.ts';
import type { Route, Sent } from '../core/route.ts';
import { createCallIds } from './call-ids.ts';
import { ownReplay } from './replay.ts';

/** OpenAI refuses longer cache keys. */
const MAX_CACHE_KEY = 64;
/** OpenAI refuses a lower `max_output_tokens`. */
const MIN_OUTPUT_TOKENS = 16;

export interface ResponsesEncoder {
  /** What every request of this conversation says about itself. */
  readonly sent: Sent;
  append(message: Message): void;
  body(max_output: number | undefined): string;
}

/**
 * Encodes a conversation for `POST /responses`. The head (model, instructions, tools) is serialised once,
 * each message once. Nothing is stored at the provider, so reasoning comes back encrypted and is replayed.
 */
export function createResponsesEncoder(route: Route, setup: ConversationSetup): ResponsesEncoder {
  const reasoning = reasoningOf(route);
  const head = JSON.stringify({
    model: route.model,
    stream: true,
    store: false,
    ...(setup.system === '' ? {} : { instructions: setup.system }),
    // A model that is known not to reason refuses the field.
    ...(route.reasons === false ? {} : { include: ['reasoning.encrypted_content'] }),
    ...(reasoning === null ? {} : { reasoning }),
    ...(setup.cache_key === undefined ? {} : { prompt_cache_key: setup.cache_key.slice(0, MAX_CACHE_KEY) }),
    ...(setup.tools.length === 0
      ? {}
      : {
          // `strict` defaults to true here, which would change what the schema means.
          tools: setup.tools.map((tool) => ({ type: 'function', ...tool, strict: false })),
        }),
  }).slice(0, -1);
  const ids = createCallIds();
  let input = '';

  function add(item: unknown): void {
    input += input === '' ? JSON.stringify(item) : `,${JSON.stringify(item)}`;
  }

  function addAnswer(answer: Answer): void {
    const own = ownReplay(route, answer);
    if (own !== undefined) {
      for (const item of own) add(item);
      return;
    }
    if (answer.text !== '') add({ type: 'message', role: 'assistant', content: answer.text });
    for (const call of answer.tool_calls) {
      add({ type: 'function_call', call_id: ids.rename(call.id), name: call.name, arguments: call.arguments || '{}' });
    }
  }

  return {
    sent: { model: route.model, reasoning: reasoning === null ? null : { reasoning } },
    append(message) {
      if (message.role === 'assistant') addAnswer(message.answer);
      else if (message.role === 'user') add({ type: 'message', role: 'user', content: userContent(message) });
      else {
        for (const result of message.results) {
          add({ type: 'function_call_output', call_id: ids.of(result.id), output: result.content });
        }
      }
    },
    body(max_output) {
      const cap = max_output === undefined ? '' : `,"max_output_tokens":${Math.max(max_output, MIN_OUTPUT_TOKENS)}`;
      return `${head},"input":[${input}]${cap}}`;
    },
  };
}

/** The fragment that carries the effort; null = none is sent, so the model's own default holds. */
function reasoningOf(route: Route): { effort: string } | null {
  if (route.reasoning_effort === undefined || route.effort_dialect === 'omit') return null;
  return { effort: route.effort_word ?? route.reasoning_effort };
}

function userContent(message: { text: string; images?: readonly Image[] }): unknown {
  if (message.images === undefined || message.images.length === 0) return message.text;
  return [
    ...(message.text === '' ? [] : [{ type: 'input_text', text: message.text }]),
    ...message.images.map((image) => ({
      type: 'input_image',
      detail: 'auto',
      image_url: image.kind === 'url' ? image.data : `data:${image.media_type};base64,${image.data}`,
    })),
  ];
}
