import { checkFunction } from './check-openai-chat.ts';
import type { Complaint, Dialect, JsonObject } from './dialect.ts';
import { isObject, objectOf, objectsOf, textOf } from './json-shape.ts';
import { itemsOf, typeOf } from './responses-items.ts';
import { isMadeUp } from './signature.ts';

const MEMBERS = new Set(
  (
    'model input instructions stream stream_options tools tool_choice parallel_tool_calls max_output_tokens ' +
    'max_tool_calls temperature top_p top_logprobs reasoning text include store metadata service_tier truncation ' +
    'previous_response_id conversation prompt prompt_cache_key prompt_cache_retention safety_identifier user background'
  ).split(' '),
);
const TEXT_PARTS: Readonly<Record<string, readonly string[]>> = {
  user: ['input_text', 'input_image', 'input_file'],
  system: ['input_text'],
  developer: ['input_text'],
  assistant: ['output_text', 'refusal'],
};

/** What OpenAI would refuse a body of `POST /responses` for, in its words where they are known. */
export const checkResponses: Dialect['check'] = function* (body, _headers, issued) {
  for (const member of Object.keys(body)) {
    if (!MEMBERS.has(member)) {
      yield { message: `Unknown parameter: '${member}'.`, param: member, code: 'unknown_parameter' };
    }
  }
  if (typeof body.model !== 'string' || body.model === '') {
    yield { message: "Missing required parameter: 'model'.", param: 'model', code: 'missing_required_parameter' };
  }
  if (body.stream !== true) yield { message: 'This test server only streams: send "stream": true.', param: 'stream' };
  const limit = body.max_output_tokens;
  if (limit !== undefined && !(Number.isInteger(limit) && Number(limit) >= 16)) {
    yield {
      message: `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${limit} instead.`,
      param: 'max_output_tokens',
      code: 'integer_below_min_value',
    };
  }
  if (textOf(body.prompt_cache_key).length > 64) {
    yield {
      message: `Invalid 'prompt_cache_key': string too long. Expected a string with maximum length 64.`,
      param: 'prompt_cache_key',
      code: 'string_above_max_length',
    };
  }
  if (body.reasoning !== undefined && !isObject(body.reasoning)) {
    yield { message: "Invalid type for 'reasoning': expected an object.", param: 'reasoning', code: 'invalid_type' };
  }
  for (const [index, tool] of objectsOf(body.tools).entries()) {
    const param = `tools[${index}]`;
    if (tool.function !== undefined || (tool.type === 'function' && tool.name === undefined)) {
      yield {
        message: `Missing required parameter: '${param}.name'.`,
        param: `${param}.name`,
        code: 'missing_required_parameter',
      };
    }
    if (tool.type === 'function') yield* checkFunction(tool, param);
  }
  if (typeof body.input !== 'string' && !Array.isArray(body.input)) {
    yield { message: "Missing required parameter: 'input'.", param: 'input', code: 'missing_required_parameter' };
  }
  yield* checkItems(itemsOf(body.input), body.store !== false, issued);
};

function* checkItems(
  items: readonly JsonObject[],
  stored: boolean,
  issued: (signature: string) => boolean,
): Generator<Complaint, void> {
  const calls = new Set<string>();
  const open = new Set<string>();
  for (const [index, item] of items.entries()) {
    const param = `input[${index}]`;
    const type = typeOf(item);
    if (type === 'message') yield* checkMessage(item, param);
    else if (type === 'function_call') {
      for (const field of ['call_id', 'name', 'arguments']) {
        if (typeof item[field] !== 'string') {
          yield {
            message: `Missing required parameter: '${param}.${field}'.`,
            param,
            code: 'missing_required_parameter',
          };
        }
      }
      if (item.id !== undefined && !textOf(item.id).startsWith('fc')) {
        yield {
          message: `Invalid '${param}.id': '${item.id}'. Expected an ID that begins with 'fc'.`,
          param: `${param}.id`,
          code: 'invalid_value',
        };
      }
      calls.add(textOf(item.call_id));
      open.add(textOf(item.call_id));
    } else if (type === 'function_call_output') {
      const id = textOf(item.call_id);
      if (!calls.has(id))
        yield { message: `No tool call found for function call output with call_id ${id}.`, param: 'input' };
      if (typeof item.output !== 'string' && !Array.isArray(item.output)) {
        yield { message: `Missing required parameter: '${param}.output'.`, param, code: 'missing_required_parameter' };
      }
      open.delete(id);
    } else if (type === 'reasoning') {
      yield* checkReasoning(item, { param, stored, issued, next: items[index + 1] });
    } else if (type !== 'item_reference') {
      yield {
        message: `Invalid value: '${item.type}'. Unknown type of input item.`,
        param: `${param}.type`,
        code: 'invalid_value',
      };
    }
  }
  for (const id of open) yield { message: `No tool output found for function call ${id}.`, param: 'input' };
}

function* checkMessage(item: JsonObject, param: string): Generator<Complaint, void> {
  const allowed = TEXT_PARTS[textOf(item.role)];
  if (allowed === undefined) {
    return yield {
      message: `Invalid value: '${item.role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`,
      param: `${param}.role`,
      code: 'invalid_value',
    };
  }
  if (typeof item.content === 'string') return;
  if (!Array.isArray(item.content)) {
    return yield {
      message: `Missing required parameter: '${param}.content'.`,
      param,
      code: 'missing_required_parameter',
    };
  }
  for (const [index, part] of item.content.entries()) {
    const { type } = objectOf(part);
    if (!allowed.includes(textOf(type))) {
      yield {
        message: `Invalid value: '${type}'. Supported values are: ${allowed.map((name) => `'${name}'`).join(', ')}.`,
        param: `${param}.content[${index}]`,
        code: 'invalid_value',
      };
    }
  }
}

function* checkReasoning(
  item: JsonObject,
  about: {
    readonly param: string;
    readonly stored: boolean;
    readonly issued: (signature: string) => boolean;
    readonly next: JsonObject | undefined;
  },
): Generator<Complaint, void> {
  const sealed = textOf(item.encrypted_content);
  if (!Array.isArray(item.summary)) {
    yield {
      message: `Missing required parameter: '${about.param}.summary'.`,
      param: about.param,
      code: 'missing_required_parameter',
    };
  }
  if (sealed === '' && !about.stored) {
    yield {
      message: `Item with id '${item.id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
      param: 'input',
    };
  }
  if (sealed !== '' && !isMadeUp(sealed) && !about.issued(sealed)) {
    yield {
      message: `The encrypted content for item ${item.id} could not be verified.`,
      code: 'invalid_encrypted_content',
    };
  }
  const type = about.next === undefined ? '' : typeOf(about.next);
  if (type !== 'message' && type !== 'function_call' && type !== 'reasoning') {
    yield {
      message: `Item '${item.id}' of type 'reasoning' was provided without its required following item.`,
      param: 'input',
    };
  }
}
