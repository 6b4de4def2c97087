import type { StopReason, ToolCall, TurnListener } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import { verifyServed } from '../../core/routing/served-model.ts';
import type { Json } from '../../core/task.ts';
import { uniqueCallId } from '../call-ids.ts';
import { failureInStream } from '../failure/failure-in-stream.ts';
import { textIn } from '../read-json.ts';
import { tagReplay } from '../replay.ts';
import type { StreamFailure } from '../stream.ts';
import type { Decoder } from '../wire-provider.ts';
import { type ChatUsage, chatUsage } from './openai-chat-usage.ts';
import { mergeReasoningDetails } from './reasoning-details.ts';

interface Chunk {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly object?: unknown;
  readonly error?: unknown;
  readonly usage?: ChatUsage | null;
  readonly choices?: readonly Choice[] | null;
}

interface Choice {
  readonly delta?: Delta | null;
  /** In place of `delta` where a server did not stream. */
  readonly message?: Delta | null;
  readonly finish_reason?: unknown;
  readonly usage?: ChatUsage | null;
}

interface Delta {
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  readonly reasoning_details?: unknown;
  readonly tool_calls?: readonly CallDelta[] | null;
}

interface CallDelta {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly type?: unknown;
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown } | null;
  readonly [extra: string]: unknown;
}

interface Call {
  id: string;
  name: string;
  arguments: string;
  extra: Record<string, Json> | undefined;
}

