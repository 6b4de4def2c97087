import { join } from 'node:path';

/** Agents whose configuration is known. */
export const INSTALL_HOSTS = ['claude', 'codex', 'opencode', 'gemini', 'hermes', 'cursor', 'vscode'] as const;
export type InstallHost = (typeof INSTALL_HOSTS)[number];

/** One agent's configuration file, and what stands in it for a server. */
export interface HostFile {
  /** Absolute. */
  readonly file: string;
  readonly format: 'json' | 'toml' | 'yaml';
  /** Where the entry stands; the last step is the server's name. */
  readonly path: readonly string[];
  readonly entry: { readonly [key: string]: Value };
}

export type Value = string | number | boolean | readonly string[] | { readonly [key: string]: string };

export interface InstallPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The working folder, for hosts that are configured there. */
  readonly cwd: string;
  /** Program and arguments that start the server. */
  readonly command: readonly [string, ...string[]];
  /** Environment variables that hold keys, for hosts that pass none of them on unasked. Names only. */
  readonly key_env: readonly string[];
}

const NAME = 'yardmaster';
/** Longer than any wait of ours: the host's own limit must not be the one that ends a call. Seconds. */
const CALL_SECONDS = 600;
/** Variables that say where configuration and data stand: a host that passes none on starts a server that sees others. */
const PLACES = ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'YARDMASTER_HOME'];

/** Where each host keeps its servers and how it writes one, by its own documentation. */
export function hostFile(host: InstallHost, { env, home, cwd, command, key_env }: InstallPlace): HostFile {
  const [program, ...args] = command;
  const plain = { command: program, args };
  switch (host) {
    case 'claude':
      return {
        file: join(env.CLAUDE_CONFIG_DIR || home, '.claude.json'),
        format: 'json',
        path: ['mcpServers', NAME],
        entry: { type: 'stdio', ...plain },
      };
    case 'codex': {
      const passed = [...key_env, ...PLACES.filter((variable) => env[variable])];
      return {
        file: join(env.CODEX_HOME || join(home, '.codex'), 'config.toml'),
        format: 'toml',
        path: ['mcp_servers', NAME],
        // Without `required` it goes on without the tool, and says nothing, when the server is slow to start.
        entry: {
          ...plain,
          required: true,
          tool_timeout_sec: CALL_SECONDS,
          ...(passed.length === 0 ? {} : { env_vars: passed }),
        },
      };
    }
    case 'opencode':
      return {
        file: join(env.XDG_CONFIG_HOME || join(home, '.config'), 'opencode', 'opencode.json'),
        format: 'json',
        path: ['mcp', NAME],
        entry: { type: 'local', command, enabled: true },
      };
    case 'gemini':
      return {
        file: join(home, '.gemini', 'settings.json'),
        format: 'json',
        path: ['mcpServers', NAME],
        entry: {
          ...plain,
          timeout: CALL_SECONDS * 1000,
          // It takes everything out of the environment that is called like a key, except what stands here.
          ...(key_env.length === 0 ? {} : { env: Object.fromEntries(key_env.map((key) => [key, `\${${key}:-}`])) }),
        },
      };
    case 'hermes':
      return {
        file: join(env.HERMES_HOME || join(home, '.hermes'), 'config.yaml'),
        format: 'yaml',
        path: ['mcp_servers', NAME],
        entry: { ...plain, timeout: CALL_SECONDS },
      };
    case 'cursor':
      return { file: join(home, '.cursor', 'mcp.json'), format: 'json', path: ['mcpServers', NAME], entry: plain };
    case 'vscode':
      return {
        file: join(cwd, '.vscode', 'mcp.json'),
        format: 'json',
        path: ['servers', NAME],
        entry: { type: 'stdio', ...plain },
      };
  }
}
