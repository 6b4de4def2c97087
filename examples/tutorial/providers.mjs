// Three simulated providers for docs/tutorial.md: scripted servers on loopback, one a wire, that want no key. They answer
// until this ends (Ctrl-C, or `kill %1`). What reaches them is written to tutorial.yaml in the working folder.
import { renameSync, writeFileSync } from 'node:fs';
import { readerModel, startProvider } from '../../dist/testing.js';

const reply = readerModel();
const MODELS = {
  northside: {
    wire: 'openai-chat',
    models: '[{ id: scout-1, price: { in: 0.2, out: 0.6 }, reasoning: [low, medium, high] }]',
  },
  harbour: {
    wire: 'openai-responses',
    models: '[{ id: pilot-2, price: { in: 1.25, out: 10 }, reasoning: [low, medium, high] }]',
  },
  junction: {
    wire: 'anthropic-messages',
    models: '[{ id: signal-3, price: { in: 3, out: 15 }, reasoning: [low, medium, high] }]',
  },
};

const entries = await Promise.all(
  Object.entries(MODELS).map(async ([name, { wire, models }]) => {
    const { base_url } = await startProvider({ wire, reply });
    return `  ${name}: { simulated: true, wire: ${wire}, base_url: "${base_url}", auth: none, models: ${models} }`;
  }),
);
// In one step: whoever waits for the file finds it whole.
writeFileSync(
  'tutorial.yaml.tmp',
  `# The parent's model: what children get when nobody says otherwise.\nmodel: northside/scout-1\nproviders:\n${entries.join('\n')}\n`,
);
renameSync('tutorial.yaml.tmp', 'tutorial.yaml');
console.log('Three simulated providers answer here; tutorial.yaml reaches them.');
