import type { StopReason, ToolCall, TurnListener, Usage } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import type { Json } from '../../core/task.ts';
import { uniqueCallId } from '../call-ids.ts';
import { failureInStream } from '../failure/failure-in-stream.ts';
import { countIn, textIn } from '../read-json.ts';
import { tagReplay } from '../replay.ts';
import type { StreamFailure } from '../stream.ts';
import type { Decoder } from '../wire-provider.ts';
import { inputOf } from './anthropic-messages-encode.ts';

interface WireUsage {
  readonly input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly cache_read_input_tokens?: unknown;
  readonly cache_creation_input_tokens?: unknown;
  readonly output_tokens_details?: { readonly thinking_tokens?: unknown } | null;
}

interface WireBlock {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly thinking?: unknown;
  readonly signature?: unknown;
  readonly data?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly input?: unknown;
}

interface WireMessage {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly content?: unknown;
  readonly stop_reason?: unknown;
  readonly usage?: WireUsage | null;
}

interface WireEvent extends WireMessage {
  readonly type?: unknown;
  readonly error?: unknown;
  readonly index?: unknown;
  readonly message?: WireMessage;
  readonly content_block?: WireBlock;
  readonly delta?: WireBlock & { readonly partial_json?: unknown; readonly stop_reason?: unknown };
}

/** A block being received; `written` is its text, its thinking or its arguments. */
interface Block {
  readonly start: WireBlock;
  readonly type: string;
  written: string;
  signature: string;
}

const STOPS: ReadonlyMap<string, StopReason> = new Map(
  Object.entries({
    end_turn: 'end',
    stop_sequence: 'end',
    tool_use: 'tool_calls',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    refusal: 'refusal',
    sensitive: 'refusal',
  } satisfies Record<string, StopReason>),
);

/** Reads the stream of `/v1/messages`. Usage is cumulative: the last report of each count holds. */
export function createMessagesDecoder(route: Route, listener: TurnListener, taken: ReadonlySet<string>): Decoder {
  let text = '';
  let reasoning = '';
  let served = '';
  let id = '';
  let stop: string | undefined;
  let usage: WireUsage = {};
  const blocks = new Map<unknown, Block>();

  function meet(message: WireMessage | undefined): void {
    served = textIn(message?.model);
    id = textIn(message?.id);
    count(message?.usage);
  }

  function count(next: WireUsage | null | undefined): void {
    if (next === null || next === undefined) return;
    // Proxies send null for what they do not repeat.
    usage = { ...usage, ...Object.fromEntries(Object.entries(next).filter(([, value]) => value !== null)) };
  }

  function open(index: unknown, start: WireBlock): void {
    const type = textIn(start.type);
    const block: Block = { start, type, written: '', signature: textIn(start.signature) };
    blocks.set(index, block);
    if (type === 'text') say(block, textIn(start.text));
    if (type === 'thinking') {
      if (reasoning !== '') reasoning += '\n\n';
      think(block, textIn(start.thinking));
    }
  }

  function say(block: Block, delta: string): void {
    if (delta === '') return;
    block.written += delta;
    text += delta;
    listener.onText?.(delta);
  }

  function think(block: Block, delta: string): void {
    if (delta === '') return;
    block.written += delta;
    reasoning += delta;
    listener.onReasoning?.(delta);
  }

  return {
    event(name, data) {
      if (name === 'ping' || name === 'content_block_stop') return false;
      const event = JSON.parse(data) as WireEvent;
      switch (event.type ?? name) {
        case 'content_block_delta': {
          const block = blocks.get(event.index);
          if (block === undefined) return false;
          const { delta } = event;
          if (delta?.type === 'text_delta') say(block, textIn(delta.text));
          else if (delta?.type === 'thinking_delta') think(block, textIn(delta.thinking));
          else if (delta?.type === 'input_json_delta') block.written += textIn(delta.partial_json);
          else if (delta?.type === 'signature_delta') block.signature += textIn(delta.signature);
          return false;
        }
        case 'content_block_start':
          open(event.index, event.content_block ?? {});
          return false;
        case 'message_start':
          meet(event.message);
          return false;
        case 'message_delta':
          if (typeof event.delta?.stop_reason === 'string') stop = event.delta.stop_reason;
          count(event.usage);
          return false;
        case 'message_stop':
          stop ??= '';
          return true;
        case 'message':
          // A server that does not stream.
          meet(event);
          stop = textIn(event.stop_reason);
          if (Array.isArray(event.content))
            for (const [index, block] of event.content.entries()) open(index, block ?? {});
          return true;
        case 'error':
          throw failureInStream(data);
        default:
          // A gateway's own error, in its own shape.
          if (event.type === undefined && event.error !== undefined) throw failureInStream(data);
          return false;
      }
    },
    partial: () => ({ text, reasoning }),
    answer() {
      if (stop === undefined) throw { class: 'cut' } satisfies StreamFailure;
      const calls: ToolCall[] = [];
      const seen = new Set<string>();
      const replay: Json[] = [];
      let signed = false;
      for (const block of blocks.values()) {
        if (block.type === 'text') {
          if (block.written.trim() !== '') replay.push({ type: 'text', text: block.written });
        } else if (block.type === 'tool_use') {
          const call = {
            id: uniqueCallId(textIn(block.start.id), taken, seen),
            name: textIn(block.start.name),
            arguments: block.written || JSON.stringify(block.start.input ?? {}),
          };
          calls.push(call);
          replay.push({ type: 'tool_use', id: call.id, name: call.name, input: inputOf(call.arguments) });
        } else if (block.type === 'thinking') {
          signed = true;
          replay.push({ type: 'thinking', thinking: block.written, signature: block.signature });
        } else if (block.type === 'redacted_thinking') {
          signed = true;
          replay.push({ type: 'redacted_thinking', data: textIn(block.start.data) });
        }
      }
      const tokens = usageOf(usage);
      return {
        text,
        reasoning,
        tool_calls: calls,
        stop: STOPS.get(stop) ?? (stop === '' && calls.length > 0 ? 'tool_calls' : 'other'),
        ...(tokens === undefined ? {} : { usage: tokens }),
        ...(served === '' ? {} : { served_model: served }),
        ...(id === '' ? {} : { request_id: id }),
        ...(signed ? { replay: tagReplay(route, replay) } : {}),
        notes: [],
      };
    },
  };
}

/** This wire counts cached input apart; ours is all input. */
function usageOf(usage: WireUsage): Usage | undefined {
  const input = countIn(usage.input_tokens);
  const output = countIn(usage.output_tokens);
  if (input === undefined || output === undefined) return undefined;
  const cache_read = countIn(usage.cache_read_input_tokens) ?? 0;
  const cache_write = countIn(usage.cache_creation_input_tokens) ?? 0;
  return {
    input: input + cache_read + cache_write,
    output,
    cache_read,
    cache_write,
    reasoning: countIn(usage.output_tokens_details?.thinking_tokens) ?? 0,
  };
}
