import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { startProvider } from './provider-server.ts';
import { scriptedModel } from './scripted-model.ts';

const TURNS = [
  {
    reasoning: 'I have to look 🔎 at both files.',
    text: 'Let me see.',
    tool_calls: [
      { name: 'read_file', arguments: { path: 'a.md' } },
      { name: 'read_file', arguments: { path: 'ünï "quoted".md', lines: [1, 2] } },
    ],
    usage: { input: 100, output: 30, cache_read: 60, cache_write: 10, reasoning: 12 },
  },
  { text: 'Both are empty.', deltas: 5, usage: { input: 150, output: 5 } },
];
const SCHEMA = { type: 'object' as const, properties: { path: { type: 'string' } }, required: ['path'] };

test("OpenAI's SDK reads text, reasoning, tool calls and usage from the chat wire, and its second turn is accepted", async () => {
  await using lab = await startProvider({
    wire: 'openai-chat',
    key: 'sk-lab',
    models: ['m1'],
    reply: scriptedModel(TURNS),
  });
  const client = new OpenAI({ apiKey: 'sk-lab', baseURL: lab.base_url, maxRetries: 0 });
  const tools = [{ type: 'function' as const, function: { name: 'read_file', parameters: SCHEMA } }];
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You read.' },
    { role: 'user', content: 'Read task-1.' },
  ];
  const options = { model: 'm1', tools, stream_options: { include_usage: true } };

  const first = client.chat.completions.stream({ ...options, messages, reasoning_effort: 'low' });
  let reasoning = '';
  for await (const chunk of first) {
    reasoning += (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '';
  }
  const answer = await first.finalChatCompletion();
  const message = answer.choices[0]!.message;
  expect(reasoning).toBe(TURNS[0]!.reasoning);
  expect(message.content).toBe('Let me see.');
  expect(message.tool_calls?.map((call) => call.type === 'function' && JSON.parse(call.function.arguments))).toEqual(
    TURNS[0]!.tool_calls!.map((call) => call.arguments),
  );
  expect(answer.choices[0]!.finish_reason).toBe('tool_calls');
  expect(answer.usage).toMatchObject({
    prompt_tokens: 100,
    completion_tokens: 30,
    prompt_tokens_details: { cached_tokens: 60 },
    completion_tokens_details: { reasoning_tokens: 12 },
  });

  messages.push(
    message,
    ...message.tool_calls!.map((call) => ({ role: 'tool' as const, tool_call_id: call.id, content: '' })),
  );
  const second = await client.chat.completions.stream({ ...options, messages }).finalChatCompletion();
  expect(second.choices[0]!.message.content).toBe('Both are empty.');
  expect(second.choices[0]!.finish_reason).toBe('stop');
  expect(lab.requests.map(({ key, model, effort, turn, status }) => ({ key, model, effort, turn, status }))).toEqual([
    { key: 'sk-lab', model: 'm1', effort: { reasoning_effort: 'low' }, turn: 0, status: 200 },
    { key: 'sk-lab', model: 'm1', effort: null, turn: 1, status: 200 },
  ]);
});

