// What a provider streams, as complete server-sent events, for each wire (by the last part of its path).
// Sizes follow what the vendors send: a text delta is one event of some 100 to 250 bytes.
export const MODEL = 'bench-model';
/** The arguments of a call, in the pieces they are streamed in. */
const piecesFor = (file) => ['{"path"', ': "', `${file}"}`];

const data = (json) => `data: ${JSON.stringify(json)}\n\n`;
const named = (json) => `event: ${json.type}\n${data(json)}`;

const chat = {
  frame: (delta, finish_reason = null) =>
    data({
      id: 'chatcmpl-bench',
      object: 'chat.completion.chunk',
      created: 1_790_000_000,
      model: MODEL,
      system_fingerprint: 'fp_bench',
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    }),
  end: (finish_reason) => [
    chat.frame({}, finish_reason),
    data({
      id: 'chatcmpl-bench',
      object: 'chat.completion.chunk',
      created: 1_790_000_000,
      model: MODEL,
      choices: [],
      usage: {
        prompt_tokens: 200,
        completion_tokens: 20,
        total_tokens: 220,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    }),
    'data: [DONE]\n\n',
  ],
  text: (words) => [
    chat.frame({ role: 'assistant', content: '' }),
    ...words.map((content) => chat.frame({ content })),
    ...chat.end('stop'),
  ],
  toolCall: (id, file) => [
    chat.frame({
      role: 'assistant',
      content: null,
      tool_calls: [{ index: 0, id, type: 'function', function: { name: 'read_file', arguments: '' } }],
    }),
    ...piecesFor(file).map((part) => chat.frame({ tool_calls: [{ index: 0, function: { arguments: part } }] })),
    ...chat.end('tool_calls'),
  ],
};

const responses = {
  response: (status, output, usage = null) => ({
    id: 'resp_bench',
    object: 'response',
    created_at: 1_790_000_000,
    status,
    model: MODEL,
    output,
    error: null,
    incomplete_details: null,
    parallel_tool_calls: true,
    tools: [],
    usage,
  }),
  wrap: (item, events) => {
    const usage = {
      input_tokens: 200,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 220,
    };
    return [
      { type: 'response.created', response: responses.response('in_progress', []) },
      ...events,
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: responses.response('completed', [item], usage) },
    ].map((event, sequence_number) => named({ ...event, sequence_number }));
  },
  text: (words) => {
    const text = words.join('');
    const at = { item_id: 'msg_bench', output_index: 0, content_index: 0 };
    const part = { type: 'output_text', text, annotations: [] };
    const item = { type: 'message', id: 'msg_bench', role: 'assistant', status: 'completed', content: [part] };
    return responses.wrap(item, [
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress', content: [] },
      },
      { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
      ...words.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
      { type: 'response.output_text.done', ...at, text },
      { type: 'response.content_part.done', ...at, part },
    ]);
  },
  toolCall: (id, file) => {
    const at = { item_id: `fc_${id}`, output_index: 0 };
    const call = { type: 'function_call', id: `fc_${id}`, call_id: id, name: 'read_file' };
    const item = { ...call, status: 'completed', arguments: piecesFor(file).join('') };
    return responses.wrap(item, [
      { type: 'response.output_item.added', output_index: 0, item: { ...call, status: 'in_progress', arguments: '' } },
      ...piecesFor(file).map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
      { type: 'response.function_call_arguments.done', ...at, arguments: piecesFor(file).join('') },
    ]);
  },
};

const messages = {
  wrap: (block, deltas, stop_reason) =>
    [
      {
        type: 'message_start',
        message: {
          id: 'msg_bench',
          type: 'message',
          role: 'assistant',
          model: MODEL,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 200, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: block },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index: 0, delta })),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 20 } },
      { type: 'message_stop' },
    ].map(named),
  text: (words) =>
    messages.wrap(
      { type: 'text', text: '' },
      words.map((text) => ({ type: 'text_delta', text })),
      'end_turn',
    ),
  toolCall: (id, file) =>
    messages.wrap(
      { type: 'tool_use', id, name: 'read_file', input: {} },
      piecesFor(file).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      'tool_use',
    ),
};

export const encoders = { completions: chat, responses, messages };
