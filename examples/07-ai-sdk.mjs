// delegate_task for an agent on the AI SDK: its model delegates, and reads results with receipts.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { stepCountIs, streamText } from 'ai';
import { createYardmaster, delegateTool } from 'yardmaster';
import { simulated, simulatedParent } from './simulated.mjs';

const tasks = [
  { goal: 'Summarise README.md', model: 'harbour/pilot-2' },
  { goal: 'Review docs/routing.md', model: 'junction/signal-3', reasoning_effort: 'high' },
];
const parent = await simulatedParent({ wire: 'openai-chat', tasks });
const { options, close } = await simulated();
const yard = await createYardmaster(options);

const run = streamText({
  model: createOpenAICompatible({ name: 'parent', baseURL: parent.base_url, apiKey: 'key-parent' })('parent-1'),
  tools: { delegate_task: delegateTool(yard) },
  stopWhen: stepCountIs(10),
  prompt: 'Have README.md and docs/routing.md read, each by a model that fits.',
});
console.log(await run.text);

// The program gets the whole answer: receipts, usage, cost.
const [{ toolResults }] = await run.steps;
for (const { route, usage } of toolResults[0].output.answer.results) {
  console.log(`${route.served.model} ${route.served.verified}, ${usage.output > 0 ? 'tokens counted' : 'no tokens'}`);
}

await yard[Symbol.asyncDispose]();
await Promise.all([parent.close(), close()]);

/* Prints
I read what they wrote: completed · harbour/pilot-2 (simulated), completed · junction/signal-3 (simulated).
pilot-2 match, tokens counted
signal-3 match, tokens counted
*/
