import type { StopReason, Usage } from '../core/provider.ts';
import type { Json } from '../core/task.ts';
import { checkMessages } from './check-anthropic-messages.ts';
import type { Dialect, JsonObject, StreamEvent, StreamSetup } from './dialect.ts';
import { contentText, objectOf, objectsOf, pieces, textOf } from './json-shape.ts';
import { bearer } from './openai-errors.ts';
import type { Reply } from './reply.ts';
import type { Conversation } from './seen-request.ts';
import { signatureOf } from './signature.ts';

const STOP: Readonly<Record<StopReason, string>> = {
  end: 'end_turn',
  tool_calls: 'tool_use',
  length: 'max_tokens',
  refusal: 'refusal',
  other: 'pause_turn',
};

/** Anthropic's error type and words for a status. */
const ERRORS: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ['invalid_request_error', 'messages: Field required'],
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'Your credit balance is too low to access the Anthropic API.'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'Not Found'],
  408: ['timeout_error', 'Request timed out.'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  422: ['invalid_request_error', 'Unprocessable entity'],
  429: ['rate_limit_error', "This request would exceed your account's rate limit. Please try again later."],
  500: ['api_error', 'Internal server error'],
  503: ['api_error', 'Service unavailable'],
  504: ['timeout_error', 'Request timed out.'],
  529: ['overloaded_error', 'Overloaded'],
};

export const anthropicMessages: Dialect = {
  base_path: '',
  turn_path: '/v1/messages',
  models_path: '/v1/models',
  request_id_header: 'request-id',
  // Since version 2026-10-21 its SDK sends the key as a bearer token; both are taken.
  keyOf: (headers) => (typeof headers['x-api-key'] === 'string' ? headers['x-api-key'] : bearer(headers)),
  read,
  check: checkMessages,
  stream,
  errorBody: (status, error, { model, key, id }): Json => {
    const [type, words] = ERRORS[status] ?? (status < 500 ? ERRORS[400]! : ERRORS[500]!);
    const message =
      status === 401 && key === undefined
        ? 'x-api-key header is required'
        : status === 404 && model !== ''
          ? `model: ${model}`
          : words;
    return {
      type: 'error',
      error: { type: error.type ?? type, message: error.message ?? message },
      request_id: id ?? null,
    };
  },
  modelList: (ids): Json => ({
    data: ids.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' })),
    has_more: false,
    first_id: ids[0] ?? null,
    last_id: ids.at(-1) ?? null,
  }),
};

function read(body: JsonObject): Conversation {
  const messages = objectsOf(body.messages);
  const last = messages.findLastIndex((message) => message.role === 'assistant');
  const calls = objectsOf(messages[last]?.content).filter((block) => block.type === 'tool_use');
  const callOf = (id: unknown): JsonObject => objectOf(calls.find((call) => call.id === id));
  return {
    system: contentText(body.system),
    texts: messages
      .filter((message) => message.role === 'user')
      .map((message) => contentText(message.content))
      .filter((text) => text !== ''),
    turn: messages.filter((message) => message.role === 'assistant').length,
    tools: objectsOf(body.tools).map((tool) => ({
      name: textOf(tool.name),
      parameters: objectOf(tool.input_schema),
    })),
    tool_results: messages
      .slice(last + 1)
      .flatMap((message) => objectsOf(message.content))
      .filter((block) => block.type === 'tool_result')
      .map((block) => ({
        id: textOf(block.tool_use_id),
        name: textOf(callOf(block.tool_use_id).name),
        arguments: JSON.stringify(callOf(block.tool_use_id).input ?? {}),
        content: contentText(block.content),
        is_error: block.is_error === true,
      })),
  };
}

function stream(reply: Reply, setup: StreamSetup): readonly StreamEvent[] {
  const count = reply.deltas ?? 3;
  const events: StreamEvent[] = [];
  const emit = (type: string, fields: object, delta = false): void => {
    events.push({ bytes: `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`, delta });
  };
  let index = -1;
  /** Opens a block, sends its deltas, and closes it. */
  const block = (content_block: object, deltas: readonly object[]): void => {
    index += 1;
    emit('content_block_start', { index, content_block });
    if (index === 0) emit('ping', {});
    for (const delta of deltas) emit('content_block_delta', { index, delta }, true);
    emit('content_block_stop', { index });
  };

  emit('message_start', {
    message: {
      id: `msg_${setup.id}`,
      type: 'message',
      role: 'assistant',
      ...(setup.model === undefined ? {} : { model: setup.model }),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      ...(setup.usage === undefined ? {} : { usage: { ...messagesUsage(setup.usage), output_tokens: 1 } }),
    },
  });
  if (reply.reasoning !== undefined) {
    const signature = reply.signature ?? signatureOf(reply.reasoning);
    setup.issue(signature);
    block({ type: 'thinking', thinking: '', signature: '' }, [
      ...pieces(reply.reasoning, count).map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature },
    ]);
  }
  if (reply.text !== undefined && reply.text !== '') {
    const deltas = pieces(reply.text, count).map((text) => ({ type: 'text_delta', text }));
    block({ type: 'text', text: '' }, deltas);
  }
  reply.tool_calls?.forEach((call, position) => {
    const json = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
    const id = call.id ?? `toolu_${setup.request.turn}_${position}`;
    block({ type: 'tool_use', id, name: call.name, input: {} }, [
      { type: 'input_json_delta', partial_json: '' },
      ...pieces(json, count).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    ]);
  });
  if (setup.error !== undefined) {
    const { type = 'overloaded_error', message = 'Overloaded' } = setup.error;
    emit('error', { error: { type, message }, request_id: setup.request.request_id ?? null });
    return events;
  }
  const stop = reply.stop ?? (reply.tool_calls?.length ? 'tool_calls' : 'end');
  emit('message_delta', {
    delta: { stop_reason: STOP[stop as StopReason] ?? stop, stop_sequence: null },
    ...(setup.usage === undefined ? {} : { usage: messagesUsage(setup.usage) }),
  });
  emit('message_stop', {});
  return events;
}

/** `input_tokens` leaves out what the cache gave or took. */
function messagesUsage(usage: Usage): object {
  return {
    input_tokens: Math.max(0, usage.input - usage.cache_read - usage.cache_write),
    cache_creation_input_tokens: usage.cache_write,
    cache_read_input_tokens: usage.cache_read,
    output_tokens: usage.output,
    ...(usage.reasoning === 0 ? {} : { output_tokens_details: { thinking_tokens: usage.reasoning } }),
  };
}
