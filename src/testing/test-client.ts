import type { ProviderServer } from './provider-server.ts';

export type Body = { readonly [key: string]: unknown };

const TOOL_SCHEMA = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };

/** The smallest body each wire takes, with one tool. */
export const BODIES: Readonly<Record<ProviderServer['wire'], Body>> = {
  'openai-chat': {
    model: 'm1',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Do task-1.' }],
    tools: [{ type: 'function', function: { name: 'read_file', parameters: TOOL_SCHEMA } }],
  },
  'openai-responses': {
    model: 'm1',
    stream: true,
    store: false,
    include: ['reasoning.encrypted_content'],
    input: [{ role: 'user', content: 'Do task-1.' }],
    tools: [{ type: 'function', name: 'read_file', parameters: TOOL_SCHEMA }],
  },
  'anthropic-messages': {
    model: 'm1',
    stream: true,
    max_tokens: 5_000,
    messages: [{ role: 'user', content: 'Do task-1.' }],
    tools: [{ name: 'read_file', input_schema: TOOL_SCHEMA }],
  },
};
export const WIRES: readonly ProviderServer['wire'][] = ['openai-chat', 'openai-responses', 'anthropic-messages'];

const PATHS: Readonly<Record<ProviderServer['wire'], string>> = {
  'openai-chat': '/chat/completions',
  'openai-responses': '/responses',
  'anthropic-messages': '/v1/messages',
};

export function headersFor(server: ProviderServer, key: string | undefined): Record<string, string> {
  const version = server.wire === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {};
  if (key === undefined) return { 'content-type': 'application/json', ...version };
  const auth = server.wire === 'anthropic-messages' ? { 'x-api-key': key } : { authorization: `Bearer ${key}` };
  return { 'content-type': 'application/json', ...version, ...auth };
}

/** One turn by plain fetch. */
export function post(
  server: ProviderServer,
  body: Body | string = BODIES[server.wire],
  { key = 'sk-lab', signal = null }: { key?: string | undefined; signal?: AbortSignal | null } = {},
): Promise<Response> {
  return fetch(server.base_url + PATHS[server.wire], {
    method: 'POST',
    redirect: 'manual',
    signal,
    headers: headersFor(server, key),
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** The data of each server-sent event, parsed where it is JSON. */
export async function eventsOf(response: Response): Promise<readonly Body[]> {
  return (await response.text())
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const data = block.slice(block.indexOf('data: ') + 'data: '.length);
      return data === '[DONE]' ? { done: true } : JSON.parse(data);
    });
}
