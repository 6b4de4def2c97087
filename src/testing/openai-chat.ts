import type { StopReason, Usage } from '../core/provider.ts';
import { checkChat } from './check-openai-chat.ts';
import type { Dialect, JsonObject, StreamEvent, StreamSetup } from './dialect.ts';
import { contentText, objectOf, objectsOf, pieces, textOf } from './json-shape.ts';
import { bearer, openaiErrorBody, openaiModelList } from './openai-errors.ts';
import type { Reply } from './reply.ts';
import type { Conversation } from './seen-request.ts';

const FINISH: Readonly<Record<StopReason, string>> = {
  end: 'stop',
  tool_calls: 'tool_calls',
  length: 'length',
  refusal: 'content_filter',
  other: 'other',
};

export const openaiChat: Dialect = {
  base_path: '/v1',
  turn_path: '/v1/chat/completions',
  models_path: '/v1/models',
  request_id_header: 'x-request-id',
  keyOf: bearer,
  read,
  check: checkChat,
  stream,
  errorBody: openaiErrorBody,
  modelList: openaiModelList,
};

function read(body: JsonObject): Conversation {
  const messages = objectsOf(body.messages);
  const last = messages.findLastIndex((message) => message.role === 'assistant');
  const calls = objectsOf(messages[last]?.tool_calls);
  const callOf = (id: unknown): JsonObject => objectOf(calls.find((call) => call.id === id)?.function);
  return {
    system: messages
      .filter((message) => message.role === 'system' || message.role === 'developer')
      .map((message) => contentText(message.content))
      .join('\n\n'),
    texts: messages.filter((message) => message.role === 'user').map((message) => contentText(message.content)),
    turn: messages.filter((message) => message.role === 'assistant').length,
    tools: objectsOf(body.tools).map((tool) => {
      const spec = objectOf(tool.function);
      return { name: textOf(spec.name), parameters: objectOf(spec.parameters) };
    }),
    tool_results: messages
      .slice(last + 1)
      .filter((message) => message.role === 'tool')
      .map((message) => ({
        id: textOf(message.tool_call_id),
        name: textOf(callOf(message.tool_call_id).name),
        arguments: textOf(callOf(message.tool_call_id).arguments),
        content: contentText(message.content),
        is_error: false,
      })),
  };
}

function stream(reply: Reply, setup: StreamSetup): readonly StreamEvent[] {
  const wantsUsage = objectOf(setup.body.stream_options).include_usage === true;
  const head = JSON.stringify({
    id: `chatcmpl-${setup.id}`,
    object: 'chat.completion.chunk',
    created: Math.floor(setup.request.at / 1000),
    ...(setup.model === undefined ? {} : { model: setup.model }),
    system_fingerprint: 'fp_simulated',
  }).slice(0, -1);
  // With include_usage OpenAI puts `usage: null` in every chunk but the last.
  const tail = wantsUsage ? ',"usage":null}\n\n' : '}\n\n';
  const events: StreamEvent[] = [];
  const chunk = (delta: object, isDelta: boolean, finish: string | null = null): void => {
    const choice = JSON.stringify({ index: 0, delta, logprobs: null, finish_reason: finish });
    events.push({ bytes: `data: ${head},"choices":[${choice}]${tail}`, delta: isDelta });
  };

  chunk({ role: 'assistant', content: '', refusal: null }, false);
  const count = reply.deltas ?? 3;
  for (const piece of pieces(reply.reasoning ?? '', count)) chunk({ reasoning_content: piece }, true);
  if (reply.signature !== undefined) {
    setup.issue(reply.signature);
    const details = { type: 'reasoning.text', text: reply.reasoning ?? '', signature: reply.signature, index: 0 };
    chunk({ reasoning_details: [details] }, false);
  }
  for (const piece of pieces(reply.text ?? '', count)) chunk({ content: piece }, true);
  reply.tool_calls?.forEach((call, index) => {
    const json = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
    const opening = {
      index,
      id: call.id ?? `call_${setup.request.turn}_${index}`,
      type: 'function',
      function: { name: call.name, arguments: '' },
      ...(call.extra === undefined ? {} : { extra_content: call.extra }),
    };
    chunk({ tool_calls: [opening] }, true);
    for (const piece of pieces(json, count)) chunk({ tool_calls: [{ index, function: { arguments: piece } }] }, true);
  });
  if (setup.error !== undefined) {
    events.push({
      bytes: `data: ${JSON.stringify(openaiErrorBody(500, setup.error, setup.request))}\n\n`,
      delta: false,
    });
    return events;
  }
  const stop = reply.stop ?? (reply.tool_calls?.length ? 'tool_calls' : 'end');
  chunk({}, false, FINISH[stop as StopReason] ?? stop);
  if (wantsUsage && setup.usage !== undefined) {
    events.push({
      bytes: `data: ${head},"choices":[],"usage":${JSON.stringify(chatUsage(setup.usage))}}\n\n`,
      delta: false,
    });
  }
  events.push({ bytes: 'data: [DONE]\n\n', delta: false });
  return events;
}

function chatUsage(usage: Usage): object {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cache_read,
      ...(usage.cache_write === 0 ? {} : { cache_write_tokens: usage.cache_write }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}
