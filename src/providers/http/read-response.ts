import type { StreamFailure } from '../stream.ts';

/** Names that vendors give their request id, best first. */
const REQUEST_ID_HEADERS = [
  'x-request-id',
  'request-id',
  'x-generation-id',
  'apim-request-id',
  'x-amzn-requestid',
  'cf-ray',
];
/** The names an answer is read for; the others are decoded only for a failure. */
const WANTED_HEADERS = ['content-type', ...REQUEST_ID_HEADERS];
const WANTED_LENGTHS: ReadonlySet<number> = new Set(WANTED_HEADERS.map((name) => name.length));

type Headers = Readonly<Record<string, string>>;

/** What every answer is read for. `type` is the content type in lower case, '' when there is none. */
export function wantedHeaders(raw: readonly Buffer[]): {
  readonly type: string;
  readonly request_id: string | undefined;
} {
  const headers = headersOf(raw, (length) => WANTED_LENGTHS.has(length));
  const name = REQUEST_ID_HEADERS.find((candidate) => headers[candidate] !== undefined);
  return {
    type: headers['content-type']?.toLowerCase() ?? '',
    request_id: name === undefined ? undefined : headers[name],
  };
}

/** Lower-case names; of a name that comes twice the last. */
export function allHeaders(raw: readonly Buffer[]): Headers {
  return headersOf(raw, () => true);
}

function headersOf(raw: readonly Buffer[], wanted: (nameLength: number) => boolean): Headers {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!;
    if (wanted(name.length)) headers[name.toString('latin1').toLowerCase()] = raw[at + 1]!.toString('latin1');
  }
  return headers;
}

/** Nothing compressed was asked for. */
export function legible(body: string, headers: Headers): string {
  const encoding = headers['content-encoding'];
  return encoding === undefined || encoding === 'identity' ? body : '(a compressed body)';
}

/** Names the other authority and nothing else of it: a query may hold anything. */
export function redirection(status: number, location: string | undefined, authority: string): string {
  if (location === undefined) return `${status} without a Location`;
  try {
    const to = new URL(location, authority).origin;
    return to === new URL(authority).origin ? `${status} to another path of ${to}` : `${status} to ${to}`;
  } catch {
    return `${status} to an address that is none`;
  }
}

export function brokenConnection(error: Error & { code?: string }, answered: boolean): StreamFailure {
  const code = error.code ?? '';
  // Closed by ourselves, in `Symbol.asyncDispose`.
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return { class: 'cancelled' };
  const upstream = error.message === '' ? code : error.message;
  if (error.name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW') return { class: 'protocol', upstream };
  if (code === 'UND_ERR_INVALID_ARG') return { class: 'bad_request', upstream };
  return { class: answered ? 'cut' : 'network', upstream };
}

/** Undefined = not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isErrorDocument(document: unknown): boolean {
  const first: unknown = Array.isArray(document) ? document[0] : document;
  if (typeof first !== 'object' || first === null) return false;
  const { error, object, type } = first as { error?: unknown; object?: unknown; type?: unknown };
  return (error !== undefined && error !== null) || object === 'error' || type === 'error';
}
