import { describe, expect, test } from 'vitest';
import type { Effort } from '../../core/effort.ts';
import type { Answer, ConversationSetup } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import { ANTHROPIC_MESSAGES } from './anthropic-messages.ts';
import { createMessagesDecoder } from './anthropic-messages-decode.ts';
import { createMessagesEncoder } from './anthropic-messages-encode.ts';

const ROUTE: Route = {
  provider: 'anthropic',
  model: 'a-model',
  wire: 'anthropic-messages',
  base_url: 'http://127.0.0.1:1',
  authority: 'http://127.0.0.1:1',
  credential: { kind: 'none', authority: 'http://127.0.0.1:1' },
  max_output: 64_000,
  fallback: [],
};
const SETUP: ConversationSetup = {
  system: 'You read.',
  tools: [
    { name: 'list_files', description: 'Lists.', parameters: { type: 'object' } },
    { name: 'read_file', description: 'Reads.', parameters: { type: 'object', properties: {} } },
  ],
};
const MARK = { cache_control: { type: 'ephemeral' } };

// biome-ignore lint/suspicious/noExplicitAny: a body is read as the server would, by its fields
function bodyOf(encoder: ReturnType<typeof createMessagesEncoder>, max_output?: number): Record<string, any> {
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

function decode(
  events: readonly Record<string, unknown>[],
  route: Route = ROUTE,
  taken: ReadonlySet<string> = new Set(),
) {
  const heard: string[] = [];
  const decoder = createMessagesDecoder(
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

const START = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'a-model-20260101',
    content: [],
    stop_reason: null,
    usage: { input_tokens: 10, cache_creation_input_tokens: 20, cache_read_input_tokens: 70, output_tokens: 1 },
  },
};
const STOP = { type: 'message_stop' };

function block(index: number, content_block: object, ...deltas: readonly object[]): Record<string, unknown>[] {
  return [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

function ended(stop_reason: string | null, usage: object = { output_tokens: 40 }): Record<string, unknown> {
  return { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage };
}

const THINKING = block(
  0,
  { type: 'thinking', thinking: '', signature: '' },
  { type: 'thinking_delta', thinking: 'think' },
  { type: 'signature_delta', signature: 'Eq' },
  { type: 'signature_delta', signature: 'QB' },
);
const REDACTED = block(1, { type: 'redacted_thinking', data: 'opaque' });
const TOOL = block(
  3,
  { type: 'tool_use', id: 'toolu_a', name: 'read_file', input: {} },
  { type: 'input_json_delta', partial_json: '' },
  { type: 'input_json_delta', partial_json: '{"path":' },
  { type: 'input_json_delta', partial_json: '"a"}' },
);
const SAID = block(
  2,
  { type: 'text', text: '' },
  { type: 'text_delta', text: 'Rea' },
  { type: 'text_delta', text: 'ding' },
);

describe('the request of anthropic-messages', () => {
  test.each([
    ['', '/v1/messages'],
    ['/v1', '/v1/messages'],
    ['/api', '/api/v1/messages'],
    ['/anthropic/v1', '/anthropic/v1/messages'],
  ])('a base_url with the path "%s" is asked at "%s"', (base, path) => {
    expect(ANTHROPIC_MESSAGES.path(base)).toBe(path);
  });

  test('the key goes into x-api-key and nowhere else (F24)', () => {
    expect(ANTHROPIC_MESSAGES.headers('sk-a', ROUTE)).toEqual({
      'anthropic-version': '2023-06-01',
      'x-api-key': 'sk-a',
    });
    expect(ANTHROPIC_MESSAGES.headers(undefined, ROUTE)).toEqual({ 'anthropic-version': '2023-06-01' });
  });

  test('the shared prefix and the end of the conversation are marked for the cache', () => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    expect(bodyOf(encoder)).toEqual({
      model: 'a-model',
      stream: true,
      max_tokens: 64_000,
      tools: [
        { name: 'list_files', description: 'Lists.', input_schema: { type: 'object' } },
        { name: 'read_file', description: 'Reads.', input_schema: { type: 'object', properties: {} }, ...MARK },
      ],
      system: [{ type: 'text', text: 'You read.', ...MARK }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Read a.', ...MARK }] }],
    });
  });

  test('the mark moves to the last message, and older messages are sent again as they were', () => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    bodyOf(encoder);
    encoder.append({
      role: 'assistant',
      answer: answerOf({
        text: 'Well.',
        tool_calls: [{ id: 'toolu_a', name: 'read_file', arguments: '{"path":"a"}' }],
      }),
    });
    encoder.append({
      role: 'tool',
      results: [
        { id: 'toolu_a', name: 'read_file', content: 'A', is_error: false },
        { id: 'toolu_b', name: 'read_file', content: 'no such file', is_error: true },
      ],
    });
    expect(bodyOf(encoder).messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Read a.' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Well.' },
          { type: 'tool_use', id: 'toolu_a', name: 'read_file', input: { path: 'a' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_a', content: 'A' },
          { type: 'tool_result', tool_use_id: 'toolu_b', content: 'no such file', is_error: true, ...MARK },
        ],
      },
    ]);
  });

  test('images stand before the text, by content or by URL', () => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({
      role: 'user',
      text: 'See.',
      images: [
        { kind: 'base64', media_type: 'image/png', data: 'AAAA' },
        { kind: 'url', media_type: 'image/png', data: 'https://example.test/a.png' },
      ],
    });
    expect(bodyOf(encoder).messages[0].content).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'image', source: { type: 'url', url: 'https://example.test/a.png' } },
      { type: 'text', text: 'See.', ...MARK },
    ]);
  });

  test('thinking is replayed with its signature, in its place', () => {
    const { decoder } = decode([START, ...THINKING, ...REDACTED, ...SAID, ...TOOL, ended('tool_use'), STOP]);
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    encoder.append({ role: 'assistant', answer: answerOf(decoder.answer()) });
    expect(bodyOf(encoder).messages[1].content).toEqual([
      { type: 'thinking', thinking: 'think', signature: 'EqQB' },
      { type: 'redacted_thinking', data: 'opaque' },
      { type: 'text', text: 'Reading' },
      { type: 'tool_use', id: 'toolu_a', name: 'read_file', input: { path: 'a' } },
    ]);
  });

  test.each([
    ['another provider', { provider: 'other' }],
    ['another model', { model: 'other' }],
    ['another wire', { wire: 'openai-responses' as const }],
  ])('signed thinking of %s is not shown to this one (F16)', (_, other) => {
    const { decoder } = decode([START, ...THINKING, ...TOOL, ended('tool_use'), STOP], { ...ROUTE, ...other });
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'assistant', answer: answerOf(decoder.answer()) });
    expect(bodyOf(encoder).messages[0].content).toEqual([
      { type: 'tool_use', id: 'toolu_a', name: 'read_file', input: { path: 'a' } },
    ]);
  });

  test('a thinking budget is left out, with a note, where another model made the calls of the loop', () => {
    const route: Route = { ...ROUTE, reasoning_effort: 'low', effort_dialect: 'budget_tokens' };
    const encoder = createMessagesEncoder(route, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    encoder.append({
      role: 'assistant',
      answer: answerOf({
        tool_calls: [{ id: 'call.1', name: 'read_file', arguments: '{}' }],
        sent: { model: 'another-model', reasoning: null },
      }),
    });
    encoder.append({ role: 'tool', results: [{ id: 'call.1', name: 'read_file', content: 'A', is_error: false }] });
    expect(bodyOf(encoder)).not.toHaveProperty('thinking');
    expect(encoder.sent().reasoning).toBeNull();
    expect(encoder.notes?.()).toEqual(['no thinking: another model made the tool calls of this loop']);
    // Beside the results it is still that loop; after an answer it is not.
    encoder.append({ role: 'user', text: 'Go on.' });
    expect(bodyOf(encoder)).not.toHaveProperty('thinking');
    encoder.append({ role: 'assistant', answer: answerOf({ text: 'Done.' }) });
    encoder.append({ role: 'user', text: 'And b?' });
    expect(bodyOf(encoder)).toHaveProperty('thinking');
    expect(encoder.notes?.()).toEqual([]);
  });

  test('what the user says after tool results, or after itself, stands in the same message: roles alternate', () => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    encoder.append({
      role: 'assistant',
      answer: answerOf({ tool_calls: [{ id: 'a', name: 'read_file', arguments: '{}' }] }),
    });
    encoder.append({ role: 'tool', results: [{ id: 'a', name: 'read_file', content: 'A', is_error: false }] });
    const before = bodyOf(encoder).messages[2].content;
    encoder.append({ role: 'user', text: 'Read b, too.' });
    encoder.append({ role: 'user', text: 'And c.' });
    const { messages } = bodyOf(encoder);
    expect(messages).toHaveLength(3);
    expect(
      messages[2].content.map(({ cache_control: _, ...block }: object & { cache_control?: unknown }) => block),
    ).toEqual([
      { type: 'tool_result', tool_use_id: 'a', content: 'A' },
      { type: 'text', text: 'Read b, too.' },
      { type: 'text', text: 'And c.' },
    ]);
    expect(before[0]).toHaveProperty('cache_control');
    expect(messages[2].content.map((block: object) => 'cache_control' in block)).toEqual([false, false, true]);
  });

  test.each([
    ['', {}],
    ['{"path":"a"}', { path: 'a' }],
    ['{"path":', { invalid_arguments: '{"path":' }],
    ['[1]', { invalid_arguments: '[1]' }],
    ['"text"', { invalid_arguments: '"text"' }],
  ])('arguments written as %j are sent as an object', (written, input) => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({
      role: 'assistant',
      answer: answerOf({ tool_calls: [{ id: 'a', name: 'read_file', arguments: written }] }),
    });
    expect(bodyOf(encoder).messages[0].content[0].input).toEqual(input);
  });

  test('an answer that is blank leaves no message, because it would be refused', () => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    encoder.append({ role: 'assistant', answer: answerOf({ text: ' \n' }) });
    encoder.append({ role: 'user', text: 'Go on.' });
    expect(bodyOf(encoder).messages.map((message: { role: string }) => message.role)).toEqual(['user']);
  });

  test('an id that another wire gave is replaced the same way in the call and in its result', () => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({
      role: 'assistant',
      answer: answerOf({ tool_calls: [{ id: 'functions.read:0', name: 'read_file', arguments: '{}' }] }),
    });
    encoder.append({
      role: 'tool',
      results: [{ id: 'functions.read:0', name: 'read_file', content: 'A', is_error: false }],
    });
    const [{ content: call }, { content: result }] = bodyOf(encoder).messages;
    expect(call[0].id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(result[0].tool_use_id).toBe(call[0].id);
  });

  test('what was encoded once is sent again byte for byte', () => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'ünï 😀' });
    const first = encoder.body(undefined);
    encoder.append({ role: 'user', text: 'more' });
    const second = encoder.body(undefined);
    const shared = first.indexOf('😀') + 4;
    expect(second.subarray(0, shared).equals(first.subarray(0, shared))).toBe(true);
    expect(JSON.parse(second.toString()).messages[0].content).toHaveLength(2);
  });

  test.each([
    ['thinking', undefined, undefined],
    ['thinking.type', undefined, undefined],
    ['output_config.effort', { type: 'adaptive' }, undefined],
  ])('a refused "%s" can be left out, once (F31)', (parameter, thinking, output_config) => {
    const encoder = createMessagesEncoder(
      { ...ROUTE, reasoning_effort: 'high', effort_dialect: 'output_config' },
      SETUP,
    );
    encoder.append({ role: 'user', text: 'Read a.' });
    bodyOf(encoder);
    expect(encoder.omit(parameter)).toBe(true);
    const body = bodyOf(encoder);
    expect([body.thinking, body.output_config]).toEqual([thinking, output_config]);
    expect(encoder.sent().reasoning).toEqual(thinking === undefined ? null : { thinking });
    expect(encoder.omit(parameter)).toBe(false);
  });

  test('cache marks can be left out as a whole', () => {
    const encoder = createMessagesEncoder(ROUTE, SETUP);
    encoder.append({ role: 'user', text: 'Read a.' });
    expect(encoder.omit('tools.1.cache_control')).toBe(true);
    expect(encoder.body(undefined).toString()).not.toContain('cache_control');
    expect(encoder.omit('cache_control')).toBe(false);
    expect(encoder.omit('max_tokens')).toBe(false);
  });
});

