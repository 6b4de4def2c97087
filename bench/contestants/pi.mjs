import { Agent } from '@earendil-works/pi-agent-core';
import * as messages from '@earendil-works/pi-ai/api/anthropic-messages';
import * as chat from '@earendil-works/pi-ai/api/openai-completions';
import * as responses from '@earendil-works/pi-ai/api/openai-responses';
import { readFileTool, SYSTEM } from '../work.mjs';

// 0.87.1 is the newest release whose dependencies are all published: later ones ask for versions of
// @earendil-works/pi-telemetry or pi-schema that are not.
export const wires = ['chat', 'responses', 'messages'];

const apis = {
  chat: { api: 'openai-completions', stream: chat.streamSimple },
  responses: { api: 'openai-responses', stream: responses.streamSimple },
  messages: { api: 'anthropic-messages', stream: messages.streamSimple },
};

export function create({ providers, readFile }) {
  const tool = {
    ...readFileTool,
    label: 'Read a file',
    execute: async (_id, { path }) => ({ content: [{ type: 'text', text: readFile(path) }], details: {} }),
  };
  const targets = new Map(
    providers.map(({ id, wire, base_url, key, model }) => [
      id,
      {
        key,
        stream: apis[wire].stream,
        model: {
          id: model,
          name: model,
          api: apis[wire].api,
          provider: id,
          baseUrl: wire === 'messages' ? base_url.replace(/\/v1$/, '') : base_url,
          reasoning: false,
          input: ['text'],
          cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
          contextWindow: 200_000,
          maxTokens: 4_096,
        },
      },
    ]),
  );

  async function child({ provider, goal }) {
    const { key, stream, model } = targets.get(provider);
    const agent = new Agent({
      initialState: { systemPrompt: SYSTEM, model, tools: [tool] },
      streamFn: stream,
      getApiKey: () => key,
    });
    await agent.prompt(goal);
    const last = agent.state.messages.at(-1);
    if (last.stopReason !== 'stop') throw new Error(last.errorMessage ?? last.stopReason);
    return last.content.map((part) => part.text ?? '').join('');
  }

  return { run: (tasks) => Promise.all(tasks.map(child)) };
}
