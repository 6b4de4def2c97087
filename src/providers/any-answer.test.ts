import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_CLASSES } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import { ANTHROPIC_MESSAGES } from './anthropic-messages/anthropic-messages.ts';
import { inputOf } from './anthropic-messages/anthropic-messages-encode.ts';
import { classifyFailure } from './failure/classify-failure.ts';
import { boundedAnswer } from './http/bounded-answer.ts';
import { OPENAI_CHAT } from './openai-chat/openai-chat.ts';
import { OPENAI_RESPONSES } from './openai-responses/openai-responses.ts';
import { asStreamFailure } from './stream.ts';
import type { DecodedAnswer, WireDialect } from './wire-provider.ts';

const ROUTE: Route = {
  provider: 'lab',
  model: 'some-model',
  wire: 'openai-chat',
  base_url: 'http://127.0.0.1:1/v1',
  authority: 'http://127.0.0.1:1',
  credential: { kind: 'none', authority: 'http://127.0.0.1:1' },
  fallback: [],
};

/** JSON of these names and words in any shape, and of everything that JavaScript itself trips over. */
function hostileJson(names: readonly string[], words: readonly string[]): fc.Arbitrary<string> {
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.constantFrom<unknown>(...words),
      fc.constantFrom<unknown>(null, true, 0, 1, -1, 1e308, '', '\u0000', '\ud800', 'x'.repeat(300)),
      // A text of it throws, and so does a number.
      fc.constant({ toString: 1, valueOf: 1 }),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...names, '__proto__', 'constructor', 'length', 'toString'), tie('tree'), {
        maxKeys: 6,
        noNullPrototype: true,
      }),
    ),
  }));
  return tree.map((value) => JSON.stringify(value) ?? 'null');
}

interface Wire {
  readonly dialect: WireDialect;
  readonly types: readonly string[];
  readonly names: readonly string[];
}

const WIRES: readonly (readonly [string, Wire])[] = [
  [
    'openai-chat',
    {
      dialect: OPENAI_CHAT,
      types: ['stop', 'tool_calls', 'length', 'content_filter', 'error', 'thinking', 'text', 'reasoning.encrypted'],
      names:
        'id model object error usage choices delta message finish_reason content refusal reasoning_content reasoning reasoning_details tool_calls index function name arguments type text summary thinking prompt_tokens completion_tokens total_tokens prompt_tokens_details cached_tokens'.split(
          ' ',
        ),
    },
  ],
  [
    'openai-responses',
    {
      dialect: OPENAI_RESPONSES,
      types:
        'response.created response.output_text.delta response.refusal.delta response.reasoning_text.delta response.output_item.done response.completed response.incomplete response.failed error message function_call reasoning completed incomplete response'.split(
          ' ',
        ),
      names:
        'type object error delta output_index item response id model status incomplete_details reason output usage input_tokens output_tokens input_tokens_details call_id name arguments phase summary encrypted_content content text refusal'.split(
          ' ',
        ),
    },
  ],
  [
    'anthropic-messages',
    {
      dialect: ANTHROPIC_MESSAGES,
      types:
        'message_start content_block_start content_block_delta content_block_stop message_delta message_stop message error ping text thinking tool_use redacted_thinking text_delta thinking_delta input_json_delta signature_delta end_turn tool_use max_tokens refusal'.split(
          ' ',
        ),
      names:
        'type error index message content_block delta id model content stop_reason usage input_tokens output_tokens cache_read_input_tokens text thinking signature data name input partial_json'.split(
          ' ',
        ),
    },
  ],
];

/** What the provider adapter makes of a stream. */
function read(dialect: WireDialect, events: readonly (readonly [string, string])[]): DecodedAnswer {
  const heard: unknown[] = [];
  const decoder = dialect.decoder(
    ROUTE,
    { onText: (delta) => heard.push(delta), onReasoning: (delta) => heard.push(delta) },
    new Set(['call_1']),
  );
  try {
    for (const [name, data] of events) if (decoder.event(name, data)) break;
    return boundedAnswer(decoder.answer());
  } finally {
    const { text, reasoning } = decoder.partial();
    expect([text, reasoning, ...heard].every((said) => typeof said === 'string')).toBe(true);
  }
}

