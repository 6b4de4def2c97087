import type { Tool as McpTool } from '@modelcontextprotocol/client';
import { DelegateError } from '../../core/errors.ts';
import type { McpServer } from '../../core/mcp-server.ts';
import type { ToolSpec } from '../../core/provider.ts';
import { suggestNames } from '../../core/text/suggest.ts';
import type { Tool } from '../../core/tool.ts';
import { outcomeOf } from './result-text.ts';
import { connectServer, type ServerConnection, type ServerOptions } from './server.ts';
import { toolNames, toolPrefixes } from './tool-names.ts';

/** Tools of one server: what the strictest provider takes in a request. */
const TOOLS = 128;
/** Characters of all their specifications: about 50,000 tokens, in every request of every child. */
const SPEC_CHARS = 200_000;

/** One connection a server, shared by all children of this process, from the first that needs it. */
export interface McpServers extends AsyncDisposable {
  /** The tools of a server. Throws `ABILITY_MISSING` or `CONFIG_INVALID`, naming it, when it cannot be had. */
  tools(server: string): Promise<readonly Tool[]>;
}

export function createMcpServers(servers: readonly McpServer[], options: ServerOptions): McpServers {
  const prefixes = toolPrefixes(servers.map(({ name }) => name));
  const connections = new Map<McpServer, ServerConnection>();
  const made = new WeakMap<readonly McpTool[], readonly Tool[]>();

  return {
    async tools(name) {
      const server = servers.find((each) => each.name === name);
      if (server === undefined) throw unusable(name, 'is not configured');
      if (server.missing !== undefined) {
        const variables = server.missing.map((each) => `"${each}"`).join(', ');
        const message = `${variables} of "mcp_servers.${name}" ${server.missing.length === 1 ? 'is' : 'are'} not set in the environment.`;
        throw new DelegateError('CONFIG_INVALID', message, { hint: 'Set it, or leave out the toolset.' });
      }
      let connection = connections.get(server);
      if (connection === undefined) {
        connection = connectServer(server, options);
        connections.set(server, connection);
      }
      const list = await connection.list().catch((error: Error) => {
        throw unusable(name, error.message);
      });
      let tools = made.get(list);
      if (tools === undefined) {
        tools = toTools(list, { server, prefix: prefixes.get(name)!, connection });
        made.set(list, tools);
      }
      return tools;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...connections.values()].map((connection) => connection[Symbol.asyncDispose]()));
    },
  };
}

function toTools(
  list: readonly McpTool[],
  {
    server,
    prefix,
    connection,
  }: { readonly server: McpServer; readonly prefix: string; readonly connection: ServerConnection },
): readonly Tool[] {
  const wanted = chosen(list, server);
  if (wanted.length === 0) throw unusable(server.name, 'offers no tools');
  if (wanted.length > TOOLS)
    throw unusable(server.name, `offers ${wanted.length} tools; a child can have ${TOOLS}`, FEWER);
  const names = toolNames(
    prefix,
    wanted.map(({ name }) => name),
  );
  const specs = wanted.map(
    (tool, i): ToolSpec => ({
      name: names[i]!,
      description: tool.description ?? tool.title ?? '',
      parameters: tool.inputSchema as ToolSpec['parameters'],
    }),
  );
  const sizes = specs.map(sizeOf);
  const size = sizes.reduce((sum, each) => sum + each, 0);
  if (size > SPEC_CHARS) {
    const largest = wanted[sizes.indexOf(Math.max(...sizes))]!.name.slice(0, 100);
    const counted = Number.isFinite(size) ? size : 'too many';
    const why = `describes its tools in ${counted} characters, most of them for "${largest}"; ${SPEC_CHARS} are taken`;
    throw unusable(server.name, why, FEWER);
  }
  return wanted.map(({ name, annotations }, i) => ({
    spec: specs[i]!,
    idempotent: annotations?.readOnlyHint === true || annotations?.idempotentHint === true,
    about: (args) =>
      Object.values(args)
        .find((value) => typeof value === 'string')
        ?.slice(0, 100) ?? '',
    async run(args, signal) {
      try {
        return outcomeOf(await connection.call(name, args, signal));
      } catch (error) {
        return { content: `The MCP server "${server.name}" ${(error as Error).message}.`, is_error: true };
      }
    },
  }));
}

const FEWER = 'Name the ones that children need under `tools` of the server.';

/** Those the operator named, or all. */
function chosen(list: readonly McpTool[], { name, tools }: McpServer): readonly McpTool[] {
  if (tools === undefined) return list;
  for (const tool of tools) {
    if (list.some((each) => each.name === tool)) continue;
    const near = suggestNames(
      tool,
      list.map((each) => each.name),
    );
    const hint =
      near.length > 0 ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?` : 'Take it out of `tools`.';
    throw unusable(name, `has no tool "${tool}"`, hint);
  }
  return list.filter((each) => tools.includes(each.name));
}

/** Infinite for what nests so deep that it cannot be written. */
function sizeOf(spec: ToolSpec): number {
  try {
    return JSON.stringify(spec).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function unusable(
  name: string,
  why: string,
  hint = `Check "mcp_servers.${name}", or leave out the toolset.`,
): DelegateError {
  return new DelegateError('ABILITY_MISSING', `The MCP server "${name}" ${why}.`, { hint });
}
