import { resolve } from 'node:path';
import { type Issue, refusal } from '../core/errors.ts';
import type { McpServer } from '../core/mcp-server.ts';
import { createRedactor } from '../core/text/redact.ts';
import { byPosition, type KeyPath, writeKeyPath } from './config-source.ts';
import { expandVariables, variablesIn } from './expand-variables.ts';
import type { ConfigFile, McpServerConfig } from './files/config-file.ts';
import type { Env } from './files/config-paths.ts';
import { KEY_HEADER } from './provider-problems.ts';

/** Throws `CONFIG_INVALID` for what cannot be meant in `mcp_servers`. No value is repeated: it may hold a key. */
export function checkMcpServers({ mcp_servers = {} }: ConfigFile, where: (path: KeyPath) => string): void {
  const issues = Object.entries(mcp_servers).flatMap(([name, server]) =>
    problemsOf(server).map(({ key, message, hint }): Issue => {
      const path = ['mcp_servers', name, ...key];
      return { code: 'CONFIG_INVALID', path: `${where(path)} ${writeKeyPath(path)}`, message, hint, suggestions: [] };
    }),
  );
  if (issues.length > 0) throw refusal(issues.sort(byPosition));
}

interface Problem {
  readonly key: KeyPath;
  readonly message: string;
  readonly hint: string;
}

function problemsOf(server: McpServerConfig): Problem[] {
  const { command, url, env = {}, headers = {} } = server;
  if ((command === undefined) === (url === undefined)) {
    const message = `It has ${command === undefined ? 'neither command nor url' : 'both command and url'}.`;
    return [{ key: [], message, hint: 'Give the command of a program, or the url of a server that runs.' }];
  }
  const [own, others] = url === undefined ? ['command', ['headers']] : ['url', ['env', 'cwd']];
  const hint = `Write \${NAME} and set the variable.`;
  return [
    ...others
      .filter((key) => server[key as keyof McpServerConfig] !== undefined)
      .map((key) => ({ key: [key], message: `"${key}" has no meaning beside ${own}.`, hint: 'Take it out.' })),
    ...(url === undefined ? [] : urlProblems(url)),
    ...Object.entries(headers)
      .filter(([name, value]) => variablesIn(value).length === 0 && (KEY_HEADER.test(name) || isKey(value)))
      .map(([name]) => ({ key: ['headers', name], message: 'A key is not written into a file.', hint })),
    ...Object.entries(env)
      .filter(([, value]) => isKey(value))
      .map(([name]) => ({ key: ['env', name], message: 'A key is not written into a file.', hint })),
  ];
}

function urlProblems(url: string): Problem[] {
  if (variablesIn(url).length > 0) return [];
  const hint = 'Write it as https://host/path, without a user or a password in it.';
  if (!URL.canParse(url)) return [{ key: ['url'], message: 'It is not a URL.', hint }];
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:')
    return [{ key: ['url'], message: 'It is neither http nor https.', hint }];
  if (username !== '' || password !== '' || isKey(url))
    return [{ key: ['url'], message: 'A key is not written into a file.', hint }];
  return [];
}

function isKey(text: string): boolean {
  return keyless(text) !== text;
}
const keyless = createRedactor([]);

/** The servers with every variable in its place, and what of it must not be repeated anywhere. */
export function mcpServersOf(
  { mcp_servers = {} }: ConfigFile,
  { env, cwd }: { readonly env: Env; readonly cwd: string },
): { readonly servers: readonly McpServer[]; readonly secrets: readonly string[] } {
  const secrets = new Set<string>();
  const servers = Object.entries(mcp_servers).map(([name, config]): McpServer => {
    const missing = new Set<string>();
    const expand = (text: string): string => {
      const expansion = expandVariables(text, env);
      for (const each of expansion.missing) missing.add(each);
      for (const each of variablesIn(text)) if (SECRET.test(each)) secrets.add(env[each] ?? '');
      return expansion.text;
    };
    const expandAll = (texts: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
      Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, expand(text)]));
    const { command = [], url, headers, env: variables, cwd: folder = '.', tools } = config;
    const reached =
      url === undefined
        ? { command: command.map(expand), cwd: resolve(cwd, expand(folder)), env: expandAll(variables) }
        : { url: expand(url), headers: expandAll(headers) };
    return {
      name,
      ...reached,
      ...(tools === undefined ? {} : { tools }),
      ...(missing.size === 0 ? {} : { missing: [...missing] }),
    };
  });
  for (const server of servers) {
    if ('headers' in server) for (const value of Object.values(server.headers)) secrets.add(value);
  }
  secrets.delete('');
  return { servers, secrets: [...secrets] };
}

/** Variables that hold secrets by their name; what a path or a port is called is no secret. */
const SECRET = /key|token|secret|password|passwd|credential|auth/i;
