import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Reach } from './reach.ts';

export interface GetLimits {
  /** Milliseconds of the whole, redirects included. */
  readonly total_ms: number;
  /** Milliseconds without a byte. */
  readonly idle_ms: number;
  /** Of the body, on the wire and decoded: a small one that unpacks to a large one ends there too. */
  readonly bytes: number;
  readonly redirects: number;
}

export const GET_LIMITS: GetLimits = { total_ms: 60_000, idle_ms: 20_000, bytes: 5 * 1024 * 1024, redirects: 5 };

/** An answer whose body has not been read; exactly one of `read` and `drop` must be called. */
interface Answer {
  /** Where it came from, after redirects. */
  readonly url: URL;
  readonly status: number;
  /** As the server says, in lower case without parameters; empty when it says nothing. */
  readonly type: string;
  readonly charset: string | undefined;
  /** Bytes as the server announced them. */
  readonly announced: number | undefined;
  /** The decoded body, at most `bytes` of it; `cut`: there was more. */
  read(): Promise<{ readonly bytes: Buffer; readonly cut: boolean }>;
  drop(): void;
}

/**
 * GETs a URL and hands the answer to `use`, with nothing but the URL: no cookies, no key, no proxy. Every hop of a
 * redirect is checked as the first was. Throws errors whose message is for the model; holds no socket or timer after.
 */
export async function getUrl<T>(
  asked: string,
  {
    reach,
    limits,
    signal,
    use,
  }: {
    readonly reach: Reach;
    readonly limits: GetLimits;
    readonly signal: AbortSignal;
    readonly use: (answer: Answer) => Promise<T>;
  },
): Promise<T> {
  const ending = new AbortController();
  // Every hop listens to the one, every call of an answer to the other.
  setMaxListeners(0, ending.signal, signal);
  const stop = (): void => ending.abort(new Error('It was stopped.'));
  const late = (): void => ending.abort(new Error(`"${asked}" was not read within ${limits.total_ms / 1000} s.`));
  const timer = setTimeout(late, limits.total_ms);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    let url = parseUrl(asked);
    for (let hops = 0; ; hops += 1) {
      const message = await send(url, { reach, limits, ending });
      const next = redirectOf(message, url);
      if (next === undefined) return await use(answerOf(message, url, { limits, signal: ending.signal }));
      message.destroy();
      if (hops === limits.redirects)
        throw new Error(`"${asked}" redirects more than ${limits.redirects} times; it last led to "${next.href}".`);
      url = next;
    }
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : inWords(error, asked);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    // Whatever is left of the exchange.
    ending.abort();
  }
}

/** Throws for what is never fetched, whoever asks. */
function parseUrl(text: string, base?: URL): URL {
  const asked = text.slice(0, 200);
  if (!URL.canParse(text, base?.href)) throw new Error(`"${asked}" is not a URL. Give one with http:// or https://.`);
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`"${asked}" cannot be fetched: only http and https can.`);
  if (url.username !== '' || url.password !== '')
    throw new Error('A URL with a user or a password in it is not fetched.');
  url.hash = '';
  return url;
}

async function send(
  url: URL,
  { reach, limits, ending }: { readonly reach: Reach; readonly limits: GetLimits; readonly ending: AbortController },
): Promise<IncomingMessage> {
  reach.check(url);
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const exchange = request(url, {
      method: 'GET',
      // A connection of its own: one that is kept could have been checked for another rule.
      agent: false,
      lookup: reach.lookupFor(url),
      timeout: limits.idle_ms,
      signal: ending.signal,
      headers: {
        'user-agent': 'yardmaster',
        accept: 'text/html,application/xhtml+xml,application/json,text/*;q=0.9,*/*;q=0.5',
        'accept-encoding': 'gzip, br',
      },
    });
    // Also while the body is read.
    exchange.on('timeout', () => ending.abort(new Error(`"${url.host}" sent nothing for ${limits.idle_ms / 1000} s.`)));
    exchange.on('error', reject);
    exchange.on('response', resolve);
    exchange.end();
  });
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return undefined;
  return parseUrl(headers.location, from);
}

function answerOf(
  message: IncomingMessage,
  url: URL,
  { limits, signal }: { readonly limits: GetLimits; readonly signal: AbortSignal },
): Answer {
  const { headers, statusCode = 0 } = message;
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  const charset = parameters.map((part) => /^charset="?([^"]+)"?$/i.exec(part)?.[1]).find((name) => name !== undefined);
  const announced = Number(headers['content-length']);
  return {
    url,
    status: statusCode,
    type: type.toLowerCase(),
    charset,
    announced: Number.isSafeInteger(announced) ? announced : undefined,
    async read() {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of decoded(message, limits.bytes)) {
        signal.throwIfAborted();
        chunks.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size > limits.bytes) break;
      }
      return { bytes: Buffer.concat(chunks).subarray(0, limits.bytes), cut: size > limits.bytes };
    },
    drop: () => void message.destroy(),
  };
}

/** The body without its content encoding. Errors of either end arrive at the reader. */
function decoded(message: IncomingMessage, bytes: number): Readable {
  const encoding = message.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return message;
  const make = DECODERS[encoding];
  if (make === undefined)
    throw new Error(`The answer is encoded as "${encoding.slice(0, 50)}", which was not asked for.`);
  let sent = 0;
  const limited = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      sent += chunk.length;
      if (sent > bytes) throw new Error('The answer is too large.');
      yield chunk;
    }
  };
  return pipeline(message, limited, make(), () => undefined);
}

const DECODERS: Readonly<Record<string, () => ReturnType<typeof createGunzip>>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host is not known',
  EAI_AGAIN: 'its host could not be looked up',
  ECONNREFUSED: 'nothing accepts connections there',
  ECONNRESET: 'the connection was closed before the answer was whole',
  ETIMEDOUT: 'nothing answers there',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  HPE_HEADER_OVERFLOW: 'its headers are too large',
  Z_DATA_ERROR: 'the answer is not encoded as it says',
  Z_BUF_ERROR: 'the answer ended before it was whole',
};

function inWords(error: unknown, asked: string): Error {
  const { code, message, errors } = error as NodeJS.ErrnoException & { readonly errors?: readonly unknown[] };
  if (code === undefined && errors === undefined) return error as Error;
  // Of several addresses that were tried, the first failure tells.
  if (code === undefined) return inWords(errors?.[0], asked);
  const why = REASONS[code] ?? (code.startsWith('HPE_') ? 'it does not answer in HTTP' : `${message} (${code})`);
  return new Error(`"${asked.slice(0, 200)}" could not be fetched: ${why}.`);
}
