import type { StopReason, Usage } from '../core/provider.ts';
import { checkResponses } from './check-openai-responses.ts';
import type { Dialect, JsonObject, StreamEvent, StreamSetup } from './dialect.ts';
import { contentText, objectOf, objectsOf, pieces, textOf } from './json-shape.ts';
import { bearer, openaiErrorBody, openaiModelList } from './openai-errors.ts';
import type { Reply } from './reply.ts';
import { itemsOf, typeOf } from './responses-items.ts';
import type { Conversation } from './seen-request.ts';
import { signatureOf } from './signature.ts';

export const openaiResponses: Dialect = {
  base_path: '/v1',
  turn_path: '/v1/responses',
  models_path: '/v1/models',
  request_id_header: 'x-request-id',
  keyOf: bearer,
  read,
  check: checkResponses,
  stream,
  errorBody: openaiErrorBody,
  modelList: openaiModelList,
};

function isModels(item: JsonObject): boolean {
  const type = typeOf(item);
  return type === 'reasoning' || type === 'function_call' || (type === 'message' && item.role === 'assistant');
}

function read(body: JsonObject): Conversation {
  const items = itemsOf(body.input);
  const last = items.findLastIndex(isModels);
  const messages = items.filter((item) => typeOf(item) === 'message');
  const texts = (...roles: readonly string[]): string[] =>
    messages.filter((item) => roles.includes(textOf(item.role))).map((item) => contentText(item.content));
  const callOf = (id: unknown): JsonObject =>
    objectOf(items.find((item) => item.type === 'function_call' && item.call_id === id));
  return {
    system: [textOf(body.instructions), ...texts('system', 'developer')].filter((text) => text !== '').join('\n\n'),
    texts: texts('user'),
    // One answer is a run of items of the model's.
    turn: items.filter((item, index) => isModels(item) && !(index > 0 && isModels(items[index - 1]!))).length,
    tools: objectsOf(body.tools).map((tool) => ({
      name: textOf(tool.name),
      parameters: objectOf(tool.parameters),
    })),
    tool_results: items
      .slice(last + 1)
      .filter((item) => item.type === 'function_call_output')
      .map((item) => ({
        id: textOf(item.call_id),
        name: textOf(callOf(item.call_id).name),
        arguments: textOf(callOf(item.call_id).arguments),
        content: contentText(item.output),
        is_error: false,
      })),
  };
}

