import { request } from 'node:http';
import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createYardmaster } from '../app.ts';
import type { Store } from '../core/store.ts';
import { createMemoryStore } from '../testing.ts';
import { serveHttp } from './serve.ts';

export const TOKEN = 'a-token-of-some-length';

export interface HttpSide extends AsyncDisposable {
  readonly url: string;
  readonly store: Store;
  /** Another session of the official client. */
  connect(mode?: 'legacy' | 'auto', options?: ClientOptions): Promise<Client>;
}

/** A server over HTTP in this process. */
export async function startHttpSide(config: object): Promise<HttpSide> {
  const stop = new AbortController();
  const store = createMemoryStore();
  const url = await new Promise<{ url: string; served: Promise<void> }>((resolve) => {
    const served: Promise<void> = serveHttp({
      port: 0,
      token: TOKEN,
      started: (url) => resolve({ url, served }),
      open: ({ config: other = config, cwd }) =>
        createYardmaster({ config: other, store, env: {}, ...(cwd === undefined ? {} : { cwd }) }),
      follow_roots: true,
      version: '0.0.0',
      log: () => undefined,
      signal: stop.signal,
    });
  });
  return {
    ...url,
    store,
    async connect(mode = 'legacy', options = {}) {
      const client = new Client({ name: 'http-host', version: '1' }, { ...options, versionNegotiation: { mode } });
      const transport = new StreamableHTTPClientTransport(new URL(url.url), {
        requestInit: { headers: { authorization: `Bearer ${TOKEN}` } },
      });
      await client.connect(transport);
      return client;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await url.served;
    },
  };
}

/** As a browser or a stranger would: any header, any method. */
export function raw(
  url: string,
  {
    method = 'POST',
    headers = {},
    body = '',
    signal,
    onText,
  }: {
    method?: string;
    headers?: object;
    body?: string | Buffer;
    /** Breaks the connection. */
    signal?: AbortSignal;
    /** Hears all that has come, with every part. */
    onText?: (text: string) => void;
  } = {},
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        ...(signal && { signal }),
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          authorization: `Bearer ${TOKEN}`,
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
          onText?.(text);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
