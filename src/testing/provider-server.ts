import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAnswerer } from './answer.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import type { Dialect } from './dialect.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';
import { play } from './play.ts';
import { readRequest } from './read-request.ts';
import type { SeenRequest, TestWire } from './seen-request.ts';
import type { ProviderServerOptions } from './server-options.ts';

/** The part of a provider's configuration that a test server decides. */
export interface ProviderConfig {
  readonly base_url: string;
  readonly wire: TestWire;
  readonly api_key?: string;
  readonly auth?: 'none';
  readonly models?: readonly string[];
  readonly simulated: true;
}

/** A provider that runs in this process, on loopback, and remembers what it was sent. */
export interface ProviderServer extends AsyncDisposable {
  readonly wire: TestWire;
  /** An entry of `providers` in a configuration that reaches this server. Marked as simulated. */
  readonly config: ProviderConfig;
  readonly base_url: string;
  /** `http://127.0.0.1:<port>` */
  readonly authority: string;
  /** In the order of arrival; the same list all the time. */
  readonly requests: readonly SeenRequest[];
  /** Requests being answered now. */
  readonly in_flight: number;
  /** The most there ever were at once. */
  readonly max_in_flight: number;
  /** TCP connections accepted so far. */
  readonly connections: number;
  /** Forgets the requests and `max_in_flight`. */
  reset(): void;
  /** Breaks every connection and frees the port. */
  close(): Promise<void>;
}

const DIALECTS: Readonly<Record<TestWire, Dialect>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
};

/** Starts a server on 127.0.0.1. Resolves once it listens. */
export async function startProvider(options: ProviderServerOptions): Promise<ProviderServer> {
  const dialect = DIALECTS[options.wire];
  const requests: SeenRequest[] = [];
  const sockets = new Map<Socket, number>();
  let connections = 0;
  let inFlight = 0;
  let maxInFlight = 0;

  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.set(socket, connections);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: options.port ?? 0, backlog: 4096 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const authority = `http://127.0.0.1:${port}`;
  const answer = createAnswerer({ ...options, dialect, port });

  server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
    inFlight += 1;
    maxInFlight = Math.max(maxInFlight, inFlight);
    const arrival = { at: Date.now(), connection: sockets.get(incoming.socket) ?? 0, in_flight: inFlight };
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const seen = readRequest({ ...arrival, incoming, body, dialect, wire: options.wire, index: requests.length });
      requests.push(seen);
      let playing = false;
      response.on('close', () => {
        if (!playing) seen.aborted = true;
      });
      answer(seen).then((script) => {
        playing = true;
        play(script, response, seen);
      });
    });
    response.on('close', () => {
      inFlight -= 1;
    });
  });

  let closing: Promise<void> | undefined;
  function close(): Promise<void> {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets.keys()) socket.destroy();
    });
    return closing;
  }

  const base_url = authority + dialect.base_path;
  return {
    wire: options.wire,
    base_url,
    config: {
      base_url,
      wire: options.wire,
      ...(options.key === undefined ? { auth: 'none' } : { api_key: options.key }),
      ...(options.models === undefined ? {} : { models: options.models }),
      simulated: true,
    },
    authority,
    requests,
    get in_flight() {
      return inFlight;
    },
    get max_in_flight() {
      return maxInFlight;
    },
    get connections() {
      return connections;
    },
    reset() {
      requests.length = 0;
      maxInFlight = inFlight;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
