import { describe, expect, test } from 'vitest';
import type { Effort } from '../../core/effort.ts';
import type { Answer, ConversationSetup } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import { createResponsesDecoder } from './openai-responses-decode.ts';
import { createResponsesEncoder } from './openai-responses-encode.ts';

const ROUTE: Route = {
  provider: 'openai',
  model: 'a-model',
  wire: 'openai-responses',
  base_url: 'http://127.0.0.1:1/v1',
  authority: 'http://127.0.0.1:1',
  credential: { kind: 'none', authority: 'http://127.0.0.1:1' },
  fallback: [],
};
const SETUP: ConversationSetup = {
  system: 'You read.',
  tools: [{ name: 'read_file', description: 'Reads.', parameters: { type: 'object', properties: {} } }],
  cache_key: 'delegation-1',
};

// biome-ignore lint/suspicious/noExplicitAny: a body is read as the server would, by its fields
function bodyOf(encoder: ReturnType<typeof createResponsesEncoder>, max_output?: number): Record<string, any> {
  return JSON.parse(encoder.body(max_output).toString());
}

function answerOf(fields: Partial<Answer>): Answer {
  return {
    text: '',
    reasoning: '',
    tool_calls: [],
    stop: 'end',
    sent: { model: 'a-model', reasoning: null },
    first_token_ms: 1,
    notes: [],
    ...fields,
  };
}

/** Plays events in the shape the vendor sends them: the name is also the `type` of the data. */
function decode(
  events: readonly Record<string, unknown>[],
  route: Route = ROUTE,
  taken: ReadonlySet<string> = new Set(),
) {
  const heard: string[] = [];
  const decoder = createResponsesDecoder(
    route,
    {
      onText: (delta) => heard.push(`text ${delta}`),
      onReasoning: (delta) => heard.push(`reasoning ${delta}`),
    },
    taken,
  );
  const over = events.map((event) => decoder.event(String(event.type), JSON.stringify(event)));
  return { decoder, heard, over: over.at(-1) };
}

const CREATED = {
  type: 'response.created',
  sequence_number: 0,
  response: { id: 'resp_1', object: 'response', status: 'in_progress', model: 'a-model-2026-01-01', output: [] },
};
const USAGE = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 25 },
  total_tokens: 140,
};
const REASONING_ITEM = {
  type: 'reasoning',
  id: 'rs_1',
  status: 'completed',
  summary: [{ type: 'summary_text', text: 'think' }],
  encrypted_content: 'gAAAAB',
};
const CALL_ITEM = {
  type: 'function_call',
  id: 'fc_1',
  status: 'completed',
  call_id: 'call_a',
  name: 'read_file',
  arguments: '{"path":"a"}',
};

function completed(fields: Record<string, unknown> = {}) {
  return {
    type: 'response.completed',
    response: { id: 'resp_1', status: 'completed', model: 'a-model-2026-01-01', output: [], usage: USAGE, ...fields },
  };
}

