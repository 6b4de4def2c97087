import type { StopReason, ToolCall, TurnListener, Usage } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import type { Json } from '../../core/task.ts';
import { inputOf } from '../anthropic-messages/anthropic-messages-encode.ts';
import { uniqueCallId } from '../call-ids.ts';
import { countIn, textIn } from '../read-json.ts';
import { tagReplay } from '../replay.ts';
import type { StreamFailure } from '../stream.ts';
import type { DecodedAnswer } from '../wire-provider.ts';
import type { StreamPart } from './ai-sdk-package.ts';

/** An answer being put together from the parts of a stream. */
export interface AnswerParts {
  /** Takes one part that is not an error. */
  take(part: StreamPart): void;
  partial(): { readonly text: string; readonly reasoning: string };
  /** Throws `{ class: 'cut' }` when what arrived is not a whole answer. */
  answer(): DecodedAnswer;
}

interface Piece {
  readonly type: 'text' | 'reasoning';
  text: string;
  metadata: unknown;
}

/** A finished part of the answer, in the order in which it began. */
type Part = Piece | { readonly type: 'call'; readonly call: ToolCall; readonly metadata: unknown };

const STOPS: ReadonlyMap<string, StopReason> = new Map<string, StopReason>([
  ['stop', 'end'],
  ['tool-calls', 'tool_calls'],
  ['length', 'length'],
  ['content-filter', 'refusal'],
]);

export function createAnswerParts(route: Route, listener: TurnListener, taken: ReadonlySet<string>): AnswerParts {
  const parts: Part[] = [];
  const open = new Map<unknown, Piece>();
  const ids = new Set<string>();
  const notes: string[] = [];
  let text = '';
  let reasoning = '';
  let served = '';
  let id = '';
  let stop: string | undefined;
  let usage: Usage | undefined;

  function pieceOf(part: StreamPart, type: Piece['type']): Piece {
    const key = `${type} ${String(part.id)}`;
    let piece = open.get(key);
    if (piece === undefined) {
      piece = { type, text: '', metadata: undefined };
      open.set(key, piece);
      parts.push(piece);
    }
    piece.metadata = part.providerMetadata ?? piece.metadata;
    return piece;
  }

  return {
    take(part) {
      switch (part.type) {
        case 'text-start':
        case 'text-end':
          pieceOf(part, 'text');
          return;
        case 'text-delta': {
          const delta = textIn(part.delta);
          pieceOf(part, 'text').text += delta;
          text += delta;
          listener.onText?.(delta);
          return;
        }
        case 'reasoning-start':
        case 'reasoning-end':
          pieceOf(part, 'reasoning');
          return;
        case 'reasoning-delta': {
          const delta = textIn(part.delta);
          pieceOf(part, 'reasoning').text += delta;
          reasoning += delta;
          listener.onReasoning?.(delta);
          return;
        }
        case 'tool-call': {
          // A tool that the provider runs itself is not ours to run.
          if (part.providerExecuted === true) return;
          const call = {
            id: uniqueCallId(textIn(part.toolCallId), taken, ids),
            name: textIn(part.toolName),
            arguments: typeof part.input === 'string' ? part.input : JSON.stringify(part.input ?? {}),
          };
          parts.push({ type: 'call', call, metadata: part.providerMetadata });
          return;
        }
        case 'response-metadata':
          served = textIn(part.modelId) || served;
          id = textIn(part.id) || id;
          return;
        case 'stream-start':
          for (const warning of Array.isArray(part.warnings) ? part.warnings : []) {
            notes.push(`${route.package} warns: ${JSON.stringify(warning).slice(0, 300)}`);
          }
          return;
        case 'finish':
          stop = stopOf(part.finishReason);
          usage = usageOf(part.usage);
      }
    },
    partial: () => ({ text, reasoning }),
    answer() {
      if (stop === undefined) throw { class: 'cut' } satisfies StreamFailure;
      const calls = parts.flatMap((part) => (part.type === 'call' ? [part.call] : []));
      const replay = parts.flatMap(replayed);
      const opaque = parts.some((part) => part.type === 'reasoning' || part.metadata !== undefined);
      return {
        text,
        reasoning,
        tool_calls: calls,
        stop: stop === 'stop' && calls.length > 0 ? 'tool_calls' : (STOPS.get(stop) ?? 'other'),
        ...(usage === undefined ? {} : { usage }),
        ...(served === '' ? {} : { served_model: served }),
        ...(id === '' ? {} : { request_id: id }),
        ...(opaque ? { replay: tagReplay(route, replay) } : {}),
        notes,
      };
    },
  };
}

/** As a part of the next prompt: a provider wants its own metadata back as options. */
function replayed(part: Part): Json[] {
  const options = part.metadata === undefined ? {} : { providerOptions: part.metadata as Json };
  if (part.type === 'call') {
    const { id, name, arguments: written } = part.call;
    return [{ type: 'tool-call', toolCallId: id, toolName: name, input: inputOf(written), ...options }];
  }
  return part.text === '' && part.metadata === undefined ? [] : [{ type: part.type, text: part.text, ...options }];
}

/**
 * The reason, in the words of v2; undefined = the provider gave none. Packages make one up when a stream is cut
 * (`unknown` in v2, `other` without a raw reason later), which is no end of an answer.
 */
function stopOf(reason: unknown): string | undefined {
  if (typeof reason === 'string') return reason === 'unknown' ? undefined : reason;
  const { unified, raw } = (reason ?? {}) as { unified?: unknown; raw?: unknown };
  return unified === 'other' && typeof raw !== 'string' ? undefined : textIn(unified) || undefined;
}

function usageOf(usage: unknown): Usage | undefined {
  const { inputTokens, outputTokens, totalTokens, reasoningTokens, cachedInputTokens } = (usage ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof inputTokens === 'object' || typeof outputTokens === 'object') {
    const input = (inputTokens ?? {}) as Record<string, unknown>;
    const output = (outputTokens ?? {}) as Record<string, unknown>;
    return counted(input.total, output.total, input.cacheRead, input.cacheWrite, output.reasoning);
  }
  const found = counted(inputTokens, outputTokens, cachedInputTokens, 0, reasoningTokens);
  // Some v2 packages count reasoning beside the output; the total tells.
  if (found === undefined || found.reasoning === 0 || totalTokens !== found.input + found.output + found.reasoning)
    return found;
  return { ...found, output: found.output + found.reasoning };
}

function counted(
  input: unknown,
  output: unknown,
  read: unknown,
  write: unknown,
  reasoning: unknown,
): Usage | undefined {
  const ins = countIn(input);
  const outs = countIn(output);
  if (ins === undefined || outs === undefined) return undefined;
  return {
    input: ins,
    output: outs,
    cache_read: countIn(read) ?? 0,
    cache_write: countIn(write) ?? 0,
    reasoning: countIn(reasoning) ?? 0,
  };
}
