import type { WireDialect } from '../wire-provider.ts';
import { createChatDecoder } from './openai-chat-decode.ts';
import { createChatEncoder } from './openai-chat-encode.ts';

/** OpenAI's Chat Completions, as OpenAI, Google, OpenRouter, Groq, DeepSeek, Ollama, vLLM and most others speak it. */
export const OPENAI_CHAT: WireDialect = {
  path: (base_path) => `${base_path}/chat/completions`,
  headers: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
  encoder: createChatEncoder,
  decoder: createChatDecoder,
};
