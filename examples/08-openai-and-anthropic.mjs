// delegate_task for the plain clients of OpenAI and Anthropic: a definition for the request, `execute` for the call.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { createYardmaster, delegateFunction } from 'yardmaster';
import { simulated, simulatedParent } from './simulated.mjs';

const { options, close } = await simulated();
const yard = await createYardmaster(options);
const { name, description, parameters, execute } = delegateFunction(yard);

const tasks = [{ goal: 'Summarise README.md', model: 'pilot-2' }];
const chat = await simulatedParent({ wire: 'openai-chat', tasks });
const openai = new OpenAI({ baseURL: chat.base_url, apiKey: 'key-parent' });
const history = [{ role: 'user', content: 'Have README.md summarised.' }];
for (;;) {
  const tools = [{ type: 'function', function: { name, description, parameters } }];
  const answer = openai.chat.completions.stream({ model: 'parent-1', messages: history, tools });
  const [{ message }] = (await answer.finalChatCompletion()).choices;
  history.push(message);
  if (!message.tool_calls?.length) break;
  for (const { id, function: call } of message.tool_calls) {
    const { content } = await execute(call.arguments);
    history.push({ role: 'tool', tool_call_id: id, content });
  }
}
console.log(`OpenAI's client: ${history.at(-1).content}`);

const messages = await simulatedParent({ wire: 'anthropic-messages', tasks });
const anthropic = new Anthropic({ baseURL: messages.base_url, apiKey: 'key-parent' });
const turns = [{ role: 'user', content: 'Have README.md summarised.' }];
for (;;) {
  const tools = [{ name, description, input_schema: parameters }];
  const answer = anthropic.messages.stream({ model: 'parent-1', max_tokens: 2_000, messages: turns, tools });
  const { content } = await answer.finalMessage();
  turns.push({ role: 'assistant', content });
  const calls = content.filter(({ type }) => type === 'tool_use');
  if (calls.length === 0) break;
  const results = calls.map(async ({ id, input }) => {
    const { content, is_error } = await execute(input);
    return { type: 'tool_result', tool_use_id: id, content, is_error };
  });
  turns.push({ role: 'user', content: await Promise.all(results) });
}
console.log(`Anthropic's client: ${turns.at(-1).content[0].text}`);

await yard[Symbol.asyncDispose]();
await Promise.all([chat.close(), messages.close(), close()]);

/* Prints
OpenAI's client: I read what they wrote: completed · harbour/pilot-2 (simulated).
Anthropic's client: I read what they wrote: completed · harbour/pilot-2 (simulated).
*/
