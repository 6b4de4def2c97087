import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { StreamEnd, StreamFailure, StreamRequest } from '../stream.ts';
import { createTransport, type Transport } from './transport.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

interface RawServer extends AsyncDisposable {
  readonly authority: string;
  readonly requests: readonly string[];
  readonly sockets: ReadonlySet<Socket>;
  /** Connections so far. */
  accepted(): number;
}

/** A server that writes bytes and knows nothing of HTTP. */
async function rawServer(answer: (socket: Socket, index: number) => void | Promise<void>): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    accepted += 1;
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      requests.push(data.toString());
      void answer(socket, requests.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    authority: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    sockets,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Outcome {
  readonly end?: StreamEnd;
  readonly failure?: StreamFailure;
  readonly events: readonly (readonly [string, string])[];
}

async function post(transport: Transport, authority: string, more: Partial<StreamRequest> = {}): Promise<Outcome> {
  const events: [string, string][] = [];
  const request: StreamRequest = {
    authority,
    path: '/v1/x?y=1',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    signal: new AbortController().signal,
    first_token_timeout_ms: 5_000,
    idle_timeout_ms: 5_000,
    onEvent(event, data) {
      events.push([event, data]);
      return data === '[DONE]';
    },
    ...more,
  };
  try {
    return { end: await transport.streamPost(request), events };
  } catch (failure) {
    return { failure: failure as StreamFailure, events };
  }
}

describe('the transport', () => {
  test('sends the body as it is given and asks for nothing compressed', async () => {
    await using server = await rawServer(
      (socket) => void socket.write(`${CHUNKED}${chunk('data: [DONE]\n\n')}0\r\n\r\n`),
    );
    await using transport = createTransport();
    const { end } = await post(transport, server.authority, { body: '{"ä":1}', headers: { 'x-a': 'b' } });
    expect(end).toMatchObject({ status: 200, complete: true });
    const [head, body] = server.requests[0]!.split('\r\n\r\n');
    expect(body).toBe('{"ä":1}');
    expect(head!.split('\r\n').sort()).toEqual(
      [
        'POST /v1/x?y=1 HTTP/1.1',
        `host: ${server.authority.slice('http://'.length)}`,
        'connection: keep-alive',
        'x-a: b',
        'content-length: 8',
      ].sort(),
    );
  });

  test.each<[string, string, Partial<StreamFailure>]>([
    ['closes without a word', '', { class: 'network' }],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', { class: 'protocol' }],
    ['sends headers without end', `${OK}x: ${'y'.repeat(100_000)}`, { class: 'protocol' }],
    ['closes inside a chunk', `${CHUNKED}40\r\ndata: a`, { class: 'cut', status: 200 }],
    ['closes before the last chunk', `${CHUNKED}${chunk('data: a\n\n')}`, { class: 'cut', status: 200 }],
    ['sends less than its length', `${OK}content-length: 900\r\n\r\ndata: a\n\n`, { class: 'cut', status: 200 }],
    ['breaks the chunks', `${CHUNKED}zz\r\n`, { class: 'protocol', status: 200 }],
    ['answers without content', 'HTTP/1.1 204 No Content\r\n\r\n', { class: 'protocol', status: 204 }],
    [
      'cuts an error short',
      'HTTP/1.1 500 Oops\r\ncontent-length: 99\r\n\r\n{"a":1}',
      { class: 'unavailable', status: 500, upstream: '{"a":1}' },
    ],
    [
      'answers compressed',
      'HTTP/1.1 400 Bad\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc',
      { class: 'bad_request', upstream: '(a compressed body)' },
    ],
    [
      'redirects without saying where',
      'HTTP/1.1 302 Found\r\n\r\n',
      { class: 'redirect', upstream: '302 without a Location' },
    ],
  ])('a server that %s', async (_, bytes, expected) => {
    await using server = await rawServer((socket) => void socket.end(bytes));
    await using transport = createTransport();
    const { failure } = await post(transport, server.authority);
    expect(failure).toMatchObject(expected);
  });

  test('a stream that the closing of the connection ends is whole', async () => {
    await using server = await rawServer((socket) => void socket.end(`${OK}\r\ndata: a\n\ndata: b`));
    await using transport = createTransport();
    const { end, events } = await post(transport, server.authority);
    expect(end).toMatchObject({ complete: false });
    expect(events).toEqual([
      ['', 'a'],
      ['', 'b'],
    ]);
  });

  test('an interim response is not the answer', async () => {
    await using server = await rawServer(
      (socket) =>
        void socket.write(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${CHUNKED}${chunk('data: [DONE]\n\n')}0\r\n\r\n`),
    );
    await using transport = createTransport();
    expect((await post(transport, server.authority)).end).toMatchObject({ status: 200, complete: true });
  });

  test('what follows a complete answer is thrown away, and the connection is used again', async () => {
    await using server = await rawServer((socket) => {
      socket.write(CHUNKED + chunk('data: [DONE]\n\n'));
      setTimeout(() => socket.write(`${chunk('data: late\n\n')}0\r\n\r\n`), 10);
    });
    await using transport = createTransport();
    for (const _ of [1, 2]) {
      const { events, end } = await post(transport, server.authority);
      expect(end?.complete).toBe(true);
      expect(events).toEqual([['', '[DONE]']]);
      await sleep(1);
    }
    expect(server.sockets.size).toBe(1);
  });

  test('who goes on at once uses the connection that became free, and no other', async () => {
    await using server = await rawServer(
      (socket) => void socket.write(`${CHUNKED}${chunk('data: [DONE]\n\n')}0\r\n\r\n`),
    );
    await using transport = createTransport();
    for (const _ of [1, 2, 3]) expect((await post(transport, server.authority)).end?.complete).toBe(true);
    expect(server.requests).toHaveLength(3);
    expect(server.accepted()).toBe(1);
  });

  test('an idle connection holds nothing of the request that used it last', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await using server = await rawServer(
      (socket) => void socket.write(`${CHUNKED}${chunk('data: [DONE]\n\n')}0\r\n\r\n`),
    );
    await using transport = createTransport();
    const use = async (): Promise<WeakRef<object>> => {
      const child = {};
      await post(transport, server.authority, { onEvent: () => child !== undefined });
      return new WeakRef(child);
    };
    const child = await use();
    for (let turn = 0; turn < 50 && child.deref() !== undefined; turn++) {
      await sleep(1);
      collect();
    }
    expect(child.deref()).toBeUndefined();
    expect(server.sockets.size).toBe(1);
  });

  test('a server that never ends a complete answer is not waited for', async () => {
    await using server = await rawServer((socket) => void socket.write(CHUNKED + chunk('data: [DONE]\n\n')));
    await using transport = createTransport();
    expect((await post(transport, server.authority)).end).toMatchObject({ complete: true });
    while (server.sockets.size > 0) await sleep(1);
  });

  test('a broken connection after the last word takes nothing away', async () => {
    await using server = await rawServer((socket) => {
      socket.write(CHUNKED + chunk('data: [DONE]\n\n'), () => socket.resetAndDestroy());
    });
    await using transport = createTransport();
    expect((await post(transport, server.authority)).end).toMatchObject({ complete: true });
  });

  test('a large error body is read as far as it is useful', async () => {
    await using server = await rawServer((socket) => {
      socket.write('HTTP/1.1 400 Bad\r\ncontent-length: 90000000\r\n\r\n');
      socket.write('x'.repeat(1_000_000));
    });
    await using transport = createTransport();
    const { failure } = await post(transport, server.authority);
    expect(failure).toMatchObject({ class: 'bad_request', status: 400 });
    expect(failure?.upstream).toHaveLength(64 * 1024);
    while (server.sockets.size > 0) await sleep(1);
  });

  test('an error whose body never ends is told by its status (F34)', async () => {
    await using server = await rawServer(
      (socket) => void socket.write('HTTP/1.1 429 Slow\r\nretry-after: 3\r\ncontent-length: 90\r\n\r\n{'),
    );
    await using transport = createTransport();
    const { failure } = await post(transport, server.authority, { first_token_timeout_ms: 50 });
    expect(failure).toMatchObject({ class: 'rate_limit', retry_after_ms: 3_000, upstream: '{' });
  });

  test('what a listener throws ends the request, never the process', async () => {
    await using server = await rawServer((socket) => void socket.write(CHUNKED + chunk('data: a\n\ndata: b\n\n')));
    await using transport = createTransport();
    const thrower = (): never => {
      throw new Error('a fault of the wire');
    };
    const { failure } = await post(transport, server.authority, { onEvent: thrower });
    expect(failure).toMatchObject({ class: 'protocol', upstream: 'a fault of the wire' });
    while (server.sockets.size > 0) await sleep(1);
  });

  test('a header that cannot be sent is an error that shows no value', async () => {
    await using server = await rawServer(() => {});
    await using transport = createTransport();
    const { failure } = await post(transport, server.authority, { headers: { authorization: 'Bearer se\ncret' } });
    expect(failure).toMatchObject({ class: 'bad_request', unsent: true });
    expect(JSON.stringify(failure)).not.toContain('cret');
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['an unknown host', 'http://no-such-host.invalid:1'],
    ['a closed port', 'http://127.0.0.1:1'],
  ])('%s is a network failure; nothing was sent', async (_, authority) => {
    await using transport = createTransport();
    expect((await post(transport, authority)).failure).toMatchObject({ class: 'network', unsent: true });
  });

  test('an aborted request opens no connection in its place', async () => {
    await using server = await rawServer(() => {});
    await using transport = createTransport();
    const abort = new AbortController();
    const outcomes = [1, 2, 3].map(() => post(transport, server.authority, { signal: abort.signal }));
    while (server.requests.length < 3) await sleep(1);
    abort.abort();
    for (const outcome of outcomes) expect((await outcome).failure).toEqual({ class: 'cancelled' });
    while (server.sockets.size > 0) await sleep(1);
    await sleep(20);
    expect(server.accepted()).toBe(3);
  });

  test('a limit that passes while connecting sends nothing later', async () => {
    await using server = await rawServer(() => {});
    await using transport = createTransport();
    const abort = new AbortController();
    const outcome = post(transport, server.authority, { signal: abort.signal });
    abort.abort();
    expect((await outcome).failure).toEqual({ class: 'cancelled', unsent: true });
    await sleep(20);
    expect(server.requests).toEqual([]);
  });

  test('after it was closed nothing is sent', async () => {
    await using server = await rawServer(() => {});
    const transport = createTransport();
    const hanging = post(transport, server.authority);
    while (server.requests.length === 0) await sleep(1);
    await transport[Symbol.asyncDispose]();
    expect((await hanging).failure).toMatchObject({ class: 'cancelled' });
    expect((await post(transport, server.authority)).failure).toEqual({ class: 'cancelled', unsent: true });
    expect(server.requests).toHaveLength(1);
  });

  test('proxy variables are not read', async () => {
    await using proxy = await rawServer(() => {});
    await using server = await rawServer(
      (socket) => void socket.write(`${CHUNKED}${chunk('data: [DONE]\n\n')}0\r\n\r\n`),
    );
    const before = process.env.http_proxy;
    process.env.http_proxy = proxy.authority;
    try {
      await using transport = createTransport();
      expect((await post(transport, server.authority)).end).toMatchObject({ complete: true });
    } finally {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    }
    expect(proxy.requests).toEqual([]);
  });

  describe('over TLS', () => {
    async function tlsServer(): Promise<{ authority: string } & AsyncDisposable> {
      const pem = readFileSync(new URL('../../../test/fixtures/localhost.pem', import.meta.url), 'utf8');
      const server = createTlsServer({ key: pem, cert: pem }, (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: [DONE]\n\n');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return {
        authority: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        async [Symbol.asyncDispose]() {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    }

    test('a certificate nobody signed is a network failure; nothing was sent', async () => {
      await using server = await tlsServer();
      await using transport = createTransport();
      expect((await post(transport, server.authority)).failure).toMatchObject({
        class: 'network',
        unsent: true,
        upstream: expect.stringContaining('self-signed'),
      });
    });

    test('a stream is read', async () => {
      await using server = await tlsServer();
      await using transport = createTransport();
      const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      try {
        expect((await post(transport, server.authority)).end).toMatchObject({ complete: true });
      } finally {
        if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
      }
    });
  });
});
