import type { WireDialect } from '../wire-provider.ts';
import { createResponsesDecoder } from './openai-responses-decode.ts';
import { createResponsesEncoder } from './openai-responses-encode.ts';

/** OpenAI's Responses API, as OpenAI, xAI, Azure and local servers speak it. */
export const OPENAI_RESPONSES: WireDialect = {
  path: (base_path) => `${base_path}/responses`,
  headers: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
  encoder: createResponsesEncoder,
  decoder: createResponsesDecoder,
};
