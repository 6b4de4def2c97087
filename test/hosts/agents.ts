import { join } from 'node:path';
import type { AgentWire } from './agent-model.ts';

/** Where one agent lives for one test. */
export interface AgentPlace {
  readonly home: string;
  readonly cwd: string;
  /** Of its model. */
  readonly url: string;
}

export interface Agent {
  /** As in `yardmaster mcp install`. */
  readonly name: string;
  /** Of the npm registry. */
  readonly package: string;
  readonly command: string;
  readonly wire: AgentWire;
  /** What somebody who uses it has in its files already. Path → text. */
  readonly files: (place: AgentPlace) => Readonly<Record<string, string>>;
  readonly env: (place: AgentPlace) => Readonly<Record<string, string>>;
  /** Arguments for one prompt without a terminal. */
  readonly args: (prompt: string) => readonly string[];
  /** A tool's name as its model sees it. */
  readonly toolName: (tool: string) => string;
  /** What its model's calls of our tools carry besides. */
  readonly callExtra?: { readonly [member: string]: string };
}

export const AGENTS: readonly Agent[] = [
  {
    name: 'claude',
    package: '@anthropic-ai/claude-code@2.1.330',
    command: 'claude',
    wire: 'anthropic-messages',
    files: () => ({}),
    env: ({ url }) => ({
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: 'sk-ant-host-0123456789',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    }),
    args: (prompt) => ['-p', prompt, '--allowedTools', 'mcp__yardmaster', '--output-format', 'json'],
    toolName: (tool) => `mcp__yardmaster__${tool}`,
  },
  {
    name: 'codex',
    package: '@openai/codex@0.169.0',
    command: 'codex',
    wire: 'openai-responses',
    files: ({ home, url }) => ({
      [join(home, '.codex/config.toml')]: [
        'model = "host-1" # mine',
        'model_provider = "mock"',
        '',
        '[model_providers.mock]',
        'name = "mock"',
        `base_url = "${url}"`,
        'env_key = "HOST_MODEL_TOKEN"',
        'wire_api = "responses"',
        '',
      ].join('\n'),
    }),
    env: () => ({ HOST_MODEL_TOKEN: 'sk-host-0123456789' }),
    args: (prompt) => ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', prompt],
    toolName: (tool) => tool,
    callExtra: { namespace: 'mcp__yardmaster' },
  },
  {
    name: 'opencode',
    package: 'opencode-ai@1.18.33',
    command: 'opencode',
    wire: 'openai-chat',
    files: ({ home, url }) => ({
      [join(home, '.config/opencode/opencode.json')]: JSON.stringify(
        {
          autoupdate: false,
          share: 'disabled',
          small_model: 'mock/host-1',
          provider: {
            mock: {
              npm: '@ai-sdk/openai-compatible',
              options: { baseURL: url, apiKey: 'sk-host-0123456789' },
              models: { 'host-1': { name: 'host-1', tool_call: true } },
            },
          },
        },
        null,
        2,
      ),
    }),
    env: () => ({ OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1' }),
    args: (prompt) => ['run', '-m', 'mock/host-1', prompt],
    toolName: (tool) => `yardmaster_${tool}`,
  },
  {
    name: 'gemini',
    package: '@google/gemini-cli@0.61.0',
    command: 'gemini',
    wire: 'gemini',
    files: ({ home }) => ({
      [join(home, '.gemini/settings.json')]: JSON.stringify(
        { security: { auth: { selectedType: 'gemini-api-key' } }, privacy: { usageStatisticsEnabled: false } },
        null,
        2,
      ),
    }),
    env: ({ url }) => ({
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_API_KEY: 'host-0123456789',
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    }),
    args: (prompt) => ['-y', '-m', 'gemini-2.5-pro', '-p', prompt],
    toolName: (tool) => `mcp_yardmaster_${tool}`,
  },
];
