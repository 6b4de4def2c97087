import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';

const PROGRAM = join(import.meta.dirname, 'test-server.mjs');

export interface McpHttpServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly { readonly method: string; readonly headers: IncomingHttpHeaders }[];
  /** What the tools noted. */
  readonly notes: readonly string[];
  /** Sessions that were opened. */
  readonly sessions: () => number;
  /** Forgets every session, as a server does that was started again. */
  readonly forget: () => void;
}

/** The test server over streamable HTTP on loopback, a session a client; `before` may answer a request in its place. */
export async function startMcpHttp(before: RequestListener = () => undefined): Promise<McpHttpServer> {
  const { createServer: createMcp } = (await import(PROGRAM)) as { createServer(note: (text: string) => void): Server };
  const requests: { method: string; headers: IncomingHttpHeaders }[] = [];
  const notes: string[] = [];
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  let opened = 0;

  const open = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    opened += 1;
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => `session-${opened}`,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await createMcp((text) => notes.push(text)).connect(transport);
    return transport;
  };

  const http = createServer(async (request, response) => {
    const { method = '', headers } = request;
    requests.push({ method, headers });
    before(request, response);
    if (response.headersSent) return;
    const known = headers['mcp-session-id'] as string | undefined;
    const transport = known === undefined ? await open() : sessions.get(known);
    if (transport === undefined) {
      response.writeHead(404).end('no such session');
      return;
    }
    const body = method === 'POST' ? { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' as const } : {};
    const answer = await transport.handleRequest(
      new Request('http://localhost/mcp', { method, headers: headers as Record<string, string>, ...body }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.flushHeaders();
    if (answer.body === null) response.end();
    else
      Readable.fromWeb(answer.body as never)
        .on('error', () => undefined)
        .pipe(response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    requests,
    notes,
    sessions: () => opened,
    forget: () => sessions.clear(),
    async [Symbol.asyncDispose]() {
      await Promise.all([...sessions.values()].map((transport) => transport.close()));
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