const STOPS: ReadonlyMap<string | undefined, StopReason> = new Map([
  ['stop', 'end'],
  ['end_turn', 'end'],
  ['eos', 'end'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['content_filter', 'refusal'],
  ['refusal', 'refusal'],
]);

/** Finish reasons that tell of a failure and not of an answer. */
const FAILURES: ReadonlyMap<string, StreamFailure['class']> = new Map([
  ['error', 'unavailable'],
  // DeepSeek's word for having been interrupted.
  ['insufficient_system_resource', 'overloaded'],
]);

/** Reads the stream of `/chat/completions`, with the liberties that its many servers take. */
export function createChatDecoder(route: Route, listener: TurnListener, taken: ReadonlySet<string>): Decoder {
  let text = '';
  let reasoning = '';
  /** The member that reasoning came in, to be sent back under the same name. */
  let reasoningField: 'reasoning_content' | 'reasoning' | undefined;
  const details: unknown[] = [];
  let served = '';
  let id = '';
  let finish: string | undefined;
  let done = false;
  let refused = false;
  let usage: ChatUsage | undefined;
  const calls: Call[] = [];
  const open = new Map<unknown, Call>();

  function say(delta: string): void {
    if (delta === '') return;
    text += delta;
    listener.onText?.(delta);
  }

  function think(delta: string): void {
    if (delta === '') return;
    reasoning += delta;
    listener.onReasoning?.(delta);
  }

  /** Mistral sends a list of parts while it thinks. */
  function content(value: unknown): void {
    if (typeof value === 'string') say(value);
    else if (Array.isArray(value)) {
      for (const part of value as readonly ({ type?: unknown; text?: unknown; thinking?: unknown } | null)[]) {
        if (part?.type !== 'thinking') say(textIn(part?.text));
        else if (Array.isArray(part.thinking)) for (const inner of part.thinking) think(textIn(inner?.text));
        else think(textIn(part.thinking));
      }
    }
  }

  function reason(delta: Delta): void {
    // One of the two: a server that sends both says the same twice.
    const field = typeof delta.reasoning_content === 'string' ? 'reasoning_content' : 'reasoning';
    const words = textIn(delta[field]);
    if (words !== '') {
      reasoningField ??= field;
      think(words);
    }
    if (Array.isArray(delta.reasoning_details)) {
      for (const detail of delta.reasoning_details as readonly ({ text?: unknown; summary?: unknown } | null)[]) {
        details.push(detail);
        if (reasoningField === undefined) think(textIn(detail?.text) || textIn(detail?.summary));
      }
    }
  }

  function callDelta(delta: CallDelta, position: number): void {
    const index = delta.index ?? position;
    const given = textIn(delta.id);
    let call = open.get(index);
    // Gemini's endpoint numbers every call of an answer 0 and tells them apart by id.
    if (call === undefined || (given !== '' && call.id !== '' && given !== call.id)) {
      call = { id: given, name: '', arguments: '', extra: undefined };
      open.set(index, call);
      calls.push(call);
    }
    if (call.id === '') call.id = given;
    if (call.name === '') call.name = textIn(delta.function?.name);
    const written = delta.function?.arguments;
    if (typeof written === 'string') call.arguments += written;
    else if (typeof written === 'object' && written !== null) call.arguments = JSON.stringify(written);
    for (const name in delta) {
      if (name === 'index' || name === 'id' || name === 'type' || name === 'function') continue;
      call.extra ??= {};
      call.extra[name] = delta[name] as Json;
    }
  }

  return {
    event(name, data) {
      if (data === '[DONE]') {
        done = true;
        return true;
      }
      if (data === '') return false;
      const chunk = JSON.parse(data) as Chunk;
      if (name === 'error' || (chunk.error !== undefined && chunk.error !== null) || chunk.object === 'error') {
        throw failureInStream(data);
      }
      if (id === '') id = textIn(chunk.id);
      const model = textIn(chunk.model);
      // Another name in mid-answer: one that is not the model asked for stays, whatever comes after it.
      if (model !== served && model !== '' && verifyServed(route, served) !== 'mismatch') served = model;
      if (chunk.usage !== undefined && chunk.usage !== null) usage = chunk.usage;
      const choice = chunk.choices?.[0];
      if (choice === undefined || choice === null) return false;
      if (choice.usage !== undefined && choice.usage !== null) usage = choice.usage;
      const delta = choice.delta ?? choice.message;
      if (delta !== undefined && delta !== null) {
        if (
          delta.reasoning_content !== undefined ||
          delta.reasoning !== undefined ||
          delta.reasoning_details !== undefined
        ) {
          reason(delta);
        }
        content(delta.content);
        if (typeof delta.refusal === 'string' && delta.refusal !== '') {
          refused = true;
          say(delta.refusal);
        }
        delta.tool_calls?.forEach(callDelta);
      }
      if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '') {
        finish = choice.finish_reason;
        const failed = FAILURES.get(finish);
        if (failed !== undefined) throw { class: failed, upstream: data } satisfies StreamFailure;
      }
      return false;
    },
    partial: () => ({ text, reasoning }),
    answer() {
      if (finish === undefined && !done) throw { class: 'cut' } satisfies StreamFailure;
      const tool_calls = finishedCalls(calls, taken);
      const tokens = usage === undefined ? undefined : chatUsage(usage);
      const replay = replayOf({ details, reasoning, field: reasoningField, calls: tool_calls });
      return {
        text,
        reasoning,
        tool_calls,
        stop: refused ? 'refusal' : stopReason(finish, tool_calls),
        ...(tokens === undefined ? {} : { usage: tokens }),
        ...(served === '' ? {} : { served_model: served }),
        ...(id === '' ? {} : { request_id: id }),
        ...(replay === undefined ? {} : { replay: tagReplay(route, [replay]) }),
        notes: [],
      };
    },
  };
}

/** Several servers say `stop` after calling tools. */
function stopReason(finish: string | undefined, calls: readonly ToolCall[]): StopReason {
  const stop = STOPS.get(finish) ?? 'other';
  return calls.length > 0 && (stop === 'end' || finish === undefined) ? 'tool_calls' : stop;
}

/** Ids are missing or repeated at several servers; a conversation needs each call by its own. */
function finishedCalls(calls: readonly Call[], taken: ReadonlySet<string>): readonly ToolCall[] {
  const used = new Set<string>();
  return calls.map(({ id: given, name, arguments: written, extra }) => {
    const id = uniqueCallId(given, taken, used);
    return { id, name, arguments: written, ...(extra === undefined ? {} : { extra }) };
  });
}

interface Replayed {
  readonly details: readonly unknown[];
  readonly reasoning: string;
  readonly field: string | undefined;
  readonly calls: readonly ToolCall[];
}

/** Members that the assistant's message carries when it goes back; undefined = there is nothing to carry. */
function replayOf({ details, reasoning, field, calls }: Replayed): Json | undefined {
  if (details.length > 0) return { reasoning_details: mergeReasoningDetails(details) };
  if (field !== undefined) return { [field]: reasoning };
  // Nothing on the message itself, but the tag lets the extras of its calls go back.
  return calls.some((call) => call.extra !== undefined) ? {} : undefined;
}
