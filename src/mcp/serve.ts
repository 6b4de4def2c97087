import type { Readable, Writable } from 'node:stream';
import type { Server } from '@modelcontextprotocol/server';
import { firstAnswer } from './first-answer.ts';
import { identityOf } from './identity.ts';
import type { Keepers, OpenIn } from './keepers.ts';
import { createStdioTransport } from './stdio-transport.ts';

export interface ServeOptions {
  readonly open: OpenIn;
  /** Hosts that declare roots work in the first of them, and not where the server was started. */
  readonly follow_roots: boolean;
  readonly version: string;
  /** One line for the log. */
  readonly log: (line: string) => void;
  /** Stops the children and the server. */
  readonly signal: AbortSignal;
}

/**
 * Serves one host over a pair of streams until it is gone. Children that still run then go on to their end, so that
 * a host that crashed loses nothing: their results wait to be collected. `signal` stops them, keeping what they have.
 */
export async function serveStdio({
  stdin,
  stdout,
  ...options
}: ServeOptions & { readonly stdin: Readable; readonly stdout: Writable }): Promise<void> {
  const { version, log, signal } = options;
  const identity = identityOf(version);
  const transport = createStdioTransport({ stdin, stdout, log, greet: (message) => firstAnswer(message, identity) });
  // The host is answered first: loading what comes now takes longer than some of them wait.
  await transport.spoken;
  const [{ serveStdio: serve }, { connect, keepers }] = await Promise.all([
    import('@modelcontextprotocol/server/stdio'),
    prepare(options),
  ]);
  const handle = serve(connect, { transport, onerror: (error) => log(error.message) });
  const stopped = aborted(signal);
  await Promise.race([transport.closed, stopped]);
  await Promise.race([keepers.idle(), stopped]);
  await handle.close();
  await keepers[Symbol.asyncDispose]();
}

/** Serves any number of hosts over loopback HTTP until `signal` stops it. `started` hears where. */
export async function serveHttp({
  port,
  token,
  started,
  ...options
}: ServeOptions & {
  readonly port: number;
  readonly token: string;
  readonly started: (url: string) => void;
}): Promise<void> {
  const { log, signal } = options;
  const { startHttpServer } = await import('./http-server.ts');
  const { connect, keepers, onToolsChanged } = await prepare(options);
  const server = await startHttpServer({ port, token, connect, log });
  onToolsChanged(server.toolsChanged);
  started(server.url);
  await aborted(signal);
  await server[Symbol.asyncDispose]();
  await keepers[Symbol.asyncDispose]();
}

/** What all servers of a process share: the application, and what its children are doing. */
async function prepare({ open, follow_roots, version, log }: ServeOptions): Promise<{
  readonly keepers: Keepers;
  readonly connect: () => Server;
  /** Replaces telling every connected server. */
  readonly onToolsChanged: (listener: () => void) => void;
}> {
  const [{ createKeepers }, { createServer }, { createDesk }] = await Promise.all([
    import('./keepers.ts'),
    import('./create-server.ts'),
    import('./desk.ts'),
  ]);
  const identity = identityOf(version);
  const desk = createDesk(log);
  const connected = new Set<Server>();
  let tell = (): void => {
    for (const server of connected) server.sendToolListChanged().catch(() => undefined);
  };
  const keepers = createKeepers({ open, log, onToolsChanged: () => tell() });
  return {
    keepers,
    connect() {
      const server = createServer({ identity, keepers, follow_roots, desk, log });
      connected.add(server);
      server.onclose = () => connected.delete(server);
      return server;
    },
    onToolsChanged(listener) {
      tell = listener;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
