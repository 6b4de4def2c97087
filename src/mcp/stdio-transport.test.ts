import { PassThrough } from 'node:stream';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  InMemoryTransport,
  type JSONRPCMessage,
  PROTOCOL_VERSION_META_KEY,
  Server,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstAnswer, HANDSHAKE_VERSIONS } from './first-answer.ts';
import { identityOf } from './identity.ts';
import { createLineReader } from './line-reader.ts';
import { createStdioTransport } from './stdio-transport.ts';

const IDENTITY = identityOf('1.2.3');

function initialize(protocolVersion: string, id: string | number = 1) {
  return {
    jsonrpc: '2.0' as const,
    id,
    method: 'initialize',
    params: { protocolVersion, capabilities: {}, clientInfo: { name: 'h', version: '1' } },
  };
}

function discover(protocolVersion: string) {
  const _meta = {
    [PROTOCOL_VERSION_META_KEY]: protocolVersion,
    [CLIENT_INFO_META_KEY]: { name: 'h', version: '1' },
    [CLIENT_CAPABILITIES_META_KEY]: {},
  };
  return { jsonrpc: '2.0' as const, id: 1, method: 'server/discover', params: { _meta } };
}

/** The library over our streams, with nothing of ours in front of it. */
function serveLibrary() {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const transport = createStdioTransport({ stdin, stdout, log: () => undefined, greet: () => undefined });
  const { serverInfo, capabilities, instructions } = IDENTITY;
  serveStdio(() => new Server(serverInfo, { capabilities, instructions }), { transport });
  return {
    stdin,
    stdout,
    say: async (message: object): Promise<void> => void stdin.write(`${JSON.stringify(message)}\n`),
    written: (): unknown[] =>
      String(stdout.read() ?? '')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
}

describe('the first answer', () => {
  test('knows the revisions the library knows', () => {
    expect(HANDSHAKE_VERSIONS).toEqual(SUPPORTED_PROTOCOL_VERSIONS);
  });

  test.each([...HANDSHAKE_VERSIONS, '2099-01-01', 'nonsense'])(
    'to revision %s is what the library answers',
    async (version) => {
      const [ours, theirs] = InMemoryTransport.createLinkedPair();
      const { serverInfo, capabilities, instructions } = IDENTITY;
      const server = new Server(serverInfo, { capabilities, instructions });
      await server.connect(theirs);
      const answered = new Promise<JSONRPCMessage>((resolve) => {
        ours.onmessage = resolve;
      });
      await ours.start();
      await ours.send(initialize(version));
      expect(firstAnswer(initialize(version), IDENTITY)).toEqual(await answered);
      await server.close();
    },
  );

  test('to a host without a handshake is what the library answers', async () => {
    const { stdin, stdout, written, say } = serveLibrary();
    await say(discover('2026-07-28'));
    await expect.poll(() => stdout.readableLength).toBeGreaterThan(0);
    expect(written()).toEqual([firstAnswer(discover('2026-07-28'), IDENTITY)]);
    stdin.end();
  });

  test.each([
    ['another revision', discover('2099-01-01')],
    ['a host that says nothing of itself', { ...discover('2026-07-28'), params: { _meta: {} } }],
    ['another method', { ...initialize('2025-06-18'), method: 'ping' }],
    ['a later handshake', { ...initialize('2025-06-18'), params: { ...initialize('2025-06-18').params, _meta: {} } }],
    ['no client', { ...initialize('2025-06-18'), params: { protocolVersion: '2025-06-18', capabilities: {} } }],
    ['no id', { ...initialize('2025-06-18'), id: null }],
    ['no object', 'initialize'],
  ])('leaves %s to the library', (_, message) => {
    expect(firstAnswer(message, IDENTITY)).toBeUndefined();
  });
});

describe('reading lines', () => {
  test('however the bytes are cut, the lines are the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '))),
        fc.array(fc.nat({ max: 7 })),
        (lines, cuts) => {
          const seen: string[] = [];
          const reader = createLineReader({
            max: 10_000,
            onLine: (line) => seen.push(line),
            onTooLong: () => undefined,
          });
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
            const end = start + 1 + (cuts[turn % Math.max(1, cuts.length)] ?? 100);
            reader.push(bytes.subarray(start, end));
            start = end;
          }
          expect(seen).toEqual(lines);
        },
      ),
    );
  });

  test('a line over the limit is passed over and the next is read', () => {
    const seen: string[] = [];
    const long: number[] = [];
    const reader = createLineReader({
      max: 5,
      onLine: (line) => seen.push(line),
      onTooLong: (bytes) => long.push(bytes),
    });
    for (const part of ['123', '4567', '89\n', 'ok\n', '12345\n123456\nend\n']) reader.push(part);
    expect([seen, long]).toEqual([
      ['ok', '12345', 'end'],
      [9, 6],
    ]);
  });
});

