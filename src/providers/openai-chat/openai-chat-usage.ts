import type { Usage } from '../../core/provider.ts';
import { countIn } from '../read-json.ts';

/** Token counts under the names that servers of this wire use. */
export interface ChatUsage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  readonly total_tokens?: unknown;
  readonly prompt_tokens_details?: {
    readonly cached_tokens?: unknown;
    /** OpenRouter. */
    readonly cache_write_tokens?: unknown;
    readonly cache_creation_tokens?: unknown;
  } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
  /** DeepSeek. */
  readonly prompt_cache_hit_tokens?: unknown;
  /** Kimi. */
  readonly cached_tokens?: unknown;
  /** Proxies to Anthropic. */
  readonly cache_read_input_tokens?: unknown;
  readonly cache_creation_input_tokens?: unknown;
  readonly reasoning_tokens?: unknown;
}

/** Undefined when the counts that matter are missing: unknown, not zero. */
export function chatUsage(usage: ChatUsage): Usage | undefined {
  const input = countIn(usage.prompt_tokens);
  const completion = countIn(usage.completion_tokens);
  if (input === undefined || completion === undefined) return undefined;
  const details = usage.prompt_tokens_details;
  const reasoning = countIn(usage.completion_tokens_details?.reasoning_tokens) ?? countIn(usage.reasoning_tokens) ?? 0;
  return {
    input,
    // xAI and Google leave reasoning out of the completion, and count it in the total alone; some have no total.
    output: Math.max(
      reasoning > completion ? completion + reasoning : completion,
      (countIn(usage.total_tokens) ?? 0) - input,
    ),
    cache_read:
      countIn(details?.cached_tokens) ??
      countIn(usage.prompt_cache_hit_tokens) ??
      countIn(usage.cached_tokens) ??
      countIn(usage.cache_read_input_tokens) ??
      0,
    cache_write:
      countIn(details?.cache_write_tokens) ??
      countIn(details?.cache_creation_tokens) ??
      countIn(usage.cache_creation_input_tokens) ??
      0,
    reasoning,
  };
}
