// The limit the others are held against: one agent loop straight on undici's `Pool.dispatch`, no checks, no limits,
// no retries, no journal. The two raw contestants differ only in how they keep the transcript.
import { StringDecoder } from 'node:string_decoder';
import { Pool } from 'undici';
import { readFileTool, SYSTEM } from './work.mjs';

const { name, description, parameters } = readFileTool;

const chat = {
  path: '/chat/completions',
  headers: (key) => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' }),
  setup: (model) => ({
    model,
    stream: true,
    stream_options: { include_usage: true },
    tools: [{ type: 'function', function: { name, description, parameters } }],
  }),
  history: 'messages',
  opening: [{ role: 'system', content: SYSTEM }],
  user: (text) => ({ role: 'user', content: text }),
  answer: ({ text, calls }) => [
    {
      role: 'assistant',
      content: text || null,
      tool_calls: calls.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments },
      })),
    },
  ],
  result: (call, content) => ({ role: 'tool', tool_call_id: call.id, content }),
  read: (event, answer) => {
    const delta = event.choices[0]?.delta;
    if (!delta) return;
    if (delta.content) answer.text += delta.content;
    if (delta.tool_calls)
      for (const part of delta.tool_calls) {
        if (part.id) answer.calls[part.index] = { id: part.id, name: part.function.name, arguments: '' };
        answer.calls[part.index].arguments += part.function.arguments;
      }
  },
};

const responses = {
  path: '/responses',
  headers: chat.headers,
  setup: (model) => ({
    model,
    stream: true,
    store: false,
    instructions: SYSTEM,
    tools: [{ type: 'function', name, description, parameters }],
  }),
  history: 'input',
  opening: [],
  user: (text) => ({ role: 'user', content: text }),
  answer: ({ calls }) =>
    calls.map((call) => ({ type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments })),
  result: (call, output) => ({ type: 'function_call_output', call_id: call.id, output }),
  read: (event, answer) => {
    if (event.type === 'response.output_text.delta') answer.text += event.delta;
    else if (event.type === 'response.output_item.done' && event.item.type === 'function_call')
      answer.calls.push({ id: event.item.call_id, name: event.item.name, arguments: event.item.arguments });
  },
};

const messages = {
  path: '/messages',
  headers: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' }),
  setup: (model) => ({
    model,
    stream: true,
    max_tokens: 4096,
    system: SYSTEM,
    tools: [{ name, description, input_schema: parameters }],
  }),
  history: 'messages',
  opening: [],
  user: (text) => ({ role: 'user', content: text }),
  answer: ({ text, calls }) => [
    {
      role: 'assistant',
      content: [
        ...(text ? [{ type: 'text', text }] : []),
        ...calls.map((call) => ({
          type: 'tool_use',
          id: call.id,
          name: call.name,
          input: JSON.parse(call.arguments || '{}'),
        })),
      ],
    },
  ],
  result: (call, content) => ({ role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content }] }),
  read: (event, answer) => {
    if (event.type === 'content_block_delta') {
      if (event.delta.type === 'text_delta') answer.text += event.delta.text;
      else answer.calls.at(-1).arguments += event.delta.partial_json;
    } else if (event.type === 'content_block_start' && event.content_block.type === 'tool_use')
      answer.calls.push({ id: event.content_block.id, name: event.content_block.name, arguments: '' });
  },
};

const wires = { chat, responses, messages };

/** `openTranscript(setup, history, opening)` → `{ push(message), body() }`. */
export function createRaw({ providers, readFile, openTranscript }) {
  const targets = new Map();
  for (const { id, wire, base_url, key, model } of providers) {
    const url = new URL(base_url);
    const { path, headers } = wires[wire];
    targets.set(id, {
      wire: wires[wire],
      model,
      pool: new Pool(url.origin),
      request: { method: 'POST', path: url.pathname + path, headers: { ...headers(key), accept: 'text/event-stream' } },
    });
  }

  async function child({ provider, goal }) {
    const { wire, model, pool, request } = targets.get(provider);
    const transcript = openTranscript(wire.setup(model), wire.history, wire.opening);
    transcript.push(wire.user(goal));
    for (;;) {
      const answer = await stream(pool, { ...request, body: transcript.body() }, wire.read);
      if (answer.calls.length === 0) return answer.text;
      for (const message of wire.answer(answer)) transcript.push(message);
      for (const call of answer.calls) transcript.push(wire.result(call, readFile(JSON.parse(call.arguments).path)));
    }
  }

  return {
    run: (tasks) => Promise.all(tasks.map(child)),
    close: () => Promise.all([...targets.values()].map(({ pool }) => pool.close())),
  };
}

function stream(pool, request, read) {
  return new Promise((resolve, reject) => {
    const answer = { text: '', calls: [] };
    const decoder = new StringDecoder('utf8');
    let rest = '';
    pool.dispatch(request, {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        if (status !== 200) reject(new Error(`HTTP ${status}`));
      },
      onResponseData(_controller, chunk) {
        const text = rest + decoder.write(chunk);
        let at = 0;
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
          if (text.startsWith('data: {', at)) read(JSON.parse(text.slice(at + 6, end)), answer);
          at = end + 1;
        }
        rest = text.slice(at);
      },
      onResponseEnd: () => resolve(answer),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}
