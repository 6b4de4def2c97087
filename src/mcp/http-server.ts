import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createMcpHandler,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  readRequestBody,
  type Server,
  validateHostHeader,
  validateOriginHeader,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { createEventMemory } from './event-memory.ts';

/** Longest request. Long material belongs into files. Bytes. */
const MAX_BODY = 32 * 1024 * 1024;
/** Sessions of the handshake revisions at once; the longest unused one makes place. */
const MAX_SESSIONS = 200;
const PATH = '/mcp';

export interface HttpServerOptions {
  /** 0 = any free one. */
  readonly port: number;
  /** Every request carries it as `Authorization: Bearer`. */
  readonly token: string;
  /** A fresh server for one session, or for one request of the later revisions. */
  readonly connect: () => Server;
  readonly log: (line: string) => void;
}

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  /** Tells every host that holds a stream open that the list of tools is another one. */
  toolsChanged(): void;
}

interface Session {
  readonly server: Server;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  used: number;
}

/**
 * Streamable HTTP on the loopback interface. A page in a browser can reach it too, so nothing is answered without the
 * token, under another name than a loopback one, or to another origin (DNS rebinding).
 */
export async function startHttpServer({ port, token, connect, log }: HttpServerOptions): Promise<HttpServer> {
  const sessions = new Map<string, Session>();
  const modern = createMcpHandler(connect, { legacy: 'reject', maxRequestBodySize: MAX_BODY });
  let clock = 0;

  const open = async (): Promise<Session> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: createEventMemory(),
      onsessioninitialized: (id) => {
        const [oldest] = [...sessions].sort(([, a], [, b]) => a.used - b.used);
        if (sessions.size >= MAX_SESSIONS && oldest !== undefined) void close(oldest[0]);
        sessions.set(id, session);
      },
      onsessionclosed: (id) => close(id),
    });
    const session: Session = { server: connect(), transport, used: ++clock };
    await session.server.connect(transport);
    return session;
  };
  const close = async (id: string): Promise<void> => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.server.close();
  };

  /** The handshake revisions have sessions, so that a call can be cancelled and told of; the later ones need none. */
  const serve = async (request: Request): Promise<Response> => {
    let parsedBody: unknown;
    if (request.method === 'POST') {
      const body = await readRequestBody(request, MAX_BODY);
      if (body.tooLarge) return refused(413, `A request has at most ${MAX_BODY} bytes.`);
      try {
        parsedBody = JSON.parse(body.text);
      } catch {
        return refused(400, 'The request is not JSON.');
      }
      if (!(await isLegacyRequest(request, parsedBody))) return modern.fetch(request, { parsedBody });
    }
    const id = request.headers.get('mcp-session-id');
    const known = id === null ? undefined : sessions.get(id);
    if (id !== null && known === undefined) return refused(404, 'There is no such session: initialize again.');
    const session = known ?? (await open());
    session.used = ++clock;
    const options = parsedBody === undefined ? {} : { parsedBody };
    const response = await session.transport.handleRequest(request, options);
    // What did not open a session leaves none behind.
    if (session.transport.sessionId === undefined) await session.server.close();
    return response;
  };

  const listener = createServer((incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) gone.abort();
    });
    answer(incoming, gone.signal)
      .then((response) => write(response, outgoing))
      .catch((error: unknown) => {
        log(`a request failed: ${String(error)}`);
        if (!outgoing.headersSent) outgoing.writeHead(500);
        outgoing.end();
      });
  });

  const answer = async (incoming: IncomingMessage, signal: AbortSignal): Promise<Response> => {
    const host = validateHostHeader(incoming.headers.host, localhostAllowedHostnames());
    if (!host.ok) return refused(403, host.message);
    const origin = validateOriginHeader(incoming.headers.origin, localhostAllowedOrigins());
    if (!origin.ok) return refused(403, origin.message);
    if (!isToken(incoming.headers.authorization, token)) {
      return refused(401, 'The request has no valid token.', { 'www-authenticate': 'Bearer' });
    }
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    if (url.pathname !== PATH) return refused(404, `The server is at ${PATH}.`);
    return serve(toRequest(incoming, url, signal));
  };

  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}${PATH}`,
    toolsChanged() {
      modern.notify.toolsChanged();
      for (const { server } of sessions.values()) server.sendToolListChanged().catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      const stopped = new Promise((resolve) => listener.close(resolve));
      await Promise.all([modern.close(), ...[...sessions.keys()].map(close)]);
      listener.closeAllConnections();
      await stopped;
    },
  };
}

function isToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function refused(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }, { status, headers });
}

function toRequest(incoming: IncomingMessage, url: URL, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const method = incoming.method ?? 'GET';
  const bare = method === 'GET' || method === 'HEAD';
  // A stream as the body needs `duplex`, which the types do not know.
  const body = bare ? {} : { body: Readable.toWeb(incoming), duplex: 'half' };
  return new Request(url, { method, headers, signal, ...body } as RequestInit);
}

async function write(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body === null) {
    outgoing.end();
    return;
  }
  // A host that hangs up ends its stream and nothing else.
  await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), outgoing).catch(
    () => undefined,
  );
}
