import type { Json } from '../core/task.ts';
import type { Dialect } from './dialect.ts';
import type { ReplyError } from './reply.ts';
import type { SeenRequest } from './seen-request.ts';

/** OpenAI's words for a status; `undefined` = what its gateway sends is not JSON. */
const WORDS: Readonly<Record<number, ReplyError>> = {
  400: { message: 'The request body is not valid.', type: 'invalid_request_error', code: null },
  402: { message: 'Insufficient Balance', type: 'unknown_error', code: 'invalid_request_error' },
  403: {
    message: 'Country, region, or territory not supported',
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
  },
  408: { message: 'Request timed out.', type: 'server_error', code: null },
  413: { message: 'Request too large.', type: 'invalid_request_error', code: 'request_too_large' },
  422: { message: 'Unprocessable entity.', type: 'invalid_request_error', code: null },
  429: {
    message: 'Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.',
    type: 'requests',
    code: 'rate_limit_exceeded',
  },
  500: {
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
    code: null,
  },
  503: {
    message: 'The engine is currently overloaded, please try again later.',
    type: 'service_unavailable_error',
    code: 'service_unavailable',
  },
};

/** The first characters and the last four, as OpenAI shows a key it refuses. */
function masked(key: string): string {
  return key.length < 12 ? '***' : `${key.slice(0, 7)}${'*'.repeat(key.length - 11)}${key.slice(-4)}`;
}

function wordsFor(status: number, { model, key }: { model: string; key?: string }): ReplyError {
  if (status === 401 && key === undefined) {
    return {
      message:
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
      type: 'invalid_request_error',
      code: null,
    };
  }
  if (status === 401) {
    return {
      message: `Incorrect API key provided: ${masked(key ?? '')}. You can find your API key at https://platform.openai.com/account/api-keys.`,
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    };
  }
  if (status === 404) {
    return {
      message: `The model \`${model}\` does not exist or you do not have access to it.`,
      type: 'invalid_request_error',
      code: 'model_not_found',
    };
  }
  return (
    WORDS[status] ?? { message: `Status ${status}.`, type: status < 500 ? 'invalid_request_error' : 'server_error' }
  );
}

export const openaiErrorBody: Dialect['errorBody'] = (status, error, about): Json => ({
  error: { message: '', type: 'invalid_request_error', param: null, code: null, ...wordsFor(status, about), ...error },
});

export function bearer(headers: SeenRequest['headers']): string | undefined {
  const value = headers.authorization;
  return typeof value === 'string' && value.startsWith('Bearer ') ? value.slice('Bearer '.length) : undefined;
}

export const openaiModelList: Dialect['modelList'] = (ids): Json => ({
  object: 'list',
  data: ids.map((id) => ({ id, object: 'model', created: 1_780_000_000, owned_by: 'yardmaster-testing' })),
});
