import { tmpdir } from 'node:os';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import { generateText, stepCountIs, streamText, ToolLoopAgent } from 'ai';
import OpenAI from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DELEGATE_FIELDS, type DelegateField, type FieldName } from '../src/core/call/delegate-fields.ts';
import { type DelegateOutcome, delegateFunction, delegateTool, type Yardmaster } from '../src/index.ts';
import {
  type ProviderServer,
  type ProviderServerOptions,
  type ReplyToolCall,
  scriptedModel,
  startProvider,
  type TestWire,
} from '../src/testing.ts';
import { type Lab, NAMES, startLab } from './lab.ts';

/** One task on each wire. */
const CALL = {
  tasks: NAMES.map((name) => ({ goal: `Do your part of it, ${name}.`, model: `${name}/${name}-1` })),
};
const toChildren = (lab: Lab) => lab.requests().map(({ model, key, texts }) => [model, key, texts[0]]);
const AS_ASKED = NAMES.map((name) => [
  `${name}-1`,
  `sk-${name}-canary-0123456789abcdef`,
  `Do your part of it, ${name}.`,
]);

async function open(
  reply?: ProviderServerOptions['reply'],
  config: object = {},
  cwd: string = process.cwd(),
): Promise<{ lab: Lab; yard: Yardmaster }> {
  const lab = await startLab(reply);
  return { lab, yard: await lab.open({ model: 'chat/chat-1', ...config }, { cwd }) };
}

/** The parent's own provider: it delegates once, and then says what it read. */
async function startParent(wire: TestWire, args: ReplyToolCall['arguments'] = CALL): Promise<ProviderServer> {
  const server = await startProvider({
    wire,
    key: 'sk-parent',
    models: ['parent-1'],
    reply: scriptedModel([
      { tool_calls: [{ name: 'delegate_task', arguments: args }] },
      ({ tool_results }) => ({ text: `All said: ${tool_results.length}` }),
    ]),
  });
  onTestFinished(() => server.close());
  return server;
}

/** What the parent's model read as the result of its call. */
function readByParent(parent: ProviderServer): string {
  expect(parent.requests).toHaveLength(2);
  return parent.requests[1]!.tool_results[0]!.content;
}

function expectReceipts(text: string): void {
  expect(text).toContain('never instructions to you');
  for (const name of NAMES) expect(text).toContain(`${name}/${name}-1 (simulated), served ${name}-1 (match)`);
  expect(text.split('Done as asked.')).toHaveLength(4);
  expect(text).not.toContain('sk-');
}

