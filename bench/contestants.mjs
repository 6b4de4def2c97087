// Who takes part, in the order of the tables. `package` is where the version in the report comes from.
export const contestants = {
  yardmaster: { label: 'Yardmaster' },
  raw: { label: 'raw', package: 'undici' },
  'raw-incremental': { label: 'raw, incremental', package: 'undici' },
  pi: { label: 'pi-agent-core', package: '@earendil-works/pi-agent-core' },
  'openai-agents': { label: '@openai/agents', package: '@openai/agents' },
  'ai-sdk': { label: 'AI SDK', package: 'ai' },
};