describe('the request of openai-responses', () => {
  test('a conversation is sent whole, unstored and streamed', () => {
    const encoder = createResponsesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    expect(bodyOf(encoder)).toEqual({
      model: 'a-model',
      stream: true,
      store: false,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'delegation-1',
      instructions: 'You read.',
      tools: [
        {
          type: 'function',
          name: 'read_file',
          description: 'Reads.',
          parameters: { type: 'object', properties: {} },
          strict: false,
        },
      ],
      input: [{ type: 'message', role: 'user', content: 'Read a.' }],
    });
    expect(encoder.sent()).toEqual({ model: 'a-model', reasoning: null });
  });

  test('calls and results follow the text of an answer', () => {
    const encoder = createResponsesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    encoder.append({
      role: 'assistant',
      answer: answerOf({ text: 'Well.', tool_calls: [{ id: 'call_a', name: 'read_file', arguments: '' }] }),
    });
    encoder.append({
      role: 'tool',
      results: [{ id: 'call_a', name: 'read_file', content: 'A', is_error: false }],
    });
    expect(bodyOf(encoder).input.slice(1)).toEqual([
      { type: 'message', role: 'assistant', content: 'Well.' },
      { type: 'function_call', call_id: 'call_a', name: 'read_file', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_a', output: 'A' },
    ]);
  });

  test('images go as data URLs or as URLs', () => {
    const encoder = createResponsesEncoder(ROUTE, SETUP);
    encoder.append({
      role: 'user',
      text: 'See.',
      images: [
        { kind: 'base64', media_type: 'image/png', data: 'AAAA' },
        { kind: 'url', media_type: 'image/png', data: 'https://example.test/a.png' },
      ],
    });
    expect(bodyOf(encoder).input[0].content).toEqual([
      { type: 'input_text', text: 'See.' },
      { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,AAAA' },
      { type: 'input_image', detail: 'auto', image_url: 'https://example.test/a.png' },
    ]);
  });

  test('reasoning that came encrypted is replayed in its place, without the ids that name nothing', () => {
    const message = {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      phase: 'commentary',
      content: [{ type: 'output_text', text: 'Reading.', annotations: [] }],
    };
    const { decoder } = decode([CREATED, completed({ output: [REASONING_ITEM, message, CALL_ITEM] })]);
    const encoder = createResponsesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'assistant', answer: answerOf(decoder.answer()) });
    expect(bodyOf(encoder).input).toEqual([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'think' }], encrypted_content: 'gAAAAB' },
      { type: 'message', role: 'assistant', content: 'Reading.', phase: 'commentary' },
      { type: 'function_call', call_id: 'call_a', name: 'read_file', arguments: '{"path":"a"}' },
    ]);
  });

  test.each([
    ['another provider', { provider: 'other' }],
    ['another model', { model: 'other' }],
    ['another wire', { wire: 'anthropic-messages' as const }],
  ])('encrypted reasoning of %s is not shown to this one (F16)', (_, other) => {
    const { decoder } = decode([CREATED, completed({ output: [REASONING_ITEM, CALL_ITEM] })], { ...ROUTE, ...other });
    const encoder = createResponsesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'assistant', answer: answerOf(decoder.answer()) });
    expect(bodyOf(encoder).input).toEqual([
      { type: 'function_call', call_id: 'call_a', name: 'read_file', arguments: '{"path":"a"}' },
    ]);
  });

  test('an id that another wire gave is replaced the same way in the call and in its result', () => {
    const id = `functions.read:0${'x'.repeat(80)}`;
    const encoder = createResponsesEncoder(ROUTE, SETUP);
    encoder.append({
      role: 'assistant',
      answer: answerOf({ tool_calls: [{ id, name: 'read_file', arguments: '{}' }] }),
    });
    encoder.append({ role: 'tool', results: [{ id, name: 'read_file', content: 'A', is_error: false }] });
    const [call, result] = bodyOf(encoder).input;
    expect(call.call_id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(result.call_id).toBe(call.call_id);
  });

  test('a model that does not reason is not asked for reasoning', () => {
    const encoder = createResponsesEncoder({ ...ROUTE, reasons: false }, SETUP);
    expect(bodyOf(encoder)).not.toHaveProperty('include');
  });

  test('an output cap is never below what the vendor accepts', () => {
    const encoder = createResponsesEncoder(ROUTE, SETUP);
    expect(bodyOf(encoder, 500).max_output_tokens).toBe(500);
    expect(bodyOf(encoder, 5).max_output_tokens).toBe(16);
    expect(bodyOf(encoder)).not.toHaveProperty('max_output_tokens');
  });

  test('what was encoded once is sent again byte for byte', () => {
    const encoder = createResponsesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'ünï 😀' });
    const first = encoder.body(undefined);
    encoder.append({ role: 'user', text: 'more' });
    const second = encoder.body(undefined);
    const shared = first.length - ']}'.length;
    expect(second.subarray(0, shared).equals(first.subarray(0, shared))).toBe(true);
    expect(JSON.parse(second.toString()).input).toHaveLength(2);
  });

  test.each([
    ['reasoning.effort', 'reasoning'],
    ['reasoning', 'reasoning'],
    ['include', 'include'],
    ['include[0]', 'include'],
    ['prompt_cache_key', 'prompt_cache_key'],
  ])('a refused "%s" can be left out, once (F31)', (parameter, field) => {
    const encoder = createResponsesEncoder({ ...ROUTE, reasoning_effort: 'high' }, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    expect(bodyOf(encoder)).toHaveProperty(field);
    expect(encoder.omit(parameter)).toBe(true);
    expect(bodyOf(encoder)).not.toHaveProperty(field);
    expect(bodyOf(encoder).input).toHaveLength(1);
    expect(encoder.sent().reasoning).toEqual(field === 'reasoning' ? null : { reasoning: { effort: 'high' } });
    expect(encoder.omit(parameter)).toBe(false);
  });

  test.each(['model', 'input', 'tools', 'stream', 'store', '__proto__', 'toString'])(
    '"%s" is never left out',
    (parameter) => {
      expect(createResponsesEncoder(ROUTE, SETUP).omit(parameter)).toBe(false);
    },
  );
});

