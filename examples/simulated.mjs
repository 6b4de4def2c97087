// What stands in for real models here: scripted providers on loopback, one a wire. With your own keys none of this is
// needed: `createYardmaster()` reads your yardmaster.yaml and your environment.
import { join } from 'node:path';
import { readerModel, scriptedModel, startProvider } from 'yardmaster/testing';

const efforts = ['low', 'medium', 'high'];

/** Options for `createYardmaster` with three simulated providers, and nothing of this machine's own keys and files. */
export async function simulated({ reply = readerModel() } = {}) {
  const servers = {
    northside: await startProvider({ wire: 'openai-chat', key: 'key-northside', reply }),
    harbour: await startProvider({ wire: 'openai-responses', key: 'key-harbour', reply }),
    junction: await startProvider({ wire: 'anthropic-messages', key: 'key-junction', reply }),
  };
  const models = {
    northside: [{ id: 'scout-1', price: { in: 0.2, out: 0.6 }, reasoning: efforts }, { id: 'scout-2-preview' }],
    harbour: [{ id: 'pilot-2', price: { in: 1.25, out: 10 }, reasoning: efforts }],
    junction: [{ id: 'signal-3', price: { in: 3, out: 15 }, reasoning: efforts }],
  };
  const providers = Object.fromEntries(
    Object.entries(servers).map(([name, { config }]) => [name, { ...config, models: models[name] }]),
  );
  return {
    options: {
      cwd: join(import.meta.dirname, '..'),
      config: { model: 'northside/scout-1', providers },
      env: {},
      store: 'memory',
    },
    close: () => Promise.all(Object.values(servers).map((server) => server.close())),
  };
}

/** The provider of a parent agent that delegates once, and then says what its children's receipts are. */
export function simulatedParent({ wire, tasks }) {
  const call = { name: 'delegate_task', arguments: { tasks } };
  const receipts = (text) =>
    [...text.matchAll(/· (completed .*?\)), served/g)].map(([, receipt]) => receipt).join(', ');
  const last = ({ tool_results }) => ({ text: `I read what they wrote: ${receipts(tool_results[0].content)}.` });
  return startProvider({ wire, key: 'key-parent', reply: scriptedModel([{ tool_calls: [call] }, last]) });
}
