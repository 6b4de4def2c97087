import type { Wire } from '../../core/route.ts';

/** What a provider of Hermes is here; `why` where it is not. */
export type HermesProvider =
  | {
      readonly id: string;
      /** Variables that Hermes looks its key up in, where ours are others. */
      readonly key_env?: readonly string[];
      readonly note?: string;
    }
  | { readonly why: string };

const SIGNED_IN = { why: 'Hermes signs in to it; only keys are used here.' };
const NOT_LISTED = { why: 'The catalog does not have it. Add it under `providers` with its base_url and key_env.' };

/** Provider ids of Hermes that are not the same word here. Everything else is looked up as it is. */
export const HERMES_PROVIDERS: ReadonlyMap<string, HermesProvider> = new Map<string, HermesProvider>([
  ['openai-api', { id: 'openai' }],
  [
    'openai',
    { id: 'openrouter', note: 'Hermes reads "openai" as OpenRouter; write openai if you mean OpenAI itself.' },
  ],
  ['gemini', { id: 'google' }],
  ['ai-gateway', { id: 'vercel-ai-gateway' }],
  ['opencode-zen', { id: 'opencode', key_env: ['OPENCODE_ZEN_API_KEY', 'OPENCODE_API_KEY'] }],
  ['zai', { id: 'zai', key_env: ['GLM_API_KEY', 'ZAI_API_KEY', 'Z_AI_API_KEY'] }],
  ['kimi-coding', { id: 'moonshotai', note: 'Its key is looked for in MOONSHOT_API_KEY.' }],
  ['kimi', { id: 'moonshotai', note: 'Its key is looked for in MOONSHOT_API_KEY.' }],
  ['kimi-coding-cn', { id: 'moonshotai-cn', key_env: ['KIMI_CN_API_KEY', 'MOONSHOT_CN_API_KEY'] }],
  ['bedrock', { id: 'amazon-bedrock' }],
  ['vertex', { id: 'google-vertex' }],
  ['azure-foundry', { id: 'azure', note: 'It needs AZURE_OPENAI_RESOURCE_NAME in the environment.' }],
  ...['nous', 'openai-codex', 'xai-oauth', 'minimax-oauth', 'copilot', 'copilot-acp'].map(
    (id) => [id, SIGNED_IN] as const,
  ),
  ...['alibaba', 'stepfun', 'arcee', 'gmi', 'kilocode', 'novita', 'moa'].map((id) => [id, NOT_LISTED] as const),
]);

/** `transport` and `api_mode`; what is not here has no wire of ours. */
export const HERMES_WIRES: ReadonlyMap<string, Wire> = new Map([
  ['chat_completions', 'openai-chat'],
  ['openai_chat', 'openai-chat'],
  ['codex_responses', 'openai-responses'],
  ['anthropic_messages', 'anthropic-messages'],
]);

/** The wire that Hermes speaks to an address when nothing names one: by host and path (reference: hermes.md 2.9). */
export function wireOfUrl(base_url: string): Wire {
  if (!URL.canParse(base_url)) return 'openai-chat';
  const { hostname, pathname } = new URL(base_url);
  if (hostname === 'api.openai.com' || hostname === 'api.x.ai') return 'openai-responses';
  const path = pathname.replace(/\/+$/, '');
  if (hostname === 'api.anthropic.com' || /\/anthropic(\/v1)?$/.test(path)) return 'anthropic-messages';
  if (hostname === 'api.kimi.com' && path.startsWith('/coding')) return 'anthropic-messages';
  return 'openai-chat';
}

/** Toolsets of Hermes' children, as ours. */
export const HERMES_TOOLSETS: ReadonlyMap<string, readonly string[]> = new Map([
  ['file', ['read', 'write']],
  ['terminal', ['terminal']],
  ['web', ['web']],
  ['delegation', ['delegation']],
]);

/** Why a key stays behind, for those that people will ask about. */
export const STAYS_BEHIND: Readonly<Record<string, string>> = {
  'model.max_tokens': 'Write it as max_output on the model, under `providers`.',
  'model.openai_runtime': 'A runtime of Hermes.',
  'model.persist_switch_by_default': 'A switch is saved when it is asked for.',
  'delegation.request_overrides': 'Nothing is merged into request bodies.',
  'delegation.command': 'Children are not other programs.',
  'delegation.args': 'Children are not other programs.',
  'delegation.max_async_children': 'Hermes ignores it, too.',
  'delegation.independent_completions': 'Results come per task; `status` shows each.',
  'delegation.oneshot_max_children': 'See delegation.max_descendants and delegation.budget.',
  'delegation.compression_threshold_tokens': 'Conversations are shortened when they outgrow their window.',
  'delegation.inherit_mcp_toolsets': 'Name `mcp:<server>` in delegation.toolsets.',
  'delegation.subagent_auto_approve': 'What children may do is delegation.toolsets.',
  'delegation.surface_child_process_notifications': 'Commands of children end with them.',
  'delegation.worktree_isolation': 'Asked for per task: `worktree: true`.',
  'delegation.at_capacity': 'What has no place waits for one.',
  'delegation.agent_routing': 'See delegation.selection.',
};