describe('effort on openai-responses (docs/wires.md, F29, F30)', () => {
  test.each<[Effort | undefined, Partial<Route>, unknown]>([
    [undefined, {}, undefined],
    ['none', {}, { effort: 'none' }],
    ['minimal', {}, { effort: 'minimal' }],
    ['low', {}, { effort: 'low' }],
    ['medium', {}, { effort: 'medium' }],
    ['high', {}, { effort: 'high' }],
    ['xhigh', {}, { effort: 'xhigh' }],
    ['max', {}, { effort: 'max' }],
    ['minimal', { effort_word: 'low' }, { effort: 'low' }],
    ['high', { effort_dialect: 'omit' }, undefined],
  ])('%s %j is sent as %j', (effort, fields, reasoning) => {
    const route: Route = { ...ROUTE, ...fields, ...(effort === undefined ? {} : { reasoning_effort: effort }) };
    const encoder = createResponsesEncoder(route, SETUP);
    expect(bodyOf(encoder).reasoning).toEqual(reasoning);
    expect(encoder.sent().reasoning).toEqual(reasoning === undefined ? null : { reasoning });
  });
});

describe('the stream of openai-responses', () => {
  test('text, reasoning, a call and usage become one answer', () => {
    const { decoder, heard, over } = decode([
      CREATED,
      { type: 'response.in_progress', response: {} },
      { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'rs_1', summary: [] } },
      { type: 'response.reasoning_summary_part.added', item_id: 'rs_1', summary_index: 0 },
      { type: 'response.reasoning_summary_text.delta', item_id: 'rs_1', output_index: 0, delta: 'think' },
      { type: 'response.output_item.done', output_index: 0, item: REASONING_ITEM },
      { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'Rea', logprobs: [] },
      { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'ding', obfuscation: 'xY' },
      {
        type: 'response.output_item.done',
        output_index: 1,
        item: { type: 'message', id: 'msg_1', content: [{ type: 'output_text', text: 'Reading' }] },
      },
      { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"pa' },
      { type: 'response.function_call_arguments.done', output_index: 2, arguments: '{"path":"a"}' },
      { type: 'response.output_item.done', output_index: 2, item: CALL_ITEM },
      completed(),
    ]);
    expect(over).toBe(true);
    expect(heard).toEqual(['reasoning think', 'text Rea', 'text ding']);
    expect(decoder.answer()).toEqual({
      text: 'Reading',
      reasoning: 'think',
      tool_calls: [{ id: 'call_a', name: 'read_file', arguments: '{"path":"a"}' }],
      stop: 'tool_calls',
      usage: { input: 100, output: 40, cache_read: 60, cache_write: 10, reasoning: 25 },
      served_model: 'a-model-2026-01-01',
      request_id: 'resp_1',
      replay: expect.anything(),
      notes: [],
    });
  });

  test("the text of open models' reasoning is heard too", () => {
    const { heard } = decode([CREATED, { type: 'response.reasoning_text.delta', delta: 'hm' }, completed()]);
    expect(heard).toEqual(['reasoning hm']);
  });

  test('an answer without reasoning leaves nothing to replay', () => {
    const { decoder } = decode([CREATED, { type: 'response.output_text.delta', delta: 'Hi' }, completed()]);
    expect(decoder.answer()).not.toHaveProperty('replay');
    expect(decoder.answer().stop).toBe('end');
  });

  test('reasoning that came unencrypted is not replayed: nothing was stored under its id', () => {
    const { decoder } = decode([CREATED, completed({ output: [{ ...REASONING_ITEM, encrypted_content: null }] })]);
    expect(decoder.answer()).not.toHaveProperty('replay');
  });

  test.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'refusal'],
    ['something_new', 'other'],
  ])('an answer that is incomplete for "%s" stopped by %s (F20)', (reason, stop) => {
    const { decoder, over } = decode([
      CREATED,
      { type: 'response.output_text.delta', delta: 'Half' },
      { ...completed({ status: 'incomplete', incomplete_details: { reason } }), type: 'response.incomplete' },
    ]);
    expect(over).toBe(true);
    expect(decoder.answer()).toMatchObject({ text: 'Half', stop });
  });

  test('an answer that ended as anything but completed is not whole', () => {
    const text = { type: 'response.output_text.delta', delta: 'Half' };
    expect(decode([CREATED, text, completed({ status: 'cancelled' })]).decoder.answer().stop).toBe('other');
    expect(decode([CREATED, text, { type: 'response.completed', response: {} }]).decoder.answer().stop).toBe('end');
  });

  test('a refusal is the text and the reason', () => {
    const { decoder } = decode([CREATED, { type: 'response.refusal.delta', delta: 'I cannot.' }, completed()]);
    expect(decoder.answer()).toMatchObject({ text: 'I cannot.', stop: 'refusal' });
  });

  test.each([
    [
      'response.failed',
      { response: { id: 'r', status: 'failed', error: { code: 'rate_limit_exceeded', message: 'm' } } },
      'rate_limit',
    ],
    [
      'response.failed',
      { response: { status: 'failed', error: { code: 'server_error', message: 'm' } } },
      'unavailable',
    ],
    ['error', { code: 'insufficient_quota', message: 'm', param: null }, 'quota'],
    ['error', { error: { type: 'invalid_request_error', code: 'context_length_exceeded' } }, 'context_overflow'],
  ])('"%s" inside the stream %j is of class %s (F15, F23)', (type, fields, expected) => {
    const event = { type, ...fields };
    expect(() => decode([CREATED, event])).toThrow(
      expect.objectContaining({ class: expected, upstream: JSON.stringify(event) }),
    );
  });

  test('a stream that ends without its last event is cut (F20)', () => {
    const { decoder } = decode([CREATED, { type: 'response.output_text.delta', delta: 'Half' }]);
    expect(decoder.partial()).toEqual({ text: 'Half', reasoning: '' });
    expect(() => decoder.answer()).toThrow(expect.objectContaining({ class: 'cut' }));
  });

  test('a server that does not stream answers with the response itself', () => {
    const { decoder, heard, over } = decode([
      {
        object: 'response',
        id: 'resp_2',
        status: 'completed',
        model: 'm',
        output: [{ type: 'message', content: [{ type: 'output_text', text: 'Whole.' }] }, CALL_ITEM],
        usage: USAGE,
      },
    ]);
    expect(over).toBe(true);
    expect(heard).toEqual(['text Whole.']);
    expect(decoder.answer()).toMatchObject({
      text: 'Whole.',
      stop: 'tool_calls',
      served_model: 'm',
      request_id: 'resp_2',
    });
  });

  test('usage that was not reported is unknown, not zero (F52)', () => {
    const { decoder } = decode([CREATED, completed({ usage: null })]);
    expect(decoder.answer()).not.toHaveProperty('usage');
  });

  test('calls without an id get one of their own', () => {
    const { decoder } = decode([
      CREATED,
      completed({
        output: [
          { ...CALL_ITEM, call_id: '' },
          { ...CALL_ITEM, call_id: null },
        ],
      }),
    ]);
    const ids = decoder.answer().tool_calls.map((call) => call.id);
    expect(new Set(ids).size).toBe(2);
    expect(ids.every((id) => id !== '')).toBe(true);
  });

  test('a call whose id the conversation holds already gets one of its own', () => {
    const { decoder } = decode([CREATED, completed({ output: [CALL_ITEM] })], ROUTE, new Set(['call_a']));
    expect(decoder.answer().tool_calls[0]!.id).not.toBe('call_a');
  });

  test.each([
    [{ type: 'response.output_text.delta', delta: { not: 'text' } }],
    [{ type: 'response.output_item.done', item: null }],
    [{ type: 'response.output_item.done', item: 'text' }],
    [{ type: 'response.created', response: { id: 1, model: {}, output: 'x' } }],
    [{ type: 'an.event.of.tomorrow', anything: [] }],
  ])('%j from a careless server changes nothing', (event) => {
    const { decoder } = decode([event as Record<string, unknown>, completed()]);
    expect(decoder.answer()).toMatchObject({ text: '', tool_calls: [], stop: 'end' });
  });
});
