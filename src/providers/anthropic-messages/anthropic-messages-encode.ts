import { isDeep } from '../../core/is-deep.ts';
import type { Answer, ConversationSetup, Image, ToolSpec } from '../../core/provider.ts';
import type { Route, Sent } from '../../core/route.ts';
import type { Json } from '../../core/task.ts';
import { createCallIds } from '../call-ids.ts';
import { createRequestBody } from '../http/request-body.ts';
import { ownReplay } from '../replay.ts';
import { createToolsJson } from '../tools-json.ts';
import type { Encoder } from '../wire-provider.ts';
import { type ThinkingFields, thinkingAndLimit } from './anthropic-messages-effort.ts';

const MARK = { cache_control: { type: 'ephemeral' } };
/** How every message ends: its last block, its content, itself. Held back until it is known what follows. */
const END = '}]}';
const MARKED_END = `,${JSON.stringify(MARK).slice(1, -1)}${END}`;

/**
 * Encodes a conversation for `POST /v1/messages`. Three cache marks of the four allowed: the last tool and the
 * system prompt (the same for siblings), and the last block of the conversation. That one moves on with every
 * turn although bytes that were encoded never change: a message's end is written with what follows it.
 */
export function createMessagesEncoder(route: Route, setup: ConversationSetup): Encoder {
  let marked = true;
  const body = createRequestBody(head());
  const ids = createCallIds();
  const omitted = new Set<string>();
  let last: 'user' | 'assistant' | undefined;
  /** Whose calls the results since the last user message answer. */
  let loop: 'ours' | 'foreign' | undefined;
  let fields: ThinkingFields = {};
  let notes: readonly string[] = [];

  function head(): string {
    const members = JSON.stringify({
      model: route.model,
      stream: true,
      ...(setup.system === '' ? {} : { system: [{ type: 'text', text: setup.system, ...(marked ? MARK : {}) }] }),
    }).slice(0, -1);
    return `${members}${(marked ? markedToolsJson : toolsJson)(setup.tools)},"messages":[`;
  }

  function add(role: 'user' | 'assistant', content: readonly Json[]): void {
    if (content.length === 0) return;
    // Roles alternate: what the user says after tool results, or after itself, belongs into the same message.
    if (role === last) {
      body.append(`},${JSON.stringify(content).slice(1, -2)}`);
      return;
    }
    const segment = JSON.stringify({ role, content }).slice(0, -END.length);
    body.append(last === undefined ? segment : `${END},${segment}`);
    last = role;
  }

  return {
    append(message) {
      if (message.role === 'user') {
        if (last !== 'user') loop = undefined;
        add('user', userContent(message));
      } else if (message.role === 'tool') {
        add(
          'user',
          message.results.map(({ id, content, is_error }) => ({
            type: 'tool_result',
            tool_use_id: ids.of(id),
            content,
            ...(is_error ? { is_error } : {}),
          })),
        );
      } else {
        const own = ownReplay(route, message.answer);
        loop ??= own === undefined && message.answer.sent.model !== route.model ? 'foreign' : 'ours';
        add('assistant', own ?? answerContent(message.answer, ids.rename));
      }
    },
    body(max_output, room) {
      const { max_tokens, fields: wanted, note } = thinkingAndLimit(route, max_output, room);
      fields = { ...wanted };
      notes = note === undefined ? [] : [note];
      if (loop === 'foreign' && wanted.thinking?.type === 'enabled') {
        // A loop that starts without signed thinking is refused while thinking has a budget.
        fields = {};
        notes = ['no thinking: another model made the tool calls of this loop'];
      }
      if (omitted.size > 0) fields = Object.fromEntries(Object.entries(fields).filter(([name]) => !omitted.has(name)));
      const end = last === undefined ? '' : last === 'user' && marked ? MARKED_END : END;
      return body.bytes(`${end}],${JSON.stringify({ max_tokens, ...fields }).slice(1)}`);
    },
    sent(): Sent {
      return { model: route.model, reasoning: Object.keys(fields).length === 0 ? null : fields };
    },
    notes: () => notes,
    omit(parameter) {
      if (parameter.includes('cache_control') && marked) {
        marked = false;
        body.setHead(head());
        return true;
      }
      const name = parameter.split('.')[0]!;
      if (!Object.hasOwn(fields, name)) return false;
      omitted.add(name);
      if (name === 'thinking') omitted.add('output_config');
      return true;
    },
  };
}

const toolsJson = createToolsJson((tools) => tools.map(toolOf));
const markedToolsJson = createToolsJson((tools) =>
  tools.map((tool, index) => (index === tools.length - 1 ? { ...toolOf(tool), ...MARK } : toolOf(tool))),
);

function toolOf({ name, description, parameters }: ToolSpec): object {
  return { name, description, input_schema: parameters };
}

function userContent(message: { text: string; images?: readonly Image[] }): readonly Json[] {
  const images = (message.images ?? []).map((image) => ({
    type: 'image',
    source:
      image.kind === 'url'
        ? { type: 'url', url: image.data }
        : { type: 'base64', media_type: image.media_type, data: image.data },
  }));
  return message.text.trim() === '' ? images : [...images, { type: 'text', text: message.text }];
}

/** An answer in plain blocks; blank text is left out because it is refused. */
function answerContent(answer: Answer, id: (id: string) => string): readonly Json[] {
  return [
    ...(answer.text.trim() === '' ? [] : [{ type: 'text', text: answer.text }]),
    ...answer.tool_calls.map((call) => ({
      type: 'tool_use',
      id: id(call.id),
      name: call.name,
      input: inputOf(call.arguments),
    })),
  ];
}

/** This wire wants arguments as an object; what is none is shown to the model as it wrote it. */
export function inputOf(written: string): Json {
  if (written.trim() === '') return {};
  try {
    const input = JSON.parse(written) as Json;
    if (typeof input === 'object' && input !== null && !Array.isArray(input) && !isDeep(input)) return input;
  } catch {
    // Falls through: what is no JSON, no object or too deep to be written again is shown the same way.
  }
  return { invalid_arguments: written };
}