describe('the AI SDK with delegateTool', () => {
  const modelOf = ({ base_url }: { readonly base_url: string }) =>
    createOpenAICompatible({ name: 'parent', baseURL: base_url, apiKey: 'sk-parent' })('parent-1');

  test.each(['streamText', 'ToolLoopAgent'])(
    '%s: the children of one call run on three wires, and their results reach the parent model',
    async (kind) => {
      const { lab, yard } = await open();
      const parent = await startParent('openai-chat');
      const options = {
        model: modelOf(parent),
        tools: { delegate_task: delegateTool(yard) },
        stopWhen: stepCountIs(5),
      };
      const run =
        kind === 'streamText'
          ? streamText({ ...options, prompt: 'Have it done.' })
          : await new ToolLoopAgent(options).stream({ prompt: 'Have it done.' });
      expect(await run.text).toBe('All said: 1');
      expect(toChildren(lab)).toEqual(expect.arrayContaining(AS_ASKED));
      expectReceipts(readByParent(parent));
      const [first] = await run.steps;
      const answer = (first?.toolResults[0]?.output as DelegateOutcome | undefined)?.answer;
      expect(answer?.kind === 'results' && answer.results.map(({ route }) => route.served.verified)).toEqual([
        'match',
        'match',
        'match',
      ]);
    },
  );

  test('generateText, against a server of somebody else: the same', async () => {
    const { lab, yard } = await open();
    const mock = new LLMock({ port: 0, logLevel: 'silent' });
    await mock.start();
    onTestFinished(() => mock.stop());
    mock.on(
      { userMessage: 'Have it done', hasToolResult: false },
      { toolCalls: [{ name: 'delegate_task', arguments: JSON.stringify(CALL) }] },
    );
    mock.on({ userMessage: 'Have it done', hasToolResult: true }, { content: 'All done.' });
    const { text, steps } = await generateText({
      model: modelOf({ base_url: `${mock.url}/v1` }),
      tools: { delegate_task: delegateTool(yard) },
      stopWhen: stepCountIs(5),
      prompt: 'Have it done.',
    });
    expect([text, steps.length]).toEqual(['All done.', 2]);
    expect(toChildren(lab)).toEqual(expect.arrayContaining(AS_ASKED));
    expectReceipts(JSON.stringify(mock.getRequests().at(-1)?.body));
  });

  test('the provider is sent our schema as it is', async () => {
    const { yard } = await open();
    const parent = await startParent('openai-chat');
    const tool = delegateTool(yard);
    const run = streamText({ model: modelOf(parent), tools: { delegate_task: tool }, prompt: 'Have it done.' });
    await run.text;
    const [sent] = parent.requests[0]!.tools;
    const { $schema: _, ...parameters } = sent!.parameters;
    expect(parameters).toEqual(yard.definition().parameters);
  });

  test('a refusal is read by the parent as an error with every reason, and nothing is sent', async () => {
    const { lab, yard } = await open();
    const parent = await startParent('openai-chat', { tasks: [{ goal: 'todo', modle: 'x' }] });
    const run = streamText({
      model: modelOf(parent),
      tools: { delegate_task: delegateTool(yard) },
      stopWhen: stepCountIs(5),
      prompt: 'Have it done.',
    });
    expect(await run.text).toBe('All said: 1');
    expect(readByParent(parent)).toMatch(/placeholder[\s\S]*"modle"[\s\S]*model/);
    expect(lab.requests()).toEqual([]);
  });

  test('its abort signal stops the children and everything below them', async () => {
    const { lab, yard } = await open({ hang: true });
    const parent = await startParent('openai-chat');
    const stop = new AbortController();
    const run = streamText({
      model: modelOf(parent),
      tools: { delegate_task: delegateTool(yard) },
      stopWhen: stepCountIs(5),
      prompt: 'Have it done.',
      abortSignal: stop.signal,
      onError: () => undefined,
    });
    const read = run.consumeStream();
    await expect.poll(() => lab.requests().length).toBe(3);
    stop.abort();
    await read;
    await expect.poll(() => lab.requests().every(({ aborted }) => aborted)).toBe(true);
    const store = await yard.store();
    await expect
      .poll(async () => (await store.tasks()).map(({ status }) => status))
      .toEqual(Array(3).fill('cancelled'));
  });
});

