import type { Complaint, Dialect, JsonObject } from './dialect.ts';
import { isObject, objectOf, objectsOf, textOf } from './json-shape.ts';
import { signatureOf } from './signature.ts';

const MEMBERS = new Set(
  (
    'model messages max_tokens system stream tools tool_choice temperature top_p top_k stop_sequences metadata ' +
    'thinking output_config service_tier container context_management mcp_servers inference_geo speed cache_control'
  ).split(' '),
);
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/;
const TOOL_ID = /^[a-zA-Z0-9_-]+$/;

/** What Anthropic would refuse a body of `POST /v1/messages` for, in its words where they are known. */
export const checkMessages: Dialect['check'] = function* (body, headers, issued) {
  if (headers['anthropic-version'] === undefined) yield { message: 'anthropic-version: header is required' };
  for (const member of Object.keys(body)) {
    if (!MEMBERS.has(member)) yield { message: `${member}: Extra inputs are not permitted` };
  }
  if (headers['anthropic-version'] !== '2023-06-01') {
    for (const member of ['temperature', 'top_p', 'top_k']) {
      if (body[member] !== undefined) yield { message: `${member}: Extra inputs are not permitted` };
    }
  }
  for (const member of ['model', 'max_tokens', 'messages']) {
    if (body[member] === undefined) yield { message: `${member}: Field required` };
  }
  if (body.stream !== true) yield { message: 'stream: this test server only streams, send true' };
  if (!(Number.isInteger(body.max_tokens) && Number(body.max_tokens) >= 1)) {
    yield { message: 'max_tokens: Input should be greater than or equal to 1' };
  }
  yield* checkThinking(body);
  yield* checkTools(body.tools);
  yield* checkTurns(body.messages, issued);
  const cached = JSON.stringify([body.system, body.tools, body.messages]).split('"cache_control":{').length - 1;
  if (cached > 4) yield { message: `A maximum of 4 blocks with cache_control may be provided. Found ${cached}.` };
};

