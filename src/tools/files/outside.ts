import { tmpdir } from 'node:os';
import type { McpServer } from '../../core/mcp-server.ts';
import type { Tool } from '../../core/tool.ts';
import type { McpServers } from '../mcp/mcp-servers.ts';
import { commandEnv, type Env } from '../terminal/command-env.ts';
import type { HtmlReader } from '../web/html-reader.ts';

export interface OutsideOptions {
  /** Hosts that pages may come from although they are not on the public internet. */
  readonly allow_hosts: readonly string[];
  readonly servers: readonly McpServer[];
  /** What a server's program may get a part of. */
  readonly env: Env;
  /** Takes known keys out of a text. */
  readonly filter: (text: string) => string;
  /** Takes known keys and whatever looks like one out of a text. */
  readonly redact: (text: string) => string;
}

/** What children reach beyond the workspace, for the whole process: pages of the web, and MCP servers. */
export interface Outside extends AsyncDisposable {
  /** Toolsets there are. */
  readonly names: readonly string[];
  /** The tools of one of them; what they need is loaded and started now. */
  tools(name: string): Promise<readonly Tool[]>;
}

const MCP = 'mcp:';

export function createOutside({ allow_hosts, servers, env, filter, redact }: OutsideOptions): Outside {
  let html: HtmlReader | undefined;
  let mcp: McpServers | undefined;
  const hasSecret = (value: string): boolean => filter(value) !== value;
  const usual = (): Readonly<Record<string, string>> => commandEnv({ env, hasSecret, at_home: true, tmp: tmpdir() });
  return {
    names: ['web', ...servers.map(({ name }) => MCP + name)],
    async tools(name) {
      if (name.startsWith(MCP)) {
        const { createMcpServers } = await import('../mcp/mcp-servers.ts');
        mcp ??= createMcpServers(servers, {
          redact,
          envOf: (server) => ({ ...usual(), ...server.env }),
        });
        return mcp.tools(name.slice(MCP.length));
      }
      const [{ createFetchUrl }, { createHtmlReader }] = await Promise.all([
        import('../web/fetch-url.ts'),
        import('../web/html-reader.ts'),
      ]);
      html ??= createHtmlReader();
      return [createFetchUrl({ allow_hosts, html })];
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([html?.[Symbol.asyncDispose](), mcp?.[Symbol.asyncDispose]()]);
    },
  };
}