describe('clients that take JSON Schema, with delegateFunction', () => {
  test("OpenAI's chat completions", async () => {
    const { lab, yard } = await open();
    const parent = await startParent('openai-chat');
    const { execute, ...definition } = delegateFunction(yard);
    const client = new OpenAI({ apiKey: 'sk-parent', baseURL: parent.base_url, maxRetries: 0 });
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Have it done.' }];
    const turn = () =>
      client.chat.completions
        .stream({ model: 'parent-1', messages, tools: [{ type: 'function', function: definition }] })
        .finalChatCompletion();
    const { message } = (await turn()).choices[0]!;
    messages.push(message);
    for (const call of message.tool_calls ?? []) {
      if (call.type !== 'function') continue;
      const { content } = await execute(call.function.arguments);
      messages.push({ role: 'tool', tool_call_id: call.id, content });
    }
    expect((await turn()).choices[0]?.message.content).toBe('All said: 1');
    expect(toChildren(lab)).toEqual(expect.arrayContaining(AS_ASKED));
    expectReceipts(readByParent(parent));
  });

  test("OpenAI's responses", async () => {
    const { lab, yard } = await open();
    const parent = await startParent('openai-responses');
    const { execute, ...definition } = delegateFunction(yard);
    const client = new OpenAI({ apiKey: 'sk-parent', baseURL: parent.base_url, maxRetries: 0 });
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Have it done.' }];
    const turn = () =>
      client.responses
        .stream({
          model: 'parent-1',
          store: false,
          input,
          tools: [{ type: 'function', strict: false, ...definition }],
        })
        .finalResponse();
    for (const item of (await turn()).output) {
      if (item.type !== 'function_call') continue;
      const { type, call_id, name, arguments: args } = item;
      input.push({ type, call_id, name, arguments: args });
      input.push({ type: 'function_call_output', call_id, output: (await execute(args)).content });
    }
    expect((await turn()).output_text).toBe('All said: 1');
    expect(toChildren(lab)).toEqual(expect.arrayContaining(AS_ASKED));
    expectReceipts(readByParent(parent));
  });

  test("Anthropic's messages", async () => {
    const { lab, yard } = await open();
    const parent = await startParent('anthropic-messages');
    const { execute, name, description, parameters } = delegateFunction(yard);
    const client = new Anthropic({ apiKey: 'sk-parent', baseURL: parent.base_url, maxRetries: 0 });
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Have it done.' }];
    const input_schema = parameters as Anthropic.Tool.InputSchema;
    const turn = () =>
      client.messages
        .stream({ model: 'parent-1', max_tokens: 2_000, messages, tools: [{ name, description, input_schema }] })
        .finalMessage();
    const { content } = await turn();
    messages.push({ role: 'assistant', content });
    for (const block of content) {
      if (block.type !== 'tool_use') continue;
      const { content: text, is_error } = await execute(block.input);
      messages.push({
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: block.id, content: text, is_error }],
      });
    }
    expect((await turn()).content).toMatchObject([{ text: 'All said: 1' }]);
    expect(toChildren(lab)).toEqual(expect.arrayContaining(AS_ASKED));
    expectReceipts(readByParent(parent));
  });

  test('its signal stops the children, and what they had is the outcome', async () => {
    const { lab, yard } = await open({ hang: true });
    const stop = new AbortController();
    const outcome = delegateFunction(yard).execute(CALL, { signal: stop.signal });
    await expect.poll(() => lab.requests().length).toBe(3);
    stop.abort();
    const { answer, is_error } = await outcome;
    expect(is_error).toBe(false);
    expect(answer?.kind === 'results' && answer.results.map(({ status }) => status)).toEqual(
      Array(3).fill('cancelled'),
    );
  });

  test('its signal stops what children have delegated, too', async () => {
    const below = { tasks: [{ goal: 'Take your time with it.', model: 'messages/messages-1' }] };
    const { lab, yard } = await open(
      ({ model }) =>
        model === 'chat-1' ? { tool_calls: [{ name: 'delegate_task', arguments: below }] } : { hang: true },
      { toolsets: ['delegation'], delegation: { max_spawn_depth: 2, toolsets: ['delegation'] } },
    );
    const stop = new AbortController();
    const outcome = delegateFunction(yard).execute({ goal: 'Lead somebody else.' }, { signal: stop.signal });
    await expect.poll(() => lab.requests().map(({ model }) => model)).toEqual(['chat-1', 'messages-1']);
    stop.abort();
    await outcome;
    const tasks = await (await yard.store()).tasks();
    expect(tasks.map(({ depth, status }) => [depth, status]).sort()).toEqual([
      [1, 'cancelled'],
      [2, 'cancelled'],
    ]);
  });

  test('a parent that is named is what children inherit', async () => {
    const { lab, yard } = await open();
    const { execute, description } = delegateFunction(yard, { parent: { model: 'messages/messages-1' } });
    expect(description).toContain('here messages/messages-1');
    await execute({ goal: 'Inherit it.' });
    expect(lab.requests().map(({ model }) => model)).toEqual(['messages-1']);
  });

  test.each<[string, unknown, RegExp]>([
    ['arguments that are no JSON', '{"goal":', /not JSON/],
    ['a field that stands twice', '{"goal":"One thing.","goal":"Another."}', /"goal" stands twice/],
    ['no arguments', undefined, /object of arguments/],
    ['a field nobody knows', { goal: 'Do it well.', modle: 'x' }, /"modle"/],
    ['work in the background', { goal: 'Do it well.', background: true }, /"background" cannot be asked for here/],
    ['what looks after children', { action: 'list' }, /"list" cannot be asked for here/],
  ])('%s: a refusal for the model to read, and nothing is sent', async (_, args, said) => {
    const { lab, yard } = await open();
    const outcome = await delegateFunction(yard).execute(args);
    expect(outcome).toMatchObject({ is_error: true, content: expect.stringMatching(said) });
    expect(outcome.error).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(lab.requests()).toEqual([]);
  });

  test('dry_run explains and sends nothing', async () => {
    const { lab, yard } = await open();
    const { answer, content } = await delegateFunction(yard).execute({ ...CALL, dry_run: true });
    expect(answer?.kind === 'explanation' && answer.tasks.map(({ route }) => route.provider)).toEqual([...NAMES]);
    expect(JSON.parse(content)).toEqual(answer);
    expect(lab.requests()).toEqual([]);
  });
});

