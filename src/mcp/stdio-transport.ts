import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import type { FirstAnswer } from './first-answer.ts';
import { createLineReader } from './line-reader.ts';

/** Longest message. A call may carry a hundred goals of a million characters; nothing honest is longer. Bytes. */
const MAX_LINE = 128 * 1024 * 1024;
/** What a host that does not read may leave unread before progress is left out. Bytes. */
const MAX_UNREAD = 1024 * 1024;

export interface StdioTransport extends Transport {
  /** Resolves when the first message has been read, and answered where that was possible at once. */
  readonly spoken: Promise<void>;
  /** Resolves when the host has closed its end, or stopped reading ours. */
  readonly closed: Promise<void>;
}

export interface StdioTransportOptions {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** One line for the log; never on stdout. */
  readonly log: (line: string) => void;
  /** Answers the first message at once; the library's own answer to it is then left out. */
  readonly greet: (message: unknown) => FirstAnswer | undefined;
  readonly max_line?: number;
}

const INVALID_REQUEST = -32600;

/**
 * MCP over a pair of streams, one JSON message a line. It reads from the moment it is made, so that a host is
 * answered while the library is still being loaded, and outlives whatever a line holds: what is no JSON, no
 * JSON-RPC or too long is logged, answered when it has an id, and passed over.
 */
export function createStdioTransport(options: StdioTransportOptions): StdioTransport {
  const { stdin, stdout, log, greet } = options;
  const waiting: JSONRPCMessage[] = [];
  let greeted: FirstAnswer | undefined;
  let first = true;
  let started = false;
  let open = true;
  const spoken = withResolver();
  const closed = withResolver();

  const write = (message: unknown): void => {
    if (open) stdout.write(`${JSON.stringify(message)}\n`);
  };

  const onLine = (line: string): void => {
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      log(`a line of ${line.length} characters is not JSON and was passed over`);
      return;
    }
    const problem = problemOf(value);
    if (problem !== undefined) {
      log(`a message was passed over: ${problem}`);
      const id = idOf(value);
      if (id !== undefined) write({ jsonrpc: '2.0', id, error: { code: INVALID_REQUEST, message: problem } });
      return;
    }
    if (first) {
      first = false;
      greeted = greet(value);
      if (greeted !== undefined) write(greeted);
      spoken.resolve();
    }
    if (started) deliver(value as JSONRPCMessage);
    else waiting.push(value as JSONRPCMessage);
  };

  const deliver = (message: JSONRPCMessage): void => {
    try {
      transport.onmessage?.(message);
    } catch (error) {
      log(`a message could not be handled: ${String(error)}`);
    }
  };

  const end = (): void => {
    if (!open) return;
    open = false;
    stdin.off('data', reader.push);
    stdin.pause();
    spoken.resolve();
    closed.resolve();
    transport.onclose?.();
  };

  const reader = createLineReader({
    max: options.max_line ?? MAX_LINE,
    onLine,
    onTooLong: (bytes) => log(`a message of ${bytes} bytes is longer than the limit and was passed over`),
  });
  stdin.on('data', reader.push);
  stdin.on('end', end);
  stdin.on('close', end);
  stdin.on('error', end);
  stdout.on('error', end);

  const transport: StdioTransport = {
    spoken: spoken.promise,
    closed: closed.promise,
    async start() {
      started = true;
      // In the order they came, and only once the caller has set its callbacks.
      for (const message of waiting.splice(0)) deliver(message);
      if (!open) transport.onclose?.();
    },
    async send(message) {
      if (greeted !== undefined && 'id' in message && message.id === greeted.id && 'result' in message) {
        greeted = undefined;
        return;
      }
      const progress = 'method' in message && message.method === 'notifications/progress';
      if (progress && stdout.writableLength > MAX_UNREAD) return;
      write(message);
    },
    async close() {
      end();
    },
  };
  return transport;
}

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Why a value is no JSON-RPC message; undefined when it is one. */
function problemOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return 'A batch of messages is not served: send one message a line.';
  if (typeof value !== 'object' || value === null) return 'A message is an object.';
  const { jsonrpc, id, method, params, error } = value as Record<string, unknown>;
  if (jsonrpc !== '2.0') return '"jsonrpc" is not "2.0".';
  if (id !== undefined && idOf(value) === undefined) return '"id" is neither text nor a whole number.';
  if (method === undefined) {
    if (id === undefined) return 'Neither "method" nor "id" is given.';
    if ('result' in value === 'error' in value) return 'A message without "method" has a "result" or an "error".';
    const part = error ?? (value as Record<string, unknown>).result;
    return isObject(part) ? undefined : 'A "result" or "error" is an object.';
  }
  if (typeof method !== 'string') return '"method" is not text.';
  return params === undefined || isObject(params) ? undefined : '"params" is not an object.';
}

function idOf(value: unknown): string | number | undefined {
  const id = isObject(value) ? value.id : undefined;
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
