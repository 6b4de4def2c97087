import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { isStepCount, jsonSchema, ToolLoopAgent, tool } from 'ai';
import { readFileTool, SYSTEM } from '../work.mjs';

export const wires = ['chat', 'responses', 'messages'];

const models = {
  chat: ({ id, base_url, key, model }) =>
    createOpenAICompatible({ name: id, baseURL: base_url, apiKey: key, includeUsage: true })(model),
  responses: ({ base_url, key, model }) => createOpenAI({ baseURL: base_url, apiKey: key }).responses(model),
  messages: ({ base_url, key, model }) => createAnthropic({ baseURL: base_url, apiKey: key })(model),
};

export function create({ providers, readFile }) {
  const read_file = tool({
    description: readFileTool.description,
    inputSchema: jsonSchema(readFileTool.parameters),
    execute: ({ path }) => readFile(path),
  });
  const agents = new Map(
    providers.map((provider) => [
      provider.id,
      new ToolLoopAgent({
        model: models[provider.wire](provider),
        instructions: SYSTEM,
        tools: { read_file },
        stopWhen: isStepCount(1_000),
        maxOutputTokens: 4_096,
        maxRetries: 0,
      }),
    ]),
  );

  async function child({ provider, goal }) {
    const result = await agents.get(provider).stream({ prompt: goal });
    await result.consumeStream();
    return result.text;
  }

  return { run: (tasks) => Promise.all(tasks.map(child)) };
}
