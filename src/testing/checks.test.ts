import { describe, expect, test } from 'vitest';
import { startProvider } from './provider-server.ts';
import { BODIES, type Body, post } from './test-client.ts';

/** What a vendor says to a body; undefined = it answers. */
async function refusal(wire: keyof typeof BODIES, body: Body): Promise<string | undefined> {
  await using lab = await startProvider({ wire, key: 'sk-lab' });
  const response = await post(lab, body);
  if (response.status === 200) return undefined;
  expect(response.status).toBe(400);
  return ((await response.json()) as { error: { message: string } }).error.message;
}

const chatCall = { id: 'c1', type: 'function', function: { name: 'read_file', arguments: '{}' } };
const user = { role: 'user', content: 'Do task-1.' };

describe('openai-chat refuses', () => {
  test.each<[string, Body, string]>([
    ['an unknown member', { nonsense: 1 }, 'Unrecognized request argument supplied: nonsense'],
    ['no model', { model: '' }, 'you must provide a model parameter'],
    ['a request that does not stream', { stream: false }, 'only streams'],
    ['no messages', { messages: [] }, "Invalid 'messages': empty array"],
    ['an unknown role', { messages: [{ role: 'parent', content: 'x' }] }, "Invalid value: 'parent'"],
    ['a user without content', { messages: [{ role: 'user', content: null }] }, 'expected a string, got null'],
    [
      'a part of another wire',
      { messages: [{ role: 'user', content: [{ type: 'input_text', text: 'x' }] }] },
      "Invalid value: 'input_text'",
    ],
    [
      'an answer that says nothing',
      { messages: [user, { role: 'assistant', content: null }] },
      'expected a string, got null',
    ],
    [
      'an empty list of calls',
      { messages: [user, { role: 'assistant', content: 'x', tool_calls: [] }] },
      'empty array',
    ],
    [
      'a call without a result',
      { messages: [user, { role: 'assistant', content: null, tool_calls: [chatCall] }, user] },
      'did not have response messages: c1',
    ],
    [
      'a conversation that ends before the result',
      { messages: [user, { role: 'assistant', content: null, tool_calls: [chatCall] }] },
      'did not have response messages: c1',
    ],
    [
      'a result without a call',
      { messages: [user, { role: 'tool', tool_call_id: 'c1', content: 'x' }] },
      'must be a response to a preceeding message',
    ],
    [
      'a result for another call',
      {
        messages: [
          user,
          { role: 'assistant', content: null, tool_calls: [chatCall] },
          { role: 'tool', tool_call_id: 'c2', content: 'x' },
        ],
      },
      "'tool_call_id' of 'c2' not found",
    ],
    [
      'a second result for a call',
      {
        messages: [
          user,
          { role: 'assistant', content: null, tool_calls: [chatCall] },
          { role: 'tool', tool_call_id: 'c1', content: 'x' },
          { role: 'tool', tool_call_id: 'c1', content: 'x' },
        ],
      },
      "'tool_call_id' of 'c1' not found",
    ],
    [
      'two calls with one id',
      {
        messages: [
          user,
          { role: 'assistant', content: null, tool_calls: [chatCall, chatCall] },
          { role: 'tool', tool_call_id: 'c1', content: 'x' },
        ],
      },
      "Duplicate value for 'tool_call_id'",
    ],
    [
      'arguments that are no string',
      {
        messages: [
          user,
          { role: 'assistant', content: null, tool_calls: [{ ...chatCall, function: { name: 'x', arguments: {} } }] },
        ],
      },
      'expected a string',
    ],
    ['an empty list of tools', { tools: [] }, "Invalid 'tools': empty array"],
    [
      'a tool of another wire',
      { tools: [{ type: 'function', name: 'x', parameters: { type: 'object' } }] },
      "Invalid 'tools[0].function.name'",
    ],
    [
      'a tool with a bad name',
      { tools: [{ type: 'function', function: { name: 'read file' } }] },
      'string does not match pattern',
    ],
    [
      'a schema that is no object',
      { tools: [{ type: 'function', function: { name: 'x', parameters: { type: 'string' } } }] },
      "Invalid schema for function 'x'",
    ],
    ['a limit of zero', { max_tokens: 0 }, "Invalid 'max_tokens'"],
  ])('%s', async (_, change, message) => {
    expect(await refusal('openai-chat', { ...BODIES['openai-chat'], ...change })).toContain(message);
  });
});