function isWellFormed({ text, reasoning, tool_calls, stop, usage, served_model, request_id, notes }: DecodedAnswer) {
  expect([text, reasoning, served_model ?? '', request_id ?? ''].every((one) => typeof one === 'string')).toBe(true);
  expect(['end', 'tool_calls', 'length', 'refusal', 'other']).toContain(stop);
  expect(tool_calls.every((call) => [call.id, call.name, call.arguments].every((one) => typeof one === 'string'))).toBe(
    true,
  );
  expect(new Set(['call_1', ...tool_calls.map(({ id }) => id)]).size).toBe(tool_calls.length + 1);
  for (const count of Object.values(usage ?? {})) expect(Number.isFinite(count) && count >= 0).toBe(true);
  expect(Array.isArray(notes)).toBe(true);
}

describe.each(WIRES)('whatever a server of %s sends', (_, { dialect, types, names }) => {
  const json = hostileJson(names, types);
  const named = fc.tuple(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...names), json, { maxKeys: 5 }));
  const event = fc.oneof(
    named.map(([type, fields]): [string, string] => [
      type,
      `{"type":${JSON.stringify(type)}${Object.entries(fields)
        .map(([name, value]) => `,${JSON.stringify(name)}:${value}`)
        .join('')}}`,
    ]),
    fc.tuple(fc.constantFrom('', ...types), fc.oneof(json, fc.string(), fc.constant('[DONE]'))),
  );

  test('is an answer in its form, which can be written and sent again, or a failure of a known class', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        let answer: DecodedAnswer;
        try {
          answer = read(dialect, events);
        } catch (thrown) {
          if (thrown instanceof Error && thrown.name === 'AssertionError') throw thrown;
          expect(ERROR_CLASSES).toContain(asStreamFailure(thrown).class);
          return;
        }
        isWellFormed(answer);
        const whole = { ...answer, sent: { model: ROUTE.model, reasoning: null }, first_token_ms: 0 };
        expect(JSON.parse(JSON.stringify(whole))).toBeTypeOf('object');
        const encoder = dialect.encoder(ROUTE, { system: '', tools: [] });
        encoder.append({ role: 'user', text: 'Go on.' });
        encoder.append({ role: 'assistant', answer: whole });
        expect(JSON.parse(encoder.body(undefined).toString())).toBeTypeOf('object');
      }),
      { numRuns: 400 },
    );
  });
});

test('whatever body an error has, it is of a known class and no exception', () => {
  const names =
    'error code type status status_code metadata headers error_type reasons details violations quotaId reason retryDelay estimated_time retry_after message detail loc param innererror response request_id x-ratelimit-reset x-ratelimit-remaining __type'.split(
      ' ',
    );
  const words = ['rate_limit_exceeded', 'invalid_api_key', 'unsupported_parameter', 'extra_forbidden', '429', '17s'];
  fc.assert(
    fc.property(
      hostileJson(names, words),
      fc.constantFrom(undefined, 200, 400, 403, 404, 413, 429, 500, 999),
      (body, status) => {
        for (const text of [
          body,
          `{"error":${body}}`,
          `{"error":{"code":"rate_limit_exceeded","metadata":{"headers":${body}},"details":[${body}]}}`,
        ]) {
          const found = classifyFailure({
            ...(status === undefined ? {} : { status }),
            headers: {},
            body: text,
            now: 0,
          });
          expect(ERROR_CLASSES).toContain(found.class);
          expect(found.retry_after_ms ?? 0).toBeGreaterThanOrEqual(0);
        }
      },
    ),
    {
      numRuns: 1_000,
      // Once an exception: a place whose parts have no text.
      examples: [['{"loc":[{"toString":1,"valueOf":1}],"status":"extra_forbidden"}', undefined]],
    },
  );
});

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

test.each([
  [
    'openai-chat',
    OPENAI_CHAT,
    `{"choices":[{"delta":{"content":"Hi.","reasoning_details":[{"deep":${DEEP}}]},"finish_reason":"stop"}]}`,
  ],
  [
    'openai-chat',
    OPENAI_CHAT,
    `{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f"},"deep":${DEEP}}]},"finish_reason":"stop"}]}`,
  ],
  [
    'openai-responses',
    OPENAI_RESPONSES,
    `{"object":"response","status":"completed","output":[{"type":"reasoning","encrypted_content":"x","summary":[${DEEP}]}]}`,
  ],
] as const)('%s: what is to be sent again and is nested too deeply to be written is a failure', (_, dialect, data) => {
  expect(() => read(dialect, [['', data]])).toThrow(expect.objectContaining({ class: 'protocol' }));
});

test('arguments nested too deeply go back to the model as it wrote them', () => {
  const written = `{"deep":${DEEP}}`;
  expect(inputOf(written)).toEqual({ invalid_arguments: written });
});