describe('effort on anthropic-messages (docs/wires.md, F29, F30)', () => {
  test.each<[Effort | undefined, Partial<Route>, object]>([
    [undefined, { effort_dialect: 'output_config' }, {}],
    ['none', { effort_dialect: 'output_config' }, { thinking: { type: 'disabled' } }],
    [
      'minimal',
      { effort_dialect: 'output_config' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
    ],
    ['low', { effort_dialect: 'output_config' }, { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    [
      'medium',
      { effort_dialect: 'output_config' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } },
    ],
    [
      'high',
      { effort_dialect: 'output_config' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
    ],
    [
      'xhigh',
      { effort_dialect: 'output_config' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } },
    ],
    ['max', { effort_dialect: 'output_config' }, { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }],
    [
      'xhigh',
      { effort_dialect: 'output_config', effort_word: 'max' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
    ],
    [undefined, { effort_dialect: 'budget_tokens' }, {}],
    ['none', { effort_dialect: 'budget_tokens' }, { thinking: { type: 'disabled' } }],
    ['minimal', { effort_dialect: 'budget_tokens' }, { thinking: { type: 'enabled', budget_tokens: 1_024 } }],
    ['low', { effort_dialect: 'budget_tokens' }, { thinking: { type: 'enabled', budget_tokens: 4_000 } }],
    ['medium', { effort_dialect: 'budget_tokens' }, { thinking: { type: 'enabled', budget_tokens: 8_000 } }],
    ['high', { effort_dialect: 'budget_tokens' }, { thinking: { type: 'enabled', budget_tokens: 16_000 } }],
    ['xhigh', { effort_dialect: 'budget_tokens' }, { thinking: { type: 'enabled', budget_tokens: 32_000 } }],
    ['max', { effort_dialect: 'budget_tokens' }, { thinking: { type: 'enabled', budget_tokens: 32_000 } }],
    ['high', {}, { thinking: { type: 'enabled', budget_tokens: 16_000 } }],
    ['high', { effort_dialect: 'omit' }, {}],
  ])('%s %j is sent as %j', (effort, fields, sent) => {
    const route: Route = { ...ROUTE, ...fields, ...(effort === undefined ? {} : { reasoning_effort: effort }) };
    const encoder = createMessagesEncoder(route, SETUP);
    const { thinking, output_config } = bodyOf(encoder);
    expect(JSON.parse(JSON.stringify({ thinking, output_config }))).toEqual(sent);
    expect(encoder.sent().reasoning).toEqual(Object.keys(sent).length === 0 ? null : sent);
  });

  test.each<[string, Effort | undefined, number | undefined, number | undefined, number, number | undefined]>([
    ["the model's limit, when nothing else is said", undefined, 64_000, undefined, 64_000, undefined],
    ["the caller's cap", undefined, 64_000, 500, 500, undefined],
    ['never above the limit', undefined, 4_096, 9_000, 4_096, undefined],
    ['a plain default where no limit is known', undefined, undefined, undefined, 8_192, undefined],
    ['the default on top of the budget', 'high', undefined, undefined, 24_192, 16_000],
    ['a budget that gives way to the limit', 'xhigh', 16_000, undefined, 16_000, 14_976],
    ['a budget that gives way to the cap', 'low', 64_000, 3_000, 3_000, 1_976],
    ['no thinking where the cap leaves no room', 'low', 64_000, 1_500, 1_500, undefined],
  ])('max_tokens is %s', (_, effort, limit, cap, max_tokens, budget) => {
    const { max_output: __, ...rest } = ROUTE;
    const route: Route = {
      ...rest,
      ...(limit === undefined ? {} : { max_output: limit }),
      ...(effort === undefined ? {} : { reasoning_effort: effort, effort_dialect: 'budget_tokens' }),
    };
    const encoder = createMessagesEncoder(route, SETUP);
    const body = bodyOf(encoder, cap);
    expect([body.max_tokens, body.thinking?.budget_tokens]).toEqual([max_tokens, budget]);
    expect(encoder.notes?.()).toHaveLength(effort === undefined || budget === 16_000 ? 0 : 1);
  });

  test('max_tokens is never more than the window has left', () => {
    const encoder = createMessagesEncoder({ ...ROUTE, max_output: 64_000 }, SETUP);
    expect(JSON.parse(encoder.body(undefined, 9_000).toString()).max_tokens).toBe(9_000);
    expect(JSON.parse(encoder.body(500, 9_000).toString()).max_tokens).toBe(500);
  });
});

describe('the stream of anthropic-messages', () => {
  test('thinking, text, a call and usage become one answer', () => {
    const { decoder, heard, over } = decode([
      START,
      { type: 'ping' },
      ...THINKING,
      ...SAID,
      ...TOOL,
      ended('tool_use', { output_tokens: 40, output_tokens_details: { thinking_tokens: 25 } }),
      STOP,
    ]);
    expect(over).toBe(true);
    expect(heard).toEqual(['reasoning think', 'text Rea', 'text ding']);
    expect(decoder.answer()).toEqual({
      text: 'Reading',
      reasoning: 'think',
      tool_calls: [{ id: 'toolu_a', name: 'read_file', arguments: '{"path":"a"}' }],
      stop: 'tool_calls',
      usage: { input: 100, output: 40, cache_read: 70, cache_write: 20, reasoning: 25 },
      served_model: 'a-model-20260101',
      request_id: 'msg_1',
      replay: expect.anything(),
      notes: [],
    });
  });

  test('usage is cumulative: the last report of each count holds, and null reports nothing', () => {
    const { decoder } = decode([
      START,
      ended(null, { input_tokens: 12, cache_read_input_tokens: null, output_tokens: 5 }),
      ended('end_turn', { output_tokens: 9 }),
      STOP,
    ]);
    expect(decoder.answer().usage).toEqual({ input: 102, output: 9, cache_read: 70, cache_write: 20, reasoning: 0 });
  });

  test('usage that was not reported is unknown, not zero (F52)', () => {
    const { decoder } = decode([
      { type: 'message_start', message: { id: 'm' } },
      { ...ended('end_turn'), usage: null },
      STOP,
    ]);
    expect(decoder.answer()).not.toHaveProperty('usage');
  });

  test.each([
    ['end_turn', 'end'],
    ['stop_sequence', 'end'],
    ['tool_use', 'tool_calls'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'refusal'],
    ['pause_turn', 'other'],
    ['something_new', 'other'],
    ['constructor', 'other'],
  ])('the stop reason "%s" means %s (F20)', (reason, stop) => {
    const { decoder } = decode([START, ...SAID, ended(reason), STOP]);
    expect(decoder.answer().stop).toBe(stop);
  });

  test('a call without arguments has an empty object', () => {
    const { decoder } = decode([
      START,
      ...block(0, { type: 'tool_use', id: 'toolu_a', name: 'now', input: {} }),
      ended('tool_use'),
      STOP,
    ]);
    expect(decoder.answer().tool_calls).toEqual([{ id: 'toolu_a', name: 'now', arguments: '{}' }]);
  });

  test('an answer without thinking leaves nothing to replay', () => {
    const { decoder } = decode([START, ...SAID, ended('end_turn'), STOP]);
    expect(decoder.answer()).not.toHaveProperty('replay');
  });

  test('a stream that ends before its stop reason is cut (F20)', () => {
    const { decoder } = decode([START, ...SAID]);
    expect(decoder.partial()).toEqual({ text: 'Reading', reasoning: '' });
    expect(() => decoder.answer()).toThrow(expect.objectContaining({ class: 'cut' }));
  });

  test.each([
    [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'overloaded'],
    [{ type: 'error', error: { type: 'api_error', message: 'm' }, request_id: 'req_1' }, 'unavailable'],
    [{ type: 'error', error: { type: 'rate_limit_error', message: 'm' } }, 'rate_limit'],
  ])('%j inside the stream is of class %s (F15, F23)', (event, expected) => {
    expect(() => decode([START, event])).toThrow(
      expect.objectContaining({ class: expected, upstream: JSON.stringify(event) }),
    );
  });

  test('a server that does not stream answers with the message itself', () => {
    const { decoder, heard, over } = decode([
      {
        type: 'message',
        id: 'msg_2',
        model: 'm',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'S' },
          { type: 'text', text: 'Whole.' },
          { type: 'tool_use', id: 'toolu_a', name: 'read_file', input: { path: 'a' } },
        ],
        stop_reason: 'tool_use',
        usage: { input_tokens: 1, output_tokens: 2 },
      },
    ]);
    expect(over).toBe(true);
    expect(heard).toEqual(['reasoning hm', 'text Whole.']);
    expect(decoder.answer()).toMatchObject({
      text: 'Whole.',
      tool_calls: [{ id: 'toolu_a', name: 'read_file', arguments: '{"path":"a"}' }],
      stop: 'tool_calls',
      usage: { input: 1, output: 2 },
    });
  });

  test.each([
    [{ type: 'content_block_delta', index: 9, delta: { type: 'text_delta', text: 'lost' } }],
    [{ type: 'content_block_start', index: 0, content_block: null }],
    [{ type: 'content_block_start', index: 0, content_block: { type: 'server_tool_use', id: 'x' } }],
    [{ type: 'message_delta', delta: null, usage: null }],
    [{ type: 'an_event_of_tomorrow' }],
  ])('%j from a careless server changes nothing', (event) => {
    const { decoder } = decode([START, event as Record<string, unknown>, ended('end_turn'), STOP]);
    expect(decoder.answer()).toMatchObject({ text: '', tool_calls: [], stop: 'end' });
  });
});