const responsesCall = { type: 'function_call', call_id: 'c1', name: 'read_file', arguments: '{}' };

describe('openai-responses refuses', () => {
  test.each<[string, Body, string]>([
    ['a member of the chat wire', { messages: [] }, "Unknown parameter: 'messages'"],
    ['no input', { input: undefined }, "Missing required parameter: 'input'"],
    ['a request that does not stream', { stream: undefined }, 'only streams'],
    ['an output limit below its minimum', { max_output_tokens: 5 }, 'Expected a value >= 16'],
    ['a long cache key', { prompt_cache_key: 'x'.repeat(65) }, 'string too long'],
    ['a call without an output', { input: [user, responsesCall] }, 'No tool output found for function call c1'],
    [
      'an output without a call',
      { input: [user, { type: 'function_call_output', call_id: 'c1', output: '' }] },
      'No tool call found',
    ],
    [
      'a call without an id',
      { input: [user, { ...responsesCall, call_id: undefined }] },
      "Missing required parameter: 'input[1].call_id'",
    ],
    ['the wrong kind of id', { input: [user, { ...responsesCall, id: 'call_1' }] }, "begins with 'fc'"],
    [
      'a part of another wire',
      { input: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] },
      "Invalid value: 'text'",
    ],
    [
      'what an assistant cannot say',
      { input: [user, { role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }] },
      "Supported values are: 'output_text'",
    ],
    ['a role it does not know', { input: [{ role: 'tool', content: 'x' }] }, "Invalid value: 'tool'"],
    ['an item it does not know', { input: [{ type: 'tool_result' }] }, "Invalid value: 'tool_result'"],
    [
      'reasoning that was not stored',
      { input: [user, { type: 'reasoning', id: 'rs_1', summary: [] }, { role: 'assistant', content: 'x' }, user] },
      'Items are not persisted',
    ],
    [
      'reasoning sealed by somebody else',
      {
        input: [
          user,
          { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'forged' },
          { role: 'assistant', content: 'x' },
          user,
        ],
      },
      'could not be verified',
    ],
    [
      'reasoning that leads to nothing',
      { input: [user, { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: `sim_${'a'.repeat(43)}` }] },
      'without its required following item',
    ],
    [
      'a tool of the chat wire',
      { tools: [{ type: 'function', function: { name: 'x' } }] },
      "Missing required parameter: 'tools[0].name'",
    ],
  ])('%s', async (_, change, message) => {
    expect(await refusal('openai-responses', { ...BODIES['openai-responses'], ...change })).toContain(message);
  });
});

const use = { type: 'tool_use', id: 't1', name: 'read_file', input: {} };
const result = { type: 'tool_result', tool_use_id: 't1', content: 'x' };
const turns = (...contents: readonly unknown[]): Body => ({
  messages: contents.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })),
});

