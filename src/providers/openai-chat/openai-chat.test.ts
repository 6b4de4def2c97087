import { describe, expect, test } from 'vitest';
import { EFFORTS, type EffortDialect } from '../../core/effort.ts';
import type { Answer, Message } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import { type Reply, startProvider } from '../../testing.ts';
import { options, providersWith, routeTo, user } from '../wire.contract.ts';
import { chatEffort } from './openai-chat-effort.ts';

const ROUTE: Route = {
  provider: 'lab',
  model: 'm-1',
  wire: 'openai-chat',
  base_url: 'http://127.0.0.1:1/v1',
  authority: 'http://127.0.0.1:1',
  credential: { kind: 'none', authority: 'http://127.0.0.1:1' },
  fallback: [],
};

/** Each of `data` as one event of a stream; strings stand as they are. */
function events(...data: readonly unknown[]): Reply {
  return { raw: data.map((one) => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`).join('') };
}

function delta(change: object, finish_reason: string | null = null): object {
  return { id: 'c-1', model: 'm-1', choices: [{ index: 0, delta: change, finish_reason }] };
}

const STOP = delta({}, 'stop');

/** Asks once, or as often as there are replies; between turns the answer goes back with results for its calls. */
async function converse(replies: readonly Reply[], more: Partial<Route> = {}, first: Message = user('hi')) {
  await using server = await startProvider({
    wire: 'openai-chat',
    reply: ({ index }) => replies[index]!,
    check: false,
  });
  await using providers = providersWith();
  const route = routeTo(server, more);
  const conversation = (await providers.providerFor(route)).open(route, { system: 'Be brief.', tools: [] });
  conversation.append(first);
  const answers: Answer[] = [];
  for (const _ of replies) {
    const answer = await conversation.send(options({ idle_timeout_ms: 200 }));
    answers.push(answer);
    conversation.append({ role: 'assistant', answer: structuredClone(answer) });
    const results = answer.tool_calls.map(({ id, name }) => ({ id, name, content: 'x', is_error: false }));
    if (results.length > 0) conversation.append({ role: 'tool', results });
  }
  const bodies = server.requests.map(
    ({ json }) => json as { messages: readonly Record<string, unknown>[] } & Record<string, unknown>,
  );
  return { answers, answer: answers[0]!, bodies, requests: [...server.requests] };
}

describe('the effort of openai-chat', () => {
  const on = { type: 'enabled' };
  const off = { type: 'disabled' };
  test.each<[EffortDialect | undefined, string, object]>([
    [undefined, 'none', { reasoning_effort: 'none' }],
    [undefined, 'high', { reasoning_effort: 'high' }],
    ['reasoning_effort', 'minimal', { reasoning_effort: 'minimal' }],
    ['reasoning_effort', 'max', { reasoning_effort: 'max' }],
    ['reasoning_object', 'none', { reasoning: { enabled: false } }],
    ['reasoning_object', 'xhigh', { reasoning: { effort: 'xhigh' } }],
    ['thinking_toggle', 'none', { thinking: off }],
    ['thinking_toggle', 'low', { thinking: on }],
    ['thinking_and_effort', 'none', { thinking: off }],
    ['thinking_and_effort', 'medium', { thinking: on, reasoning_effort: 'medium' }],
    ['enable_thinking', 'none', { enable_thinking: false }],
    ['enable_thinking', 'high', { enable_thinking: true }],
    ['omit', 'none', {}],
    ['omit', 'high', {}],
  ])('%s, %s', (dialect, level, members) => {
    const route = {
      ...ROUTE,
      reasoning_effort: level as 'high',
      ...(dialect === undefined ? {} : { effort_dialect: dialect }),
    };
    expect(chatEffort(route)).toEqual(members);
  });

  test.each(EFFORTS)('the endpoint’s own word stands in place of %s', (level) => {
    expect(chatEffort({ ...ROUTE, reasoning_effort: level, effort_word: 'ultra' })).toEqual({
      reasoning_effort: 'ultra',
    });
  });

  test('nothing asked is nothing sent', () => {
    expect(chatEffort({ ...ROUTE, effort_dialect: 'thinking_and_effort' })).toEqual({});
  });
});

describe('what openai-chat sends', () => {
  test('a whole body, in the order that caches like', async () => {
    const { requests } = await converse([{ text: 'ok' }], { reasoning_effort: 'low' });
    expect(requests[0]!.body).toBe(
      '{"model":"made-up-model-1","stream":true,"stream_options":{"include_usage":true},"reasoning_effort":"low",' +
        '"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]}',
    );
    expect(requests[0]!.headers).toMatchObject({ accept: 'text/event-stream', 'content-type': 'application/json' });
    expect(requests[0]!.headers['accept-encoding']).toBeUndefined();
  });

  test('images as they are: data as a data URL, addresses as addresses', async () => {
    const { bodies } = await converse(
      [{ text: 'ok' }],
      {},
      {
        role: 'user',
        text: 'Look.',
        images: [
          { kind: 'base64', media_type: 'image/png', data: 'iVBOR' },
          { kind: 'url', media_type: 'image/jpeg', data: 'https://a.example/b.jpg' },
        ],
      },
    );
    expect(bodies[0]!.messages[1]).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: 'Look.' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBOR' } },
        { type: 'image_url', image_url: { url: 'https://a.example/b.jpg' } },
      ],
    });
  });

  test('an output cap only when it is asked for, under its other name when the first is refused', async () => {
    const refusal = {
      status: 400,
      body: {
        error: { message: 'no', type: 'invalid_request_error', param: 'max_tokens', code: 'unsupported_parameter' },
      },
    };
    await using server = await startProvider({
      wire: 'openai-chat',
      reply: ({ json }) => ('max_tokens' in (json as object) ? refusal : { text: 'ok' }),
    });
    await using providers = providersWith();
    const route = routeTo(server);
    const conversation = (await providers.providerFor(route)).open(route, { system: '', tools: [] });
    conversation.append(user('hi'));
    await conversation.send(options());
    await conversation.send(options({ max_output: 99 }));
    await conversation.send(options({ max_output: 98 }));
    expect(server.requests.map(({ json }) => json)).toEqual([
      expect.not.objectContaining({ max_tokens: expect.anything() }),
      expect.objectContaining({ max_tokens: 99 }),
      expect.objectContaining({ max_completion_tokens: 99 }),
      expect.objectContaining({ max_completion_tokens: 98 }),
    ]);
  });

  test('headers of the provider’s entry, but none that would change where a request goes or what it carries', async () => {
    const { requests } = await converse([{ text: 'ok' }], {
      headers: { 'X-Title': 'mine', Host: 'evil.example', Authorization: 'Bearer other', 'content-length': '1' },
    });
    const { headers, authority, key } = requests[0]!;
    expect(headers['x-title']).toBe('mine');
    expect(headers.host).toBe(authority.slice('http://'.length));
    expect(key).toMatch(/canary/);
  });

  test('the query of a base URL stays behind the path', async () => {
    await using server = await startProvider({ wire: 'openai-chat', reply: { text: 'ok' } });
    await using providers = providersWith();
    const route = routeTo(server, { base_url: `${server.base_url}/?api-version=2026-01-01` });
    const conversation = (await providers.providerFor(route)).open(route, { system: '', tools: [] });
    conversation.append(user('hi'));
    await conversation.send(options());
    expect(server.requests[0]!.path).toBe('/v1/chat/completions?api-version=2026-01-01');
  });
});

describe('what openai-chat makes of the liberties of its servers', () => {
  test.each<[string, Reply, Partial<Answer>]>([
    ['no [DONE] after the end', events(delta({ content: 'hi' }), STOP), { text: 'hi', stop: 'end' }],
    ['[DONE] without a reason', events(delta({ content: 'hi' }), '[DONE]'), { text: 'hi', stop: 'other' }],
    [
      'a connection that breaks after the end',
      { ...events(delta({ content: 'hi' }), STOP), cut_after_events: 1 },
      { text: 'hi' },
    ],
    ['silence after the end', { ...events(delta({ content: 'hi' }), STOP), hang: 'after-first' }, { text: 'hi' }],
    [
      'one JSON document',
      {
        body: {
          id: 'c',
          model: 'm-2',
          choices: [{ message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 3, completion_tokens: 1 },
        },
      },
      {
        text: 'hi',
        stop: 'end',
        served_model: 'm-2',
        usage: { input: 3, output: 1, cache_read: 0, cache_write: 0, reasoning: 0 },
      },
    ],
    [
      'comments, empty data and chunks without choices',
      {
        raw: `: PROCESSING\n\ndata:\n\ndata: {"choices":[]}\n\ndata: {}\n\ndata: null-ish\n\n`.replace(
          'data: null-ish\n\n',
          `data: ${JSON.stringify(delta({ content: 'hi' }, 'stop'))}\n\n`,
        ),
      },
      { text: 'hi' },
    ],
    [
      'null in every place',
      events(
        {
          choices: [
            {
              delta: { content: null, tool_calls: null, reasoning: null, reasoning_content: null, refusal: null },
              finish_reason: null,
            },
          ],
          usage: null,
          error: null,
        },
        delta({ content: 'hi' }),
        STOP,
      ),
      { text: 'hi', reasoning: '' },
    ],
    [
      'parts in place of text',
      events(
        delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
        delta({ content: [{ type: 'text', text: 'hi' }] }),
        STOP,
      ),
      { text: 'hi', reasoning: 'hm' },
    ],
    [
      'reasoning_content',
      events(delta({ reasoning_content: 'hm' }), delta({ content: 'hi' }), STOP),
      { text: 'hi', reasoning: 'hm' },
    ],
    ['reasoning', events(delta({ reasoning: 'hm' }), delta({ content: 'hi' }), STOP), { text: 'hi', reasoning: 'hm' }],
    [
      'both of them, saying the same',
      events(delta({ reasoning: 'hm', reasoning_content: 'hm' }), STOP),
      { reasoning: 'hm' },
    ],
    [
      'details of reasoning alone',
      events(delta({ reasoning_details: [{ type: 'reasoning.summary', summary: 'hm' }] }), STOP),
      { reasoning: 'hm' },
    ],
    ['a refusal', events(delta({ refusal: 'I cannot.' }), STOP), { text: 'I cannot.', stop: 'refusal' }],
    [
      '`stop` after calling tools',
      events(delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }), STOP),
      { stop: 'tool_calls' },
    ],
    [
      'arguments as an object',
      events(delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }] }), STOP),
      { tool_calls: [{ id: 'a', name: 'f', arguments: '{"x":1}' }] },
    ],
    [
      'several calls numbered alike',
      events(
        delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }),
        delta({ tool_calls: [{ index: 0, id: 'b', function: { name: 'g', arguments: '{}' } }] }),
        STOP,
      ),
      {
        tool_calls: [
          { id: 'a', name: 'f', arguments: '{}' },
          { id: 'b', name: 'g', arguments: '{}' },
        ],
      },
    ],
    [
      'calls in turns',
      events(
        delta({
          tool_calls: [
            { index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } },
            { index: 1, id: 'b', function: { name: 'g' } },
          ],
        }),
        delta({
          tool_calls: [
            { index: 1, function: { arguments: '{}' } },
            { index: 0, id: '', function: { name: 'f', arguments: ':1}' } },
          ],
        }),
        STOP,
      ),
      {
        tool_calls: [
          { id: 'a', name: 'f', arguments: '{"x":1}' },
          { id: 'b', name: 'g', arguments: '{}' },
        ],
      },
    ],
    ['a model named late', events({ model: '', choices: [] }, delta({ content: 'hi' }), STOP), { served_model: 'm-1' }],
    [
      'no request id but the answer’s own',
      { ...events(delta({ content: 'hi' }), STOP), request_id: null },
      { request_id: 'c-1' },
    ],
  ])('%s', async (_, reply, expected) => {
    const { answer } = await converse([reply]);
    expect(answer).toMatchObject(expected);
  });

  test('another model in the middle of an answer is told, though the one asked for ends it', async () => {
    const other = { ...delta({ content: 'i' }), model: 'm-2' };
    const { answer } = await converse([events(delta({ content: 'h' }), other, STOP)], { model: 'm-1' });
    expect(answer).toMatchObject({ text: 'hi', served_model: 'm-2' });
  });

  test.each<[string, object, object]>([
    [
      'OpenAI',
      {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      { input: 9, output: 5, cache_read: 4, cache_write: 0, reasoning: 3 },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 9, completion_tokens: 5, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 5 },
      { input: 9, output: 5, cache_read: 4, cache_write: 0, reasoning: 0 },
    ],
    [
      'Kimi',
      { prompt_tokens: 9, completion_tokens: 5, cached_tokens: 4 },
      { input: 9, output: 5, cache_read: 4, cache_write: 0, reasoning: 0 },
    ],
    [
      'xAI, reasoning beside the completion',
      { prompt_tokens: 9, completion_tokens: 5, total_tokens: 17, completion_tokens_details: { reasoning_tokens: 3 } },
      { input: 9, output: 8, cache_read: 0, cache_write: 0, reasoning: 3 },
    ],
    [
      'a server with more reasoning than completion and no total',
      { prompt_tokens: 9, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 20 } },
      { input: 9, output: 25, cache_read: 0, cache_write: 0, reasoning: 20 },
    ],
    [
      'Google, thoughts in the total alone',
      { prompt_tokens: 9, completion_tokens: 5, total_tokens: 21 },
      { input: 9, output: 12, cache_read: 0, cache_write: 0, reasoning: 0 },
    ],
    [
      'OpenRouter',
      { prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 1, cache_write_tokens: 2 } },
      { input: 9, output: 5, cache_read: 1, cache_write: 2, reasoning: 0 },
    ],
    [
      'a proxy to Anthropic',
      { prompt_tokens: 9, completion_tokens: 5, cache_read_input_tokens: 1, cache_creation_input_tokens: 2 },
      { input: 9, output: 5, cache_read: 1, cache_write: 2, reasoning: 0 },
    ],
  ])('usage as %s counts it', async (_, usage, expected) => {
    const last = await converse([events(STOP, { choices: [], usage }, '[DONE]')]);
    expect(last.answer.usage).toEqual(expected);
    const inChoice = await converse([events({ choices: [{ delta: {}, finish_reason: 'stop', usage }] }, '[DONE]')]);
    expect(inChoice.answer.usage).toEqual(expected);
  });

  test.each<[string, object]>([
    ['no output', { prompt_tokens: 9 }],
    ['no numbers', { prompt_tokens: '9', completion_tokens: null }],
    ['numbers beyond all counting', { prompt_tokens: 1e300, completion_tokens: 2 }],
    ['negative numbers', { prompt_tokens: -1, completion_tokens: 2 }],
  ])('usage with %s is unknown, not zero', async (_, usage) => {
    expect((await converse([events(STOP, { usage }, '[DONE]')])).answer.usage).toBeUndefined();
  });

  test('calls without ids, or with ids given before, get ids of their own', async () => {
    const call = (id: string) => delta({ tool_calls: [{ id, function: { name: 'f', arguments: '{}' } }] });
    const twice = delta({
      tool_calls: [
        { index: 0, id: 'same', function: { name: 'f' } },
        { index: 1, id: 'same', function: { name: 'f' } },
      ],
    });
    const { answers, bodies } = await converse([
      events(call('x'), STOP),
      events(call('x'), STOP),
      events(twice, STOP),
      events(delta({ tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }), STOP),
      { text: 'done' },
    ]);
    const ids = answers.flatMap(({ tool_calls }) => tool_calls.map(({ id }) => id));
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(5);
    expect(ids.every((id) => id !== '')).toBe(true);
    const results = bodies.at(-1)!.messages.filter(({ role }) => role === 'tool');
    expect(results.map(({ tool_call_id }) => tool_call_id)).toEqual(ids);
  });
});

describe('what openai-chat sends back', () => {
  const signed = { google: { thought_signature: 'c2ln' } };
  const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };

  test('extras of a call, where they stood', async () => {
    const { answer, bodies } = await converse([
      events(delta({ tool_calls: [{ ...call, extra_content: signed }] }), STOP),
      { text: 'ok' },
    ]);
    expect(answer.tool_calls[0]!.extra).toEqual({ extra_content: signed });
    expect(bodies[1]!.messages[2]).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content: signed }],
    });
  });

  test.each(['reasoning_content', 'reasoning'])('%s, under that name', async (field) => {
    const { bodies } = await converse([
      events(delta({ [field]: 'h' }), delta({ [field]: 'm' }), delta({ tool_calls: [call] }), STOP),
      { text: 'ok' },
    ]);
    expect(bodies[1]!.messages[2]).toMatchObject({ role: 'assistant', [field]: 'hm' });
  });

  test('details of reasoning, joined as they came', async () => {
    const text = (words: string) => ({ type: 'reasoning.text', text: words, index: 0, format: 'f' });
    const { bodies } = await converse([
      events(
        delta({ reasoning: 'h', reasoning_details: [text('h')] }),
        delta({ reasoning: 'm', reasoning_details: [text('m'), { type: 'reasoning.text', index: 0, signature: 's' }] }),
        delta({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'e1', id: '1' }] }),
        delta({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'e2', id: '2' }] }),
        delta({ tool_calls: [call] }),
        STOP,
      ),
      { text: 'ok' },
    ]);
    expect(bodies[1]!.messages[2]).toEqual({
      role: 'assistant',
      content: null,
      reasoning_details: [
        { ...text('hm'), signature: 's' },
        { type: 'reasoning.encrypted', data: 'e1', id: '1' },
        { type: 'reasoning.encrypted', data: 'e2', id: '2' },
      ],
      tool_calls: [call].map(({ index: _, ...rest }) => rest),
    });
  });

  test('nothing of that to another route, which knows none of it', async () => {
    const { answer } = await converse([
      events(delta({ reasoning_content: 'hm', tool_calls: [{ ...call, extra_content: signed }] }), STOP),
    ]);
    await using server = await startProvider({ wire: 'openai-chat', reply: { text: 'ok' } });
    await using providers = providersWith();
    const route = routeTo(server, { provider: 'other' });
    const conversation = (await providers.providerFor(route)).open(route, { system: '', tools: [] });
    conversation.append(user('hi'));
    conversation.append({ role: 'assistant', answer });
    conversation.append({ role: 'tool', results: [{ id: 'a', name: 'f', content: 'x', is_error: false }] });
    await conversation.send(options());
    const [, assistant] = (server.requests[0]!.json as { messages: readonly object[] }).messages;
    expect(assistant).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [call].map(({ index: _, ...rest }) => rest),
    });
  });
});
