import type { ErrorClass } from '../core/provider.ts';
import { retryAfter } from './retry-after.ts';

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

const STATUSES: Readonly<Record<number, ErrorClass>> = {
  400: 'bad_request',
  401: 'auth',
  402: 'quota',
  403: 'permission',
  405: 'bad_request',
  406: 'bad_request',
  408: 'unavailable',
  410: 'model_not_found',
  413: 'too_large',
  414: 'too_large',
  415: 'bad_request',
  422: 'bad_request',
  425: 'unavailable',
  429: 'rate_limit',
  498: 'overloaded',
  501: 'bad_request',
  505: 'bad_request',
  529: 'overloaded',
};

/** Codes that mean one thing wherever they stand, lower-case. They outrank the status. */
const CODES: Readonly<Record<string, ErrorClass>> = table({
  auth: [
    'invalid_api_key',
    'invalidapikey',
    'api_key_invalid',
    'wrong_api_key',
    'authentication_error',
    'invalid_authentication_error',
    'unauthenticated',
    'unauthorized',
    'token_expired',
    'auth_error',
    'expiredtokenexception',
    'unrecognizedclientexception',
    // Z.ai and Zhipu number their codes.
    '1000',
    '1001',
    '1002',
    '1003',
    '1004',
  ],
  permission: [
    'permission_error',
    'permission_denied',
    'permission-denied',
    'permission_denied_error',
    'unsupported_country_region_territory',
    'request_forbidden',
    'accessdenied',
    'accessdeniedexception',
    'service_disabled',
    'no_access',
    'the caller does not have permission to execute the specified operation',
  ],
  quota: [
    'insufficient_quota',
    'billing_error',
    'billing_not_active',
    'billing_hard_limit_reached',
    'payment_required',
    'insufficient_balance',
    'insufficient_credits',
    'insufficient_g1_credits_balance',
    'credit_limit',
    'exceeded_current_quota_error',
    'budget_exceeded',
    'arrearage',
    'allocationquota.freetieronly',
    'access_terminated_error',
    'servicequotaexceededexception',
    'usage_limit_reached',
    '1113',
    '1308',
    '1309',
    '1310',
  ],
  rate_limit: [
    'rate_limit_exceeded',
    'rate_limit_error',
    'rate_limit_reached_error',
    'ratelimitreached',
    'rate_limited',
    'resource_exhausted',
    'requests_limit_reached',
    'too_many_requests',
    'too_many_requests_error',
    'too_many_tokens_error',
    'token_quota_exceeded',
    'request_quota_exceeded',
    'model_rate_limit',
    'limit_requests',
    'limit_burst_rate',
    'throttling',
    'throttling.ratequota',
    'throttlingexception',
    'some resource has been exhausted',
    '1302',
    '1303',
  ],
  overloaded: [
    'overloaded_error',
    'overloaded',
    'engine_overloaded',
    'engine_overloaded_error',
    'service_tier_capacity_exceeded',
    'capacity_exceeded',
    'queue_exceeded',
    'slow_down',
    'modelnotreadyexception',
    '1305',
  ],
  unavailable: [
    'unavailable',
    'unavailable_error',
    'service_unavailable',
    'service_unavailable_error',
    'serviceunavailableexception',
    'internal',
    'internalserverexception',
    'timeout_error',
    'deadline_exceeded',
    'vector_store_timeout',
  ],
  model_not_found: [
    'model_not_found',
    'model_not_available',
    'model_decommissioned',
    'modelnotfound',
    'unknown_model',
    'invalid_model',
    'deploymentnotfound',
    'notfounderror',
    'not_found',
    'not_found_error',
    'resource_not_found_error',
    'resourcenotfoundexception',
    'some requested entity was not found',
    '1211',
  ],
  context_overflow: [
    'context_length_exceeded',
    'exceed_context_size_error',
    'model_context_window_exceeded',
    'context_window_exceeded',
    'tokens_limit_reached',
    'string_above_max_length',
    // Mistral's.
    '3051',
    '1261',
  ],
  too_large: ['request_too_large', 'payload_too_large'],
  unsupported_parameter: ['unsupported_parameter'],
  content_refusal: [
    'content_filter',
    'content_policy_violation',
    'responsibleaipolicyviolation',
    'image_content_policy_violation',
    'data_inspection_failed',
    'datainspectionfailed',
    'prohibited_content',
    'safety',
    '1301',
  ],
});

/** Codes that say whose fault it was, no more: used when there is no status to say it better. */
const VAGUE_CODES: Readonly<Record<string, ErrorClass>> = table({
  bad_request: [
    'invalid_request_error',
    'invalid_argument',
    'failed_precondition',
    'badrequesterror',
    'invalid_prompt',
    'bad_request',
    'validationexception',
  ],
  unavailable: ['api_error', 'server_error', 'internal_error', 'internal_server_error', 'internalservererror'],
});

/** Codes that refuse the parameter that the same body names. */
const PARAMETER_CODES: ReadonlySet<string> = new Set(['unsupported_parameter', 'unknown_parameter', 'extra_forbidden']);

function table(rows: Partial<Record<ErrorClass, readonly string[]>>): Readonly<Record<string, ErrorClass>> {
  const found: Record<string, ErrorClass> = Object.create(null);
  for (const [name, codes] of Object.entries(rows)) for (const code of codes) found[code] = name as ErrorClass;
  return found;
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
  return found
    .filter((code) => (typeof code === 'string' && code !== '') || typeof code === 'number')
    .map((code) => String(code).toLowerCase());
}

/** The status, or the one that an error inside a 200 names as its code. */
function statusOf(status: number | undefined, codes: readonly string[], error: Fields | undefined): number | undefined {
  if (status !== undefined && status >= 400) return status;
  const named = [error?.code, error?.status, error?.status_code, ...codes].map(Number);
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
    const place = listIn(error?.loc).filter((part) => part !== 'body');
    if (place.length > 0) return place.join('.');
  }
  return undefined;
}

/** Google tells a day's allowance from a minute's by the id of the quota. */
function perDay(error: Fields | undefined): boolean {
  return listIn(error?.details)
    .flatMap((detail) => listIn(fieldsOf(detail)?.violations))
    .some((violation) => String(fieldsOf(violation)?.quotaId).includes('PerDay'));
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

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
