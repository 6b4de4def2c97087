import type { StopReason, ToolCall, TurnListener, Usage } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import type { Json } from '../../core/task.ts';
import { uniqueCallId } from '../call-ids.ts';
import { failureInStream } from '../failure/failure-in-stream.ts';
import { countIn, textIn } from '../read-json.ts';
import { tagReplay } from '../replay.ts';
import type { StreamFailure } from '../stream.ts';
import type { Decoder } from '../wire-provider.ts';

interface Item {
  readonly type?: unknown;
  readonly call_id?: unknown;
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly phase?: unknown;
  readonly summary?: unknown;
  readonly encrypted_content?: unknown;
  readonly content?: unknown;
}

interface Response {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly status?: unknown;
  readonly incomplete_details?: { readonly reason?: unknown } | null;
  readonly output?: unknown;
  readonly usage?: {
    readonly input_tokens?: unknown;
    readonly output_tokens?: unknown;
    readonly input_tokens_details?: { readonly cached_tokens?: unknown; readonly cache_write_tokens?: unknown } | null;
    readonly output_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
  } | null;
}

interface StreamEvent extends Response {
  readonly type?: unknown;
  readonly object?: unknown;
  readonly error?: unknown;
  readonly delta?: unknown;
  readonly output_index?: unknown;
  readonly item?: Item;
  readonly response?: Response;
}

/** Events that carry nothing an answer needs; known by name, so that their data is never parsed. */
const IGNORED: ReadonlySet<string> = new Set([
  'response.queued',
  'response.in_progress',
  'response.output_item.added',
  'response.content_part.added',
  'response.content_part.done',
  'response.output_text.done',
  'response.refusal.done',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.reasoning_summary_text.done',
  'response.reasoning_text.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
]);

/**
 * Reads the stream of `/responses`. Text and reasoning come from their deltas; calls, usage and what is to be
 * replayed come from finished items, so that a call cut in the middle is never taken for a whole one.
 */
export function createResponsesDecoder(route: Route, listener: TurnListener, taken: ReadonlySet<string>): Decoder {
  let text = '';
  let reasoning = '';
  let refused = false;
  let response: Response = {};
  let over = false;
  let parts = 0;
  const finished = new Map<unknown, Item>();

  /** The closing event's list is the last word (Azure puts encrypted reasoning only there); some servers leave it empty. */
  function items(): readonly Item[] {
    const listed = Array.isArray(response.output) ? response.output.filter(isItem) : [];
    return listed.length > 0 ? listed : [...finished.values()];
  }

  function end(final: Response | undefined): boolean {
    const { status: _, ...begun } = response;
    response = { ...begun, ...final };
    over = true;
    if (text === '') say(items().map(textOf).join(''));
    return true;
  }

  function say(delta: string): void {
    if (delta === '') return;
    text += delta;
    listener.onText?.(delta);
  }

  return {
    event(name, data) {
      if (IGNORED.has(name)) {
        if (name === 'response.reasoning_summary_part.added' && parts++ > 0) reasoning += '\n\n';
        return false;
      }
      const event = JSON.parse(data) as StreamEvent;
      const delta = textIn(event.delta);
      switch (event.type ?? name) {
        case 'response.output_text.delta':
          say(delta);
          return false;
        case 'response.refusal.delta':
          refused = true;
          say(delta);
          return false;
        case 'response.reasoning_summary_text.delta':
        case 'response.reasoning_text.delta':
          reasoning += delta;
          listener.onReasoning?.(delta);
          return false;
        case 'response.output_item.done':
          if (isItem(event.item)) finished.set(event.output_index ?? finished.size, event.item);
          return false;
        case 'response.created':
          response = event.response ?? {};
          return false;
        case 'response.completed':
        case 'response.incomplete':
          return end(event.response);
        case 'response.failed':
        case 'error':
          throw failureInStream(data);
        default:
          // A server that does not stream answers with the response itself; a gateway's own error has its own shape.
          if (event.object === 'response' && event.status !== 'failed') return end(event);
          if (event.error !== undefined && event.error !== null) throw failureInStream(data);
          return false;
      }
    },
    partial: () => ({ text, reasoning }),
    answer() {
      if (!over) throw { class: 'cut' } satisfies StreamFailure;
      const calls: ToolCall[] = [];
      const seen = new Set<string>();
      const replay: Json[] = [];
      let opaque = false;
      for (const item of items()) {
        if (item.type === 'message') {
          const content = textOf(item);
          if (content === '') continue;
          const phase = textIn(item.phase);
          opaque ||= phase !== '';
          replay.push({ type: 'message', role: 'assistant', content, ...(phase === '' ? {} : { phase }) });
        } else if (item.type === 'function_call') {
          const call = {
            id: uniqueCallId(textIn(item.call_id), taken, seen),
            name: textIn(item.name),
            arguments: textIn(item.arguments),
          };
          calls.push(call);
          replay.push({ type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments });
        } else if (item.type === 'reasoning' && textIn(item.encrypted_content) !== '') {
          // Without its id: with `store: false` it names nothing the provider kept, and Azure refuses it.
          const summary = (Array.isArray(item.summary) ? item.summary : []) as Json[];
          replay.push({ type: 'reasoning', summary, encrypted_content: textIn(item.encrypted_content) });
          opaque = true;
        }
      }
      const usage = usageOf(response);
      return {
        text,
        reasoning,
        tool_calls: calls,
        stop: stopOf(response, refused, calls.length > 0),
        ...(usage === undefined ? {} : { usage }),
        ...(textIn(response.model) === '' ? {} : { served_model: textIn(response.model) }),
        ...(textIn(response.id) === '' ? {} : { request_id: textIn(response.id) }),
        ...(opaque ? { replay: tagReplay(route, replay) } : {}),
        notes: [],
      };
    },
  };
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null;
}

function textOf(item: Item): string {
  if (item.type !== 'message' || !Array.isArray(item.content)) return '';
  return item.content
    .map((part: Item & { text?: unknown; refusal?: unknown }) => textIn(part?.text) || textIn(part?.refusal))
    .join('');
}

function stopOf(response: Response, refused: boolean, calls: boolean): StopReason {
  const reason = response.incomplete_details?.reason;
  if (reason === 'max_output_tokens') return 'length';
  if (reason === 'content_filter' || refused) return 'refusal';
  // `cancelled` and the like. Some servers leave the status as it was at the start.
  if (typeof response.status === 'string' && !['completed', 'in_progress'].includes(response.status)) return 'other';
  return calls ? 'tool_calls' : 'end';
}

function usageOf({ usage }: Response): Usage | undefined {
  const input = countIn(usage?.input_tokens);
  const output = countIn(usage?.output_tokens);
  if (input === undefined || output === undefined) return undefined;
  return {
    input,
    output,
    cache_read: countIn(usage?.input_tokens_details?.cached_tokens) ?? 0,
    cache_write: countIn(usage?.input_tokens_details?.cache_write_tokens) ?? 0,
    reasoning: countIn(usage?.output_tokens_details?.reasoning_tokens) ?? 0,
  };
}