function* checkThinking(body: JsonObject): Generator<Complaint, void> {
  const { thinking } = body;
  if (thinking === undefined) return;
  const { type, budget_tokens: budget } = objectOf(thinking);
  if (type === 'enabled') {
    if (!(Number.isInteger(budget) && Number(budget) >= 1024)) {
      yield { message: 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024' };
    }
    if (Number(budget) >= Number(body.max_tokens)) {
      yield { message: '`max_tokens` must be greater than `thinking.budget_tokens`.' };
    }
  } else if (type !== 'disabled' && type !== 'adaptive') {
    yield { message: `thinking: Input tag '${type}' found using 'type' does not match any of the expected tags` };
  } else if (budget !== undefined) {
    yield { message: `thinking.${type}.budget_tokens: Extra inputs are not permitted` };
  }
  if (type !== 'disabled' && body.temperature !== undefined && body.temperature !== 1) {
    yield { message: '`temperature` may only be set to 1 when thinking is enabled.' };
  }
}

function* checkTools(tools: unknown): Generator<Complaint, void> {
  if (tools !== undefined && !Array.isArray(tools)) yield { message: 'tools: Input should be a valid list' };
  const seen = new Set<unknown>();
  for (const [index, tool] of objectsOf(tools).entries()) {
    const at = `tools.${index}.custom`;
    if (!TOOL_NAME.test(textOf(tool.name))) {
      yield { message: `${at}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'` };
    }
    if (seen.has(tool.name)) yield { message: 'tools: Tool names must be unique.' };
    seen.add(tool.name);
    if (!isObject(tool.input_schema)) yield { message: `${at}.input_schema: Field required` };
    if (objectOf(tool.input_schema).type !== 'object') {
      yield { message: `${at}.input_schema.type: Input should be 'object'` };
    }
    for (const member of ['function', 'parameters']) {
      if (tool[member] !== undefined) yield { message: `${at}.${member}: Extra inputs are not permitted` };
    }
  }
}

function* checkTurns(messages: unknown, issued: (signature: string) => boolean): Generator<Complaint, void> {
  if (!Array.isArray(messages)) return yield { message: 'messages: Input should be a valid list' };
  if (messages.length === 0) return yield { message: 'messages: at least one message is required' };
  const turns = messages.map(objectOf);
  for (const [index, message] of turns.entries()) {
    const at = `messages.${index}`;
    const { role } = message;
    if (role !== 'user' && role !== 'assistant') yield { message: `${at}.role: Input should be 'user' or 'assistant'` };
    if (index === 0 && role !== 'user') yield { message: 'messages: first message must use the "user" role' };
    if (role === turns[index - 1]?.role) {
      yield {
        message: `messages: roles must alternate between "user" and "assistant", but found multiple "${role}" roles in a row`,
      };
    }
    yield* checkContent(message, { at, before: turns[index - 1], after: turns[index + 1], issued });
  }
  if (turns.at(-1)?.role === 'assistant') {
    yield {
      message: 'This model does not support assistant message prefill. The conversation must end with a user message.',
    };
  }
}

interface Place {
  readonly at: string;
  readonly before: JsonObject | undefined;
  readonly after: JsonObject | undefined;
  readonly issued: (signature: string) => boolean;
}

function* checkContent(message: JsonObject, { at, before, after, issued }: Place): Generator<Complaint, void> {
  const { content } = message;
  if (content === '' || (Array.isArray(content) && content.length === 0)) {
    yield { message: `${at}: all messages must have non-empty content` };
  }
  if (typeof content === 'string') return;
  if (!Array.isArray(content)) return yield { message: `${at}.content: Field required` };

  const asked = idsOf(before, 'tool_use', 'id');
  const answered = idsOf(after, 'tool_result', 'tool_use_id');
  const missing = idsOf(message, 'tool_use', 'id').filter((id) => !answered.includes(id));
  if (missing.length > 0) {
    yield {
      message: `${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    };
  }
  let others = false;
  for (const [index, value] of content.entries()) {
    const block = objectOf(value);
    const place = `${at}.content.${index}`;
    if (block.type === 'text') {
      if (textOf(block.text) === '') yield { message: 'messages: text content blocks must be non-empty' };
      if (textOf(block.text).trim() === '')
        yield { message: 'messages: text content blocks must contain non-whitespace text' };
    } else if (block.type === 'tool_use') {
      if (!TOOL_ID.test(textOf(block.id))) {
        yield { message: `${place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'` };
      }
      if (!TOOL_NAME.test(textOf(block.name))) {
        yield { message: `${place}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'` };
      }
      if (!isObject(block.input)) yield { message: `${place}.tool_use.input: Input should be a valid dictionary` };
      if (message.role !== 'assistant')
        yield { message: `${at}: \`tool_use\` blocks can only be in \`assistant\` messages` };
    } else if (block.type === 'tool_result') {
      if (!asked.includes(textOf(block.tool_use_id))) {
        yield {
          message: `${place}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
        };
      }
      if (others) yield { message: `${at}: \`tool_result\` blocks must come first in the content` };
    } else if (block.type === 'thinking') {
      const signature = textOf(block.signature);
      if (signature !== signatureOf(textOf(block.thinking)) && !issued(signature)) {
        yield { message: `${place}: Invalid \`signature\` in \`thinking\` block` };
      }
      if (message.role !== 'assistant')
        yield { message: `${at}: \`thinking\` blocks can only be in \`assistant\` messages` };
    } else if (block.type === 'image') {
      const { type, media_type: media, data, url } = objectOf(block.source);
      if (type === 'base64' ? typeof media !== 'string' || typeof data !== 'string' : typeof url !== 'string') {
        yield { message: `${place}.image.source: Field required` };
      }
    } else if (block.type !== 'redacted_thinking' && block.type !== 'document') {
      yield {
        message: `${place}: Input tag '${block.type}' found using 'type' does not match any of the expected tags`,
      };
    }
    others ||= block.type !== 'tool_result';
  }
}

function idsOf(message: JsonObject | undefined, type: string, field: string): readonly string[] {
  return objectsOf(message?.content)
    .filter((block) => block.type === type)
    .map((block) => textOf(block[field]));
}
