import type { ErrorClass } from '../../core/provider.ts';
import { retryAfter } from '../http/retry-after.ts';
import { textIn } from '../read-json.ts';
import { CODES, PARAMETER_CODES, STATUSES, VAGUE_CODES } from './failure-codes.ts';

/** A failed request as the provider answered it. */
export interface FailedAnswer {
  /** Absent for an error that came as an event of a stream or another answer that began with 200. */
  readonly status?: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** As received, JSON or not. */
  readonly body: string;
  /** Milliseconds since the epoch, for dates in answers that carry no `Date` of their own. */
  readonly now?: number;
}

export interface Classified {
  readonly class: ErrorClass;
  readonly retry_after_ms?: number;
  /** The request parameter that a structured field names. */
  readonly parameter?: string;
  readonly request_id?: string;
}

/**
 * What kind of failure this is, from the status and the structured codes of the body. Prose is never read:
 * wordings change, and a model's own text may stand in them. What is not known is `unknown`.
 * The recorded bodies this is tested on are the table of docs/errors.md.
 */
export function classifyFailure(answer: FailedAnswer): Classified {
  const body = parseBody(answer.body);
  const error = errorIn(body);
  const codes = codesIn(body, error);
  const status = statusOf(answer.status, codes, error);
  const found = classOf(status, codes, error);
  const parameter = parameterIn(body, error, codes);
  const refused = parameter !== undefined && codes.some((code) => PARAMETER_CODES.has(code));
  const wait = retryAfter({ headers: answer.headers, error, class: found, now: answer.now });
  const id = requestIdIn(body, error);
  return {
    class: refused ? 'unsupported_parameter' : found,
    ...(wait === undefined ? {} : { retry_after_ms: wait }),
    ...(parameter === undefined ? {} : { parameter }),
    ...(id === undefined ? {} : { request_id: id }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function classOf(status: number | undefined, codes: readonly string[], error: Fields | undefined): ErrorClass {
  // Waiting does not make a request smaller, although some call this a rate limit.
  if (status === 413)
    return codes.some((code) => CODES[code] === 'context_overflow') ? 'context_overflow' : 'too_large';
  for (const code of codes) {
    const known = CODES[code];
    if (known !== undefined) return known === 'rate_limit' && perDay(error) ? 'quota' : known;
  }
  // A moderated request at an aggregator: its list of reasons is the code.
  if (status === 403 && Array.isArray(fieldsOf(error?.metadata)?.reasons)) return 'content_refusal';
  if (status === 404) return error === undefined ? 'bad_request' : 'model_not_found';
  const byStatus = status === undefined ? undefined : classOfStatus(status);
  if (byStatus !== undefined) return byStatus;
  for (const code of codes) {
    const vague = VAGUE_CODES[code];
    if (vague !== undefined) return vague;
  }
  return 'unknown';
}

function classOfStatus(status: number): ErrorClass | undefined {
  const known = STATUSES[status];
  if (known !== undefined) return known;
  return status >= 500 ? 'unavailable' : undefined;
}

function parseBody(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // Google's OpenAI-compatible endpoint wraps its errors in a list.
    return fieldsOf(Array.isArray(value) ? value[0] : value);
  } catch {
    return undefined;
  }
}

/** The object that describes the error: `error`, `response.error`, FastAPI's `detail[0]`, or the body itself. */
function errorIn(body: Fields | undefined): Fields | undefined {
  if (body === undefined) return undefined;
  const inner = fieldsOf(body.error) ?? fieldsOf(fieldsOf(body.response)?.error);
  if (inner !== undefined) return inner;
  const listed = fieldsOf(listIn(body.detail)[0]) ?? fieldsOf(listIn(fieldsOf(body.message)?.detail)[0]);
  if (listed !== undefined) return listed;
  const named = ['error', 'code', 'type', '__type', 'message'].some((name) => typeof body[name] === 'string');
  return named || typeof body.code === 'number' ? body : undefined;
}

/** Every structured code of the body, the most telling first, lower-case. */
function codesIn(body: Fields | undefined, error: Fields | undefined): readonly string[] {
  if (body === undefined || error === undefined) return [];
  const reasons = listIn(error.details).map((detail) => fieldsOf(detail)?.reason);
  const found = [
    ...reasons,
    fieldsOf(error.innererror)?.code,
    fieldsOf(error.metadata)?.error_type,
    error.code,
    error.type,
    error.status,
    typeof error.__type === 'string' ? error.__type.split('#').at(-1) : undefined,
    body.code,
    body.type,
  ];
  return found.filter((code) => isPlain(code) && code !== '').map((code) => String(code).toLowerCase());
}

/** The status, or the one that an error inside a 200 names as its code. */
function statusOf(status: number | undefined, codes: readonly string[], error: Fields | undefined): number | undefined {
  if (status !== undefined && status >= 400) return status;
  const named = [error?.code, error?.status, error?.status_code, ...codes].filter(isPlain).map(Number);
  return named.find((number) => Number.isInteger(number) && number >= 400 && number < 600);
}

function parameterIn(
  body: Fields | undefined,
  error: Fields | undefined,
  codes: readonly string[],
): string | undefined {
  const named = error?.param ?? body?.param;
  if (typeof named === 'string' && /^[\w.[\]-]{1,100}$/.test(named) && named !== 'None') return named;
  // Pydantic names the place as a path: ["body", "reasoning_effort"].
  if (codes.includes('extra_forbidden')) {
    const place = listIn(error?.loc).filter(
      (part) => part !== 'body' && (typeof part === 'string' || typeof part === 'number'),
    );
    if (place.length > 0) return place.join('.');
  }
  return undefined;
}

/** Google tells a day's allowance from a minute's by the id of the quota. */
function perDay(error: Fields | undefined): boolean {
  return listIn(error?.details)
    .flatMap((detail) => listIn(fieldsOf(detail)?.violations))
    .some((violation) => textIn(fieldsOf(violation)?.quotaId).includes('PerDay'));
}

function requestIdIn(body: Fields | undefined, error: Fields | undefined): string | undefined {
  for (const id of [body?.request_id, body?.requestId, error?.request_id]) {
    if (typeof id === 'string' && id !== '') return id.slice(0, 200);
  }
  return undefined;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** An object in its place may have a `toString` of its own, which is no function: to convert it would throw. */
function isPlain(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
