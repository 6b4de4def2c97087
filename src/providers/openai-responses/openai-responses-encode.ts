import type { Answer, ConversationSetup, Image } from '../../core/provider.ts';
import type { Route, Sent } from '../../core/route.ts';
import { createCallIds } from '../call-ids.ts';
import { createRequestBody } from '../http/request-body.ts';
import { ownReplay } from '../replay.ts';
import { createToolsJson } from '../tools-json.ts';
import type { Encoder } from '../wire-provider.ts';

/** OpenAI refuses longer cache keys. */
const MAX_CACHE_KEY = 64;
/** OpenAI refuses a lower `max_output_tokens`. */
const MIN_OUTPUT_TOKENS = 16;

/**
 * Encodes a conversation for `POST /responses`. Nothing is stored at the provider, so reasoning is asked for in
 * its encrypted form and replayed.
 */
export function createResponsesEncoder(route: Route, setup: ConversationSetup): Encoder {
  /** What may be left out when the provider says that it does not take it. */
  const optional: Record<string, unknown> = {
    // A model that is known not to reason refuses the field.
    ...(route.reasons === false ? {} : { include: ['reasoning.encrypted_content'] }),
    ...reasoningOf(route),
    ...(setup.cache_key === undefined ? {} : { prompt_cache_key: setup.cache_key.slice(0, MAX_CACHE_KEY) }),
  };
  const body = createRequestBody(head());
  const ids = createCallIds();
  let empty = true;

  function head(): string {
    const members = JSON.stringify({
      model: route.model,
      stream: true,
      store: false,
      ...optional,
      ...(setup.system === '' ? {} : { instructions: setup.system }),
    }).slice(0, -1);
    return `${members}${toolsJson(setup.tools)},"input":[`;
  }

  function add(item: unknown): void {
    body.append(empty ? JSON.stringify(item) : `,${JSON.stringify(item)}`);
    empty = false;
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
      return body.bytes(`]${cap}}`);
    },
    sent(): Sent {
      const { reasoning } = optional;
      return { model: route.model, reasoning: reasoning === undefined ? null : { reasoning } };
    },
    omit(parameter) {
      const name = parameter.split(/[.[]/)[0]!;
      if (!Object.hasOwn(optional, name)) return false;
      delete optional[name];
      body.setHead(head());
      return true;
    },
  };
}

/** `strict` is true by default on this wire, which would change what a schema means. */
const toolsJson = createToolsJson((tools) => tools.map((tool) => ({ type: 'function', ...tool, strict: false })));

/** What carries the effort: spread into the body as it is. Without it the model's own default holds. */
function reasoningOf(route: Route): { reasoning?: { effort: string } } {
  if (route.reasoning_effort === undefined || route.effort_dialect === 'omit') return {};
  return { reasoning: { effort: route.effort_word ?? route.reasoning_effort } };
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