describe('anthropic-messages refuses', () => {
  test.each<[string, Body, string]>([
    ['a member of the chat wire', { reasoning_effort: 'low' }, 'reasoning_effort: Extra inputs are not permitted'],
    ['no output limit', { max_tokens: undefined }, 'max_tokens: Field required'],
    ['no messages', { messages: [] }, 'at least one message is required'],
    [
      'a first word of the assistant',
      { messages: [{ role: 'assistant', content: 'x' }] },
      'first message must use the "user" role',
    ],
    ['a system message', { messages: [{ role: 'system', content: 'x' }] }, "Input should be 'user' or 'assistant'"],
    ['two turns of one side', { messages: [user, user] }, 'roles must alternate'],
    ['a conversation that ends with the assistant', turns('x', 'y'), 'must end with a user message'],
    ['an empty message', turns(''), 'non-empty content'],
    ['an empty text', turns([{ type: 'text', text: '' }]), 'text content blocks must be non-empty'],
    ['a text of blanks', turns([{ type: 'text', text: ' \n' }]), 'non-whitespace'],
    [
      'a call without a result',
      turns('x', [use], 'y'),
      '`tool_use` ids were found without `tool_result` blocks immediately after: t1',
    ],
    ['a result without a call', turns('x', 'y', [result]), 'unexpected `tool_use_id` found'],
    ['a result behind a text', turns('x', [use], [{ type: 'text', text: 'y' }, result]), 'must come first'],
    [
      'an input that is no object',
      turns('x', [{ ...use, input: '{}' }], [result]),
      'Input should be a valid dictionary',
    ],
    [
      'an id with other characters',
      turns('x', [{ ...use, id: 'a.b' }], [{ ...result, tool_use_id: 'a.b' }]),
      'String should match pattern',
    ],
    [
      'thinking signed by somebody else',
      turns(
        'x',
        [
          { type: 'thinking', thinking: 'hm', signature: 'forged' },
          { type: 'text', text: 'y' },
        ],
        'z',
      ),
      'Invalid `signature` in `thinking` block',
    ],
    ['a block of another wire', turns([{ type: 'input_text', text: 'x' }]), "Input tag 'input_text'"],
    [
      'a budget as large as the limit',
      { thinking: { type: 'enabled', budget_tokens: 5_000 } },
      '`max_tokens` must be greater than',
    ],
    [
      'a budget below the minimum',
      { thinking: { type: 'enabled', budget_tokens: 100 } },
      'greater than or equal to 1024',
    ],
    [
      'a budget for adaptive thinking',
      { thinking: { type: 'adaptive', budget_tokens: 2_000 } },
      'Extra inputs are not permitted',
    ],
    [
      'a tool of the chat wire',
      { tools: [{ type: 'function', function: { name: 'x' } }] },
      'tools.0.custom.name: String should match pattern',
    ],
    ['a tool without a schema', { tools: [{ name: 'x' }] }, 'input_schema: Field required'],
    [
      'two tools with one name',
      {
        tools: [
          { name: 'x', input_schema: { type: 'object' } },
          { name: 'x', input_schema: { type: 'object' } },
        ],
      },
      'Tool names must be unique',
    ],
    [
      'too many places to cache',
      turns(Array.from({ length: 5 }, () => ({ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }))),
      'A maximum of 4 blocks with cache_control may be provided. Found 5.',
    ],
  ])('%s', async (_, change, message) => {
    expect(await refusal('anthropic-messages', { ...BODIES['anthropic-messages'], ...change })).toContain(message);
  });

  test('a request that names no version', async () => {
    await using lab = await startProvider({ wire: 'anthropic-messages' });
    const response = await fetch(`${lab.base_url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify(BODIES['anthropic-messages']),
    });
    expect(await response.text()).toContain('anthropic-version: header is required');
  });

  test.each([
    ['2026-10-21', 400],
    ['2023-06-01', 200],
  ])('sampling parameters from version 2026-10-21 on: %s gets %i', async (version, status) => {
    await using lab = await startProvider({ wire: 'anthropic-messages' });
    const response = await fetch(`${lab.base_url}/v1/messages`, {
      method: 'POST',
      headers: { 'anthropic-version': version },
      body: JSON.stringify({ ...BODIES['anthropic-messages'], temperature: 1 }),
    });
    expect(response.status).toBe(status);
  });
});

test('thinking and sealed reasoning are still known after a restart', async () => {
  const first = await startProvider({ wire: 'anthropic-messages', reply: { reasoning: 'hm', text: 'y' } });
  const signature = /"signature":"(sim_[^"]+)"/.exec(await (await post(first)).text())![1];
  await first.close();
  await using second = await startProvider({ wire: 'anthropic-messages' });
  const replayed = turns(
    'x',
    [
      { type: 'thinking', thinking: 'hm', signature },
      { type: 'text', text: 'y' },
    ],
    'z',
  );
  expect((await post(second, { ...BODIES['anthropic-messages'], ...replayed })).status).toBe(200);
});
