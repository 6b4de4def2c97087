import type { StopReason, ToolCall, TurnListener, Usage } from '../core/provider.ts';
import type { Json } from '../core/task.ts';

interface Item {
  readonly type?: string;
  readonly id?: string;
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly phase?: string;
  readonly summary?: readonly Json[];
  readonly encrypted_content?: string | null;
  readonly content?: readonly { readonly type?: string; readonly text?: string; readonly refusal?: string }[];
}

interface Response {
  readonly id?: string;
  readonly model?: string;
  readonly status?: string;
  readonly incomplete_details?: { readonly reason?: string } | null;
  readonly output?: readonly Item[];
  readonly usage?: {
    readonly input_tokens?: number;
    readonly output_tokens?: number;
    readonly input_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number } | null;
    readonly output_tokens_details?: { readonly reasoning_tokens?: number } | null;
  } | null;
}

interface StreamEvent {
  readonly type?: string;
  readonly delta?: string;
  readonly output_index?: number;
  readonly item?: Item;
  readonly response?: Response;
}

/** What one stream of `/responses` has said so far. */
export interface ResponsesDecoder {
  /** Takes one event; true when the answer is over. Throws a SyntaxError for data that is not JSON. */
  event(name: string, data: string): boolean;
  readonly text: string;
  readonly reasoning: string;
  readonly served_model: string | undefined;
  readonly response_id: string | undefined;
  /** The event that reported a failure inside the stream, as it came. */
  readonly error: string | undefined;
  tool_calls(): readonly ToolCall[];
  stop(): StopReason;
  usage(): Usage | undefined;
  /** Output items to send again, in order; undefined when text and calls say everything. */
  replay(): readonly Json[] | undefined;
}

/** Events that carry nothing an answer needs; known by name so that their data is never parsed. */
const IGNORED = new Set([
  'response.in_progress',
  'response.queued',
  'response.content_part.added',
  'response.content_part.done',
  'response.output_text.done',
  'response.output_text.annotation.added',
  'response.refusal.done',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.reasoning_summary_text.done',
  'response.reasoning_text.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
  'keepalive',
]);

export function createResponsesDecoder(listener: TurnListener): ResponsesDecoder {
  let text = '';
  let reasoning = '';
  let refused = false;
  let error: string | undefined;
  let final: Response | undefined;
  let served_model: string | undefined;
  let response_id: string | undefined;
  const done: Item[] = [];

  function meet(response: Response | undefined): void {
    if (typeof response?.model === 'string' && response.model !== '') served_model = response.model;
    if (typeof response?.id === 'string') response_id = response.id;
  }

  /** The last word on the output: the closing event's list, or what was streamed where that is left empty. */
  function items(): readonly Item[] {
    const listed = final?.output ?? [];
    return listed.length > 0 ? listed : done.filter((item) => item !== undefined);
  }

  return {
    event(name, data) {
      if (name !== '' && IGNORED.has(name)) return false;
      const event = JSON.parse(data) as StreamEvent;
      switch (event.type ?? name) {
        case 'response.output_text.delta': {
          const delta = event.delta ?? '';
          text += delta;
          listener.onText?.(delta);
          return false;
        }
        case 'response.refusal.delta': {
          const delta = event.delta ?? '';
          refused = true;
          text += delta;
          listener.onText?.(delta);
          return false;
        }
        case 'response.reasoning_summary_text.delta':
        case 'response.reasoning_text.delta': {
          const delta = event.delta ?? '';
          reasoning += delta;
          listener.onReasoning?.(delta);
          return false;
        }
        case 'response.output_item.done':
          if (event.item !== undefined) done[event.output_index ?? done.length] = event.item;
          return false;
        case 'response.created':
          meet(event.response);
          return false;
        case 'response.completed':
        case 'response.incomplete':
          meet(event.response);
          final = event.response ?? {};
          if (text === '') text = textOf(items());
          return true;
        case 'response.failed':
          meet(event.response);
          error = data;
          return true;
        case 'error':
          error = data;
          return true;
        default:
          return false;
      }
    },
    get text() {
      return text;
    },
    get reasoning() {
      return reasoning;
    },
    get served_model() {
      return served_model;
    },
    get response_id() {
      return response_id;
    },
    get error() {
      return error;
    },
    tool_calls() {
      return items()
        .filter((item) => item.type === 'function_call')
        .map((item, index) => ({
          id: item.call_id || item.id || `call_${index + 1}`,
          name: item.name ?? '',
          arguments: item.arguments ?? '',
        }));
    },
    stop() {
      const reason = final?.incomplete_details?.reason;
      if (reason === 'max_output_tokens') return 'length';
      if (reason === 'content_filter' || refused) return 'refusal';
      if (final?.status === 'incomplete' || reason) return 'other';
      return items().some((item) => item.type === 'function_call') ? 'tool_calls' : 'end';
    },
    usage() {
      const usage = final?.usage;
      if (usage === undefined || usage === null || typeof usage.input_tokens !== 'number') return undefined;
      return {
        input: usage.input_tokens,
        output: usage.output_tokens ?? 0,
        cache_read: usage.input_tokens_details?.cached_tokens ?? 0,
        cache_write: usage.input_tokens_details?.cache_write_tokens ?? 0,
        reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
      };
    },
    replay() {
      const all = items();
      if (!all.some((item) => item.phase !== undefined || encrypted(item))) return undefined;
      return all.map(replayed).filter((item) => item !== undefined);
    },
  };
}

function encrypted(item: Item): boolean {
  return item.type === 'reasoning' && typeof item.encrypted_content === 'string' && item.encrypted_content !== '';
}

/**
 * Items without their ids: with `store: false` an id names nothing the provider kept, Azure refuses it,
 * and a call's id demands its reasoning item beside it. Reasoning that came unencrypted cannot be replayed.
 */
function replayed(item: Item): Json | undefined {
  if (item.type === 'reasoning') {
    return encrypted(item)
      ? { type: 'reasoning', summary: item.summary ?? [], encrypted_content: item.encrypted_content! }
      : undefined;
  }
  if (item.type === 'message') {
    const content = textOf([item]);
    if (content === '') return undefined;
    return { type: 'message', role: 'assistant', content, ...(item.phase === undefined ? {} : { phase: item.phase }) };
  }
  if (item.type === 'function_call') {
    const { call_id = item.id ?? '', name = '', arguments: args = '{}' } = item;
    return { type: 'function_call', call_id, name, arguments: args };
  }
  return undefined;
}

function textOf(items: readonly Item[]): string {
  let text = '';
  for (const item of items) {
    if (item.type !== 'message') continue;
    for (const part of item.content ?? []) text += part.text ?? part.refusal ?? '';
  }
  return text;
}