function stream(reply: Reply, setup: StreamSetup): readonly StreamEvent[] {
  const { request, body } = setup;
  const count = reply.deltas ?? 3;
  const events: StreamEvent[] = [];
  const output: JsonObject[] = [];

  const emit = (type: string, fields: object, delta = false): void => {
    const data = JSON.stringify({ type, sequence_number: events.length, ...fields });
    events.push({ bytes: `event: ${type}\ndata: ${data}\n\n`, delta });
  };
  const response = (status: string, more: object = {}): object => ({
    response: {
      id: `resp_${setup.id}`,
      object: 'response',
      created_at: Math.floor(request.at / 1000),
      status,
      background: false,
      error: null,
      incomplete_details: null,
      instructions: body.instructions ?? null,
      max_output_tokens: body.max_output_tokens ?? null,
      ...(setup.model === undefined ? {} : { model: setup.model }),
      output: status === 'in_progress' ? [] : output,
      parallel_tool_calls: true,
      previous_response_id: null,
      reasoning: { effort: objectOf(body.reasoning).effort ?? null, summary: objectOf(body.reasoning).summary ?? null },
      store: body.store ?? true,
      temperature: 1,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: body.tools ?? [],
      top_p: 1,
      truncation: 'disabled',
      usage: null,
      metadata: {},
      ...more,
    },
  });
  /** Opens an item, lets `fill` send what it is made of, and closes it. */
  const item = (opening: JsonObject, closing: JsonObject, fill: (place: object) => void): void => {
    const output_index = output.length;
    emit('response.output_item.added', { output_index, item: opening });
    fill({ item_id: opening.id, output_index });
    emit('response.output_item.done', { output_index, item: { ...opening, ...closing } });
    output.push({ ...opening, ...closing });
  };

  emit('response.created', response('in_progress'));
  emit('response.in_progress', response('in_progress'));
  if (reply.reasoning !== undefined) {
    const text = reply.reasoning;
    const sealed = reply.signature ?? signatureOf(text);
    setup.issue(sealed);
    const wanted = Array.isArray(body.include) && body.include.includes('reasoning.encrypted_content');
    const seal = wanted ? { encrypted_content: sealed } : {};
    const opening = { id: `rs_${setup.id}`, type: 'reasoning', ...seal, summary: [] };
    item(opening, { summary: [{ type: 'summary_text', text }] }, (place) => {
      const at = { ...place, summary_index: 0 };
      emit('response.reasoning_summary_part.added', { ...at, part: { type: 'summary_text', text: '' } });
      for (const delta of pieces(text, count)) emit('response.reasoning_summary_text.delta', { ...at, delta }, true);
      emit('response.reasoning_summary_text.done', { ...at, text });
      emit('response.reasoning_summary_part.done', { ...at, part: { type: 'summary_text', text } });
    });
  }
  if (reply.text !== undefined && reply.text !== '') {
    const refused = reply.stop === 'refusal';
    const part = (text: string): object =>
      refused ? { type: 'refusal', refusal: text } : { type: 'output_text', annotations: [], logprobs: [], text };
    const name = refused ? 'response.refusal' : 'response.output_text';
    const { text } = reply;
    const opening = { id: `msg_${setup.id}`, type: 'message', status: 'in_progress', content: [], role: 'assistant' };
    item(opening, { status: 'completed', content: [part(text)] }, (place) => {
      const at = { ...place, content_index: 0 };
      emit('response.content_part.added', { ...at, part: part('') });
      for (const delta of pieces(text, count))
        emit(`${name}.delta`, { ...at, delta, ...(refused ? {} : { logprobs: [] }) }, true);
      emit(`${name}.done`, { ...at, ...(refused ? { refusal: text } : { text, logprobs: [] }) });
      emit('response.content_part.done', { ...at, part: part(text) });
    });
  }
  reply.tool_calls?.forEach((call, index) => {
    const json = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
    const opening = {
      id: `fc_${setup.id}_${index}`,
      type: 'function_call',
      status: 'in_progress',
      arguments: '',
      call_id: call.id ?? `call_${request.turn}_${index}`,
      name: call.name,
      ...objectOf(call.extra),
    };
    item(opening, { status: 'completed', arguments: json }, (place) => {
      for (const delta of pieces(json, count))
        emit('response.function_call_arguments.delta', { ...place, delta }, true);
      emit('response.function_call_arguments.done', { ...place, name: call.name, arguments: json });
    });
  });

  const { error } = setup;
  if (error !== undefined) {
    const { code = 'server_error', message = 'An error occurred while processing your request.', param = null } = error;
    if (error.type === 'error') emit('error', { code, message, param });
    else emit('response.failed', response('failed', { error: { code, message } }));
    return events;
  }
  const usage = setup.usage === undefined ? null : responsesUsage(setup.usage);
  const reason = INCOMPLETE[reply.stop as StopReason] ?? (reply.stop === undefined ? '' : reply.stop);
  if (reason === '') emit('response.completed', response('completed', { usage }));
  else emit('response.incomplete', response('incomplete', { usage, incomplete_details: { reason } }));
  return events;
}

/** Why a response is incomplete; '' = it is complete. A refusal is complete: its content says so. */
const INCOMPLETE: Readonly<Record<StopReason, string>> = {
  end: '',
  tool_calls: '',
  refusal: '',
  length: 'max_output_tokens',
  other: 'other',
};

function responsesUsage(usage: Usage): object {
  return {
    input_tokens: usage.input,
    input_tokens_details: {
      cached_tokens: usage.cache_read,
      ...(usage.cache_write === 0 ? {} : { cache_write_tokens: usage.cache_write }),
    },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}
