import type { WireDialect } from '../wire-provider.ts';
import { createMessagesDecoder } from './anthropic-messages-decode.ts';
import { createMessagesEncoder } from './anthropic-messages-encode.ts';

/**
 * Anthropic's Messages API, as Anthropic and its compatible endpoints speak it. `base_url` stands with or without
 * `/v1`. The key goes into `x-api-key` alone: every endpoint of the catalog takes it there, because Anthropic's
 * own SDK puts it there.
 */
export const ANTHROPIC_MESSAGES: WireDialect = {
  path: (base_path) => (base_path.endsWith('/v1') ? `${base_path}/messages` : `${base_path}/v1/messages`),
  headers: (key) => ({ 'anthropic-version': '2023-06-01', ...(key === undefined ? {} : { 'x-api-key': key }) }),
  encoder: createMessagesEncoder,
  decoder: createMessagesDecoder,
};
