import { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, run, setTracingDisabled, tool } from '@openai/agents';
import OpenAI from 'openai';
import { readFileTool, SYSTEM } from '../work.mjs';

export const wires = ['chat', 'responses'];

const models = { chat: OpenAIChatCompletionsModel, responses: OpenAIResponsesModel };

export function create({ providers, readFile }) {
  setTracingDisabled(true);
  const read_file = tool({ ...readFileTool, strict: true, execute: ({ path }) => readFile(path) });
  const agents = new Map(
    providers.map(({ id, wire, base_url, key, model }) => {
      const client = new OpenAI({ baseURL: base_url, apiKey: key, maxRetries: 0 });
      const agent = new Agent({
        name: id,
        instructions: SYSTEM,
        model: new models[wire](client, model),
        tools: [read_file],
      });
      return [id, agent];
    }),
  );

  async function child({ provider, goal }) {
    const result = await run(agents.get(provider), goal, { stream: true, maxTurns: 1_000 });
    await result.completed;
    return result.finalOutput;
  }

  return { run: (tasks) => Promise.all(tasks.map(child)) };
}