test("OpenAI's SDK reads the same from the responses wire, and may replay what it got", async () => {
  await using lab = await startProvider({
    wire: 'openai-responses',
    key: 'sk-lab',
    models: ['m1'],
    reply: scriptedModel(TURNS),
  });
  const client = new OpenAI({ apiKey: 'sk-lab', baseURL: lab.base_url, maxRetries: 0 });
  const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Read task-1.' }];
  const options = {
    model: 'm1',
    store: false,
    include: ['reasoning.encrypted_content' as const],
    tools: [{ type: 'function' as const, name: 'read_file', parameters: SCHEMA, strict: false }],
  };

  const first = client.responses.stream({ ...options, input, reasoning: { effort: 'high' } });
  const seen: { type: string; sequence_number: number }[] = [];
  for await (const event of first) seen.push(event);
  const answer = await first.finalResponse();
  expect(seen.map((event) => event.sequence_number)).toEqual(seen.map((_, index) => index));
  expect(answer.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call', 'function_call']);
  expect(answer.output[0]).toMatchObject({ summary: [{ type: 'summary_text', text: TURNS[0]!.reasoning }] });
  expect(answer.output_text).toBe('Let me see.');
  const calls = answer.output.filter((item) => item.type === 'function_call');
  expect(calls.map((call) => JSON.parse(call.arguments))).toEqual(TURNS[0]!.tool_calls!.map((call) => call.arguments));
  expect(answer.usage).toMatchObject({
    input_tokens: 100,
    output_tokens: 30,
    input_tokens_details: { cached_tokens: 60 },
    output_tokens_details: { reasoning_tokens: 12 },
  });

  for (const { parsed_arguments: _, ...item } of answer.output as (OpenAI.Responses.ResponseInputItem & {
    parsed_arguments?: unknown;
  })[]) {
    input.push(item as OpenAI.Responses.ResponseInputItem);
  }
  for (const call of calls) input.push({ type: 'function_call_output', call_id: call.call_id, output: '' });
  const second = await client.responses.stream({ ...options, input }).finalResponse();
  expect(second.output_text).toBe('Both are empty.');
  expect(second.status).toBe('completed');
  expect(lab.requests.map(({ effort, turn }) => ({ effort, turn }))).toEqual([
    { effort: { reasoning: { effort: 'high' } }, turn: 0 },
    { effort: null, turn: 1 },
  ]);
});

test("Anthropic's SDK reads the same from the messages wire, and may replay signed thinking", async () => {
  await using lab = await startProvider({
    wire: 'anthropic-messages',
    key: 'sk-ant',
    models: ['m1'],
    reply: scriptedModel(TURNS),
  });
  const client = new Anthropic({ apiKey: 'sk-ant', baseURL: lab.base_url, maxRetries: 0 });
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Read task-1.' }];
  const options = { model: 'm1', max_tokens: 8_000, tools: [{ name: 'read_file', input_schema: SCHEMA }] };

  const first = client.messages.stream({ ...options, messages, thinking: { type: 'enabled', budget_tokens: 4_000 } });
  const answer = await first.finalMessage();
  expect(answer.content.map((block) => block.type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use']);
  expect(answer.content[0]).toMatchObject({ thinking: TURNS[0]!.reasoning, signature: expect.stringMatching(/^sim_/) });
  expect(answer.content[1]).toMatchObject({ text: 'Let me see.' });
  const calls = answer.content.filter((block) => block.type === 'tool_use');
  expect(calls.map((call) => call.input)).toEqual(TURNS[0]!.tool_calls!.map((call) => call.arguments));
  expect(answer.stop_reason).toBe('tool_use');
  expect(answer.usage).toMatchObject({
    input_tokens: 30,
    cache_read_input_tokens: 60,
    cache_creation_input_tokens: 10,
    output_tokens: 30,
  });

  messages.push({ role: 'assistant', content: answer.content });
  messages.push({
    role: 'user',
    content: calls.map((call) => ({ type: 'tool_result', tool_use_id: call.id, content: 'gone', is_error: true })),
  });
  const second = await client.messages.stream({ ...options, messages }).finalMessage();
  expect(second.content).toMatchObject([{ type: 'text', text: 'Both are empty.' }]);
  expect(second.stop_reason).toBe('end_turn');
  expect(lab.requests[0]!.effort).toEqual({ thinking: { type: 'enabled', budget_tokens: 4_000 } });
  expect(lab.requests[1]!.tool_results).toEqual([
    { id: 'toolu_0_0', name: 'read_file', arguments: '{"path":"a.md"}', content: 'gone', is_error: true },
    { id: 'toolu_0_1', name: 'read_file', arguments: expect.stringContaining('ünï'), content: 'gone', is_error: true },
  ]);
});
