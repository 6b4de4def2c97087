import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import { createYardmaster } from '../app.ts';
import type { Store } from '../core/store.ts';
import { createMemoryStore } from '../testing.ts';
import type { YardmasterOptions } from '../yardmaster.ts';
import { createServer } from './create-server.ts';
import { createDesk } from './desk.ts';
import { identityOf } from './identity.ts';
import { createKeepers } from './keepers.ts';

export interface Host {
  readonly client: Client;
  /** Lines the server logged. */
  readonly logged: readonly string[];
  call(name: string, args?: object, options?: CallOptions): Promise<Answer>;
  /** The host is gone; the server's process lives on. */
  hangUp(): Promise<void>;
}

export interface CallOptions {
  readonly meta?: object;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  readonly onprogress?: (message: string) => void;
}

export interface Answer {
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a test looks for in it.
  readonly data: any;
  readonly is_error: boolean;
}

export interface Side extends AsyncDisposable {
  readonly store: Store;
  /** Another session, as another host would open it. */
  connect(name?: string, options?: { readonly roots?: () => readonly string[] }): Promise<Host>;
}

/** A server's process in this one: the real application, and official clients connected in memory. */
export async function startSide(options: YardmasterOptions & { readonly store?: Store }): Promise<Side> {
  const store = typeof options.store === 'object' ? options.store : createMemoryStore();
  const logged: string[] = [];
  const log = (line: string): void => void logged.push(line);
  const hosts = new Set<{ readonly client: Client; readonly changed: () => void }>();
  const keepers = createKeepers({
    open: (given) => createYardmaster({ env: {}, ...options, store, ...given }),
    log,
    onToolsChanged: () => {
      for (const { changed } of hosts) changed();
    },
  });
  const desk = createDesk(log);
  return {
    store,
    async connect(name = 'test-host', { roots } = {}) {
      const server = createServer({ identity: identityOf('0.0.0'), keepers, follow_roots: true, desk, log });
      const [ours, theirs] = InMemoryTransport.createLinkedPair();
      await server.connect(theirs);
      const client = new Client(
        { name, version: '1.0.0' },
        { capabilities: roots === undefined ? {} : { roots: { listChanged: true } } },
      );
      if (roots !== undefined) {
        client.setRequestHandler('roots/list', () => ({ roots: roots().map((uri) => ({ uri })) }));
      }
      await client.connect(ours);
      const host = { client, changed: () => void server.sendToolListChanged().catch(() => undefined) };
      hosts.add(host);
      return {
        client,
        logged,
        async call(tool, args = {}, { meta, onprogress, ...rest } = {}) {
          const result = await client.callTool(
            {
              name: tool,
              arguments: args as Record<string, unknown>,
              ...(meta === undefined ? {} : { _meta: meta as never }),
            },
            {
              ...rest,
              ...(onprogress === undefined ? {} : { onprogress: ({ message }) => onprogress(message ?? '') }),
            },
          );
          const [first] = result.content;
          return {
            text: first?.type === 'text' ? first.text : '',
            data: result.structuredContent,
            is_error: result.isError === true,
          };
        },
        async hangUp() {
          hosts.delete(host);
          await client.close();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const { client } of hosts) await client.close();
      await keepers[Symbol.asyncDispose]();
    },
  };
}