describe('MCP over streams', () => {
  function start() {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const logged: string[] = [];
    const seen: JSONRPCMessage[] = [];
    const transport = createStdioTransport({
      stdin,
      stdout,
      log: (line) => logged.push(line),
      greet: (message) => firstAnswer(message, IDENTITY),
      max_line: 1_000,
    });
    transport.onmessage = (message) => void seen.push(message);
    const written = (): unknown[] =>
      String(stdout.read() ?? '')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    const say = async (...lines: unknown[]): Promise<void> => {
      for (const line of lines) stdin.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
      await new Promise(setImmediate);
    };
    return { stdin, stdout, logged, seen, transport, written, say };
  }

  test('a handshake is answered before the library is there, and once', async () => {
    const { transport, written, say, seen } = start();
    await say(initialize('2025-06-18', 'first'), { jsonrpc: '2.0', id: 2, method: 'tools/list' });
    expect(written()).toMatchObject([{ id: 'first', result: { protocolVersion: '2025-06-18' } }]);
    expect(seen).toEqual([]);
    await transport.start();
    expect(seen).toMatchObject([{ method: 'initialize' }, { method: 'tools/list' }]);
    await transport.send({ jsonrpc: '2.0', id: 'first', result: { the: 'same' } });
    await transport.send({ jsonrpc: '2.0', id: 2, result: {} });
    expect(written()).toEqual([{ jsonrpc: '2.0', id: 2, result: {} }]);
  });

  test.each([
    ['what is no JSON', '{"jsonrpc":', undefined],
    ['a number', '7', undefined],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', undefined],
    ['another protocol', { jsonrpc: '1.0', id: 7, method: 'ping' }, 7],
    ['a method that is no text', { jsonrpc: '2.0', id: 'x', method: 5 }, 'x'],
    ['parameters that are no object', { jsonrpc: '2.0', id: 8, method: 'ping', params: [1] }, 8],
    ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'ping' }, undefined],
    ['an answer without a result', { jsonrpc: '2.0', id: 9 }, 9],
    ['nothing at all', {}, undefined],
    ['too much', 'x'.repeat(2_000), undefined],
  ])('%s is logged, answered when it has an id, and does no harm', async (_, line, id) => {
    const { transport, written, say, seen, logged } = start();
    await transport.start();
    await say(line, { jsonrpc: '2.0', id: 1, method: 'ping' });
    expect(seen).toMatchObject([{ method: 'ping' }]);
    expect(logged).toHaveLength(1);
    expect(written()).toMatchObject(id === undefined ? [] : [{ id, error: { code: -32600 } }]);
  });

  test('the end of the input, and a host that does not read, close it once', async () => {
    for (const end of ['stdin', 'stdout'] as const) {
      const { transport, stdin, stdout } = start();
      let closed = 0;
      transport.onclose = () => {
        closed += 1;
      };
      await transport.start();
      if (end === 'stdin') stdin.end();
      else stdout.emit('error', new Error('EPIPE'));
      await transport.closed;
      await transport.send({ jsonrpc: '2.0', id: 1, result: {} });
      expect(closed).toBe(1);
    }
  });
});