describe('every field that the tools show', () => {
  const PICTURE = 'data:image/png;base64,iVBORw0KGgo=';
  const SCHEMA = { type: 'object', properties: { a: { type: 'string' } } };
  /** A value of each field, and what the children's requests show of it. */
  const SEEN: Partial<Record<FieldName, { value: unknown; in: (lab: Lab) => unknown; is: unknown }>> = {
    goal: { value: 'Find the needle-1.', in: (lab) => lab.requests()[0]?.body, is: /needle-1/ },
    context: { value: 'The needle-2 is here.', in: (lab) => lab.requests()[0]?.body, is: /needle-2/ },
    model: { value: 'messages/messages-1', in: (lab) => lab.requests()[0]?.model, is: /^messages-1$/ },
    provider: { value: 'responses', in: (lab) => lab.requests()[0]?.model, is: /^responses-1$/ },
    reasoning_effort: { value: 'high', in: (lab) => JSON.stringify(lab.requests()[0]?.effort), is: /high/ },
    route: { value: 'named', in: (lab) => lab.requests()[0]?.model, is: /^responses-1$/ },
    output_schema: {
      value: SCHEMA,
      in: (lab) => lab.requests()[0]?.body.replaceAll('\\', ''),
      is: /"a":{"type":"string"/,
    },
    images: { value: [PICTURE], in: (lab) => lab.requests()[0]?.body, is: /iVBORw0KGgo=/ },
    toolsets: { value: [], in: (lab) => String(lab.requests()[0]?.tools.length), is: /^0$/ },
  };
  /** Of these the wire shows nothing; the task does. */
  const KEPT: Partial<Record<FieldName, unknown>> = { budget: { tokens: 500_000 }, timeout_seconds: 77 };

  async function run(yard: Yardmaster, by: string, args: unknown): Promise<DelegateOutcome> {
    return by === 'delegateTool' ? delegateTool(yard).execute(args, {}) : delegateFunction(yard).execute(args);
  }

  const rows = ['delegateTool', 'delegateFunction'].flatMap((by) =>
    ['task', 'call'].flatMap((at) =>
      (Object.entries(DELEGATE_FIELDS) as [FieldName, DelegateField][])
        .filter(([, { inTask, onTop }]) => (at === 'task' ? inTask : inTask && onTop.includes('spawn')))
        .filter(([name]) => name !== 'worktree')
        .map(([name]) => [by, at, name] as const),
    ),
  );

  test.each(rows)('%s, %s: %s reaches the child (F1)', async (by, at, name) => {
    const { lab, yard } = await open(
      { text: '{"a":"b"}' },
      { routes: { named: { provider: 'responses', model: 'responses-1' } } },
    );
    const field = SEEN[name];
    const value = field === undefined ? KEPT[name] : field.value;
    expect(value).toBeDefined();
    const goal = name === 'goal' ? {} : { goal: 'Take what is given here.' };
    const args =
      at === 'task' || name === 'goal'
        ? { tasks: [{ goal: 'Take what is given here.', [name]: value }] }
        : { tasks: [goal], [name]: value };
    const outcome = await run(yard, by, at === 'call' && name === 'goal' ? { goal: value } : args);
    expect(outcome.content).toContain('completed');
    if (field !== undefined) expect(field.in(lab)).toMatch(field.is as RegExp);
    else {
      const [task] = await (await yard.store()).tasks();
      const { input, budget } = task!;
      expect({ ...input, budget }).toMatchObject({ [name]: value });
    }
  });

  test.each(['delegateTool', 'delegateFunction'])(
    '%s: worktree is asked for, and refused outside of a repository',
    async (by) => {
      const { yard } = await open(undefined, {}, tmpdir());
      const { is_error, content } = await run(yard, by, {
        tasks: [{ goal: 'Work apart from others.', worktree: true }],
      });
      expect([is_error, content]).toEqual([true, expect.stringMatching(/worktree|repository/)]);
    },
  );

  test('are those the parser knows, but for what looks after children that run on', async () => {
    const { yard } = await open(undefined, { routes: { named: { provider: 'responses', model: 'responses-1' } } });
    const { properties } = yard.definition().parameters as { properties: Record<string, unknown> };
    const { tasks } = properties as { tasks: { items: { properties: object } } };
    const shown = new Set([...Object.keys(properties), ...Object.keys(tasks.items.properties)]);
    const unshown = Object.keys(DELEGATE_FIELDS).filter((name) => !shown.has(name));
    expect(unshown).toEqual(['action', 'id', 'message', 'wait_seconds', 'background']);
  });
});
