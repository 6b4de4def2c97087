import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CallToolResult, Client, Tool as McpTool, SdkErrorCode } from '@modelcontextprotocol/client';
import type { McpProgram, McpServer } from '../../core/mcp-server.ts';
import type { Json } from '../../core/task.ts';
import type { HttpTransport } from './http-transport.ts';
import type { StdioTransport } from './stdio-transport.ts';

/** A server installed on first use needs its time. */
const START_MS = 30_000;
/** Pages of its list of tools. */
const PAGES = 64;
/** The engine's own limit on a call comes before: this one only has to be there. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
const REASON_CHARS = 500;
const TIMED_OUT: `${SdkErrorCode.RequestTimeout}` = 'REQUEST_TIMEOUT';

export interface ServerOptions {
  /** The whole environment of a program. */
  readonly envOf: (server: McpProgram) => Readonly<Record<string, string>>;
  /** Takes keys out of what a server says. */
  readonly redact: (text: string) => string;
  readonly start_ms?: number;
}

/** A connection to one server, made when it is needed first. Errors are in words, without its name. */
export interface ServerConnection extends AsyncDisposable {
  /** All its tools as it names them now; asks only when something changed. Starts a server that has died. */
  list(): Promise<readonly McpTool[]>;
  /** A server that has died is started again once, until a call succeeds. */
  call(tool: string, args: { readonly [key: string]: Json }, signal: AbortSignal): Promise<CallToolResult>;
}

interface Live {
  readonly client: Client;
  readonly transport: StdioTransport | HttpTransport;
  tools?: Promise<readonly McpTool[]> | undefined;
  over: boolean;
}

export function connectServer(
  server: McpServer,
  { envOf, redact, start_ms = START_MS }: ServerOptions,
): ServerConnection {
  let current: Promise<Live> | undefined;
  let live: Live | undefined;
  /** Of the newest attempt, connected or not. */
  let transport: Live['transport'] | undefined;
  let may_restart = true;
  let closed = false;

  async function open(): Promise<Live> {
    const { Client, StreamableHTTPClientTransport, deserializeMessage } = await import('@modelcontextprotocol/client');
    const own =
      'url' in server
        ? (await import('./http-transport.ts')).createHttpTransport({
            ...server,
            Transport: StreamableHTTPClientTransport,
          })
        : (await import('./stdio-transport.ts')).createStdioTransport({
            ...server,
            env: envOf(server),
            parse: deserializeMessage,
          });
    if (closed) throw new Error('is closed');
    transport = own;
    const client = new Client({ name: 'yardmaster', version: version() });
    const opened: Live = { client, transport: own, over: false };
    client.onclose = () => {
      opened.over = true;
    };
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      opened.tools = undefined;
    });
    try {
      await client.connect(own, { timeout: start_ms });
      live = opened;
      return opened;
    } catch (error) {
      const why = reason(error, own);
      own.abandon();
      await own.close();
      throw new Error(why);
    }
  }

  /** The connection there is, or a new one. */
  async function connected(): Promise<Live> {
    if (closed) throw new Error('is closed');
    if (live?.over === true) {
      live = undefined;
      current = undefined;
    }
    current ??= open().catch((error: unknown) => {
      current = undefined;
      throw error;
    });
    return current;
  }

  /** What went wrong: how the server ended, if it did, else what the error says. */
  function reason(error: unknown, { ended }: Live['transport']): string {
    const { message, cause, code } = error as Error & { readonly code?: unknown };
    const { code: deeper } = (cause ?? {}) as { readonly code?: string };
    const end = ended();
    if (end === undefined && code === TIMED_OUT) return `did not answer within ${start_ms / 1000} s`;
    const said = end ?? (deeper === undefined ? message : `cannot be reached (${deeper})`);
    const whole = typeof code === 'number' ? `answered with error ${code}: ${said}` : said;
    return redact(whole).slice(0, REASON_CHARS).replace(/\.$/, '');
  }

  return {
    async list() {
      may_restart = true;
      const opened = await connected();
      opened.tools ??= listTools(opened.client, start_ms).catch((error: unknown) => {
        opened.tools = undefined;
        throw new Error(reason(error, opened.transport));
      });
      return opened.tools;
    },
    async call(tool, args, signal) {
      if (current === undefined || live?.over === true) {
        if (!may_restart) throw new Error('has died again and is not started once more for this');
        may_restart = false;
      }
      const opened = await connected();
      // All calls of an answer may share it.
      setMaxListeners(0, signal);
      try {
        const request = { method: 'tools/call', params: { name: tool, arguments: args } } as const;
        const result = await opened.client.request(request, { signal, timeout: NO_TIMEOUT_MS });
        may_restart = true;
        return result;
      } catch (error) {
        if (signal.aborted) throw new Error('was told to stop');
        // A server that has forgotten the session wants a new one.
        if ((error as { readonly status?: number }).status === 404) opened.over = true;
        const why = reason(error, opened.transport);
        throw new Error(
          opened.transport.ended() !== undefined
            ? `died during the call, and what the call did is not known: it ${why}`
            : why,
        );
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await transport?.close();
      await current?.catch(() => undefined);
    },
  };
}

/** Pages that never end are not read to the end. */
async function listTools(client: Client, limit_ms: number): Promise<readonly McpTool[]> {
  if (client.getServerCapabilities()?.tools === undefined) return [];
  const tools: McpTool[] = [];
  const until = Date.now() + limit_ms;
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const timeout = Math.max(1, until - Date.now());
    const { tools: found, nextCursor } = await client.request({ method: 'tools/list', params }, { timeout });
    tools.push(...found);
    cursor = nextCursor;
    if (cursor === undefined) return tools;
  }
  throw new Error(`lists its tools on more than ${PAGES} pages`);
}

function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
