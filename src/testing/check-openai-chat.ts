import type { Complaint, JsonObject } from './dialect.ts';
import { isObject, objectOf, objectsOf } from './json-shape.ts';

/** OpenAI's own members of the body, and those of servers that speak the same wire. Others are refused. */
const MEMBERS = new Set(
  (
    'model messages stream stream_options tools tool_choice parallel_tool_calls temperature top_p n stop seed user ' +
    'max_tokens max_completion_tokens presence_penalty frequency_penalty logit_bias logprobs top_logprobs ' +
    'response_format reasoning_effort verbosity store metadata service_tier prompt_cache_key prompt_cache_retention ' +
    'safety_identifier modalities prediction audio web_search_options ' +
    'reasoning thinking enable_thinking thinking_budget chat_template_kwargs include_reasoning ' +
    'provider models route transforms plugins usage session_id top_k min_p repetition_penalty'
  ).split(' '),
);
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** What OpenAI would refuse a body of `POST /chat/completions` for, in its words where they are known. */
export function* checkChat(body: JsonObject): Generator<Complaint, void> {
  for (const member of Object.keys(body)) {
    if (!MEMBERS.has(member)) yield { message: `Unrecognized request argument supplied: ${member}` };
  }
  if (typeof body.model !== 'string' || body.model === '') yield { message: 'you must provide a model parameter' };
  if (body.stream !== true) yield { message: 'This test server only streams: send "stream": true.', param: 'stream' };
  for (const limit of ['max_tokens', 'max_completion_tokens']) {
    const value = body[limit];
    if (value !== undefined && !(Number.isInteger(value) && Number(value) >= 1)) {
      yield { message: `Invalid '${limit}': expected an integer of at least 1.`, param: limit };
    }
  }
  if (body.reasoning_effort !== undefined && typeof body.reasoning_effort !== 'string') {
    yield { message: "Invalid type for 'reasoning_effort': expected a string.", param: 'reasoning_effort' };
  }
  yield* checkTools(body.tools);
  yield* checkMessages(body.messages);
}

function* checkTools(tools: unknown): Generator<Complaint, void> {
  if (tools === undefined) return;
  if (!Array.isArray(tools)) return yield { message: "Invalid type for 'tools': expected an array.", param: 'tools' };
  if (tools.length === 0) {
    yield {
      message: "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      param: 'tools',
      code: 'empty_array',
    };
  }
  const seen = new Set<unknown>();
  for (const [index, tool] of tools.entries()) {
    const param = `tools[${index}]`;
    if (objectOf(tool).type !== 'function')
      yield { message: `Invalid value: '${param}.type'.`, param: `${param}.type` };
    const spec = objectOf(objectOf(tool).function);
    yield* checkFunction(spec, `${param}.function`);
    if (seen.has(spec.name)) yield { message: `Duplicate tool name: '${spec.name}'.`, param };
    seen.add(spec.name);
  }
}

/** Name and schema of a function, as both OpenAI wires take them. */
export function* checkFunction(spec: JsonObject, param: string): Generator<Complaint, void> {
  if (typeof spec.name !== 'string' || !NAME.test(spec.name)) {
    yield {
      message: `Invalid '${param}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      param: `${param}.name`,
      code: 'invalid_value',
    };
  }
  if (spec.parameters !== undefined && objectOf(spec.parameters).type !== 'object') {
    yield {
      message: `Invalid schema for function '${spec.name}': schema must be a JSON Schema of 'type: "object"', got 'type: "${objectOf(spec.parameters).type ?? 'None'}"'.`,
      param: `${param}.parameters`,
      code: 'invalid_function_parameters',
    };
  }
}

function* checkMessages(messages: unknown): Generator<Complaint, void> {
  if (!Array.isArray(messages) || messages.length === 0) {
    return yield {
      message:
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      param: 'messages',
      code: 'empty_array',
    };
  }
  let open: string[] = [];
  let asked = false;
  for (const [index, message] of messages.entries()) {
    const param = `messages.[${index}]`;
    if (!isObject(message)) return yield { message: `Invalid type for '${param}': expected an object.`, param };
    if (message.role === 'tool') {
      if (!asked) {
        yield {
          message:
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          param: `${param}.role`,
        };
      }
      if (!open.includes(String(message.tool_call_id))) {
        yield {
          message: `Invalid parameter: 'tool_call_id' of '${message.tool_call_id}' not found in 'tool_calls' of previous message.`,
          param,
        };
      }
      open = open.filter((id) => id !== message.tool_call_id);
      yield* checkContent(message.content, `${param}.content`);
      continue;
    }
    yield* unanswered(open, param);
    open = [];
    asked = false;
    if (message.role === 'assistant') {
      const calls = objectsOf(message.tool_calls);
      if (Array.isArray(message.tool_calls) && calls.length === 0) {
        yield {
          message: `Invalid '${param}.tool_calls': empty array.`,
          param: `${param}.tool_calls`,
          code: 'empty_array',
        };
      }
      if (calls.length === 0 || message.content) yield* checkContent(message.content, `${param}.content`);
      for (const call of calls) yield* checkCall(call, `${param}.tool_calls`);
      open = calls.map((call) => String(call.id));
      asked = calls.length > 0;
      if (new Set(open).size < open.length)
        yield { message: `Duplicate value for 'tool_call_id' in '${param}'.`, param };
    } else if (message.role === 'user' || message.role === 'system' || message.role === 'developer') {
      yield* checkContent(message.content, `${param}.content`);
    } else {
      yield {
        message: `Invalid value: '${message.role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
        param: `${param}.role`,
        code: 'invalid_value',
      };
    }
  }
  yield* unanswered(open, `messages.[${messages.length - 1}]`);
}

function* unanswered(ids: readonly string[], param: string): Generator<Complaint, void> {
  if (ids.length === 0) return;
  yield {
    message: `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids.join(', ')}`,
    param: `${param}.role`,
  };
}

function* checkCall(call: JsonObject, param: string): Generator<Complaint, void> {
  const spec = objectOf(call.function);
  if (typeof call.id !== 'string' || call.id === '') {
    yield { message: `Missing required parameter: '${param}.id'.`, param, code: 'missing_required_parameter' };
  }
  if (call.type !== 'function') yield { message: `Invalid value: '${param}.type'.`, param };
  if (typeof spec.name !== 'string' || !NAME.test(spec.name)) {
    yield { message: `Invalid '${param}.function.name': string does not match pattern.`, param, code: 'invalid_value' };
  }
  if (typeof spec.arguments !== 'string') {
    yield {
      message: `Invalid type for '${param}.function.arguments': expected a string.`,
      param,
      code: 'invalid_type',
    };
  }
}

function* checkContent(content: unknown, param: string): Generator<Complaint, void> {
  if (typeof content === 'string') return;
  if (!Array.isArray(content)) {
    yield {
      message: `Invalid value for 'content': expected a string, got ${content === null ? 'null' : typeof content}.`,
      param,
    };
    return;
  }
  for (const [index, part] of content.entries()) {
    const type = objectOf(part).type;
    if (type === 'text' && typeof objectOf(part).text === 'string') continue;
    if (type === 'image_url' && typeof objectOf(objectOf(part).image_url).url === 'string') continue;
    if (type === 'refusal' || type === 'input_audio' || type === 'file') continue;
    yield {
      message: `Invalid value: '${type}'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal' and 'file'.`,
      param: `${param}[${index}].type`,
      code: 'invalid_value',
    };
  }
}
