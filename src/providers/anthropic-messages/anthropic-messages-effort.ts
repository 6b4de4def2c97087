import type { Effort } from '../../core/effort.ts';
import type { Route } from '../../core/route.ts';

/** What carries the effort in a request body: spread into it as it is. */
export interface ThinkingFields {
  readonly thinking?:
    | { readonly type: 'adaptive' | 'disabled' }
    | { readonly type: 'enabled'; readonly budget_tokens: number };
  readonly output_config?: { readonly effort: string };
}

/** Tokens of thinking a level stands for where the endpoint takes budgets (reference: hermes.md 2.14; the table ends at xhigh). */
export const BUDGETS: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 1_024,
  low: 4_000,
  medium: 8_000,
  high: 16_000,
  xhigh: 32_000,
  max: 32_000,
};
/** Anthropic refuses a smaller budget. */
const MIN_BUDGET = 1_024;
/** Room that is left for the answer when the budget has to give way. */
const MIN_ANSWER = 1_024;
/** Where neither the caller nor the catalog knows a limit: every model since Claude 3.5 takes it. */
const DEFAULT_MAX_TOKENS = 8_192;

export interface ThinkingAndLimit {
  readonly max_tokens: number;
  readonly fields: ThinkingFields;
  /** For the receipt: what could not be done as asked. */
  readonly note?: string;
}

/**
 * `max_tokens` (required by this wire, and it includes thinking) and the fields of the effort, which depend on
 * each other where thinking has a budget. A caller's cap is kept: the budget gives way to it.
 * Without a cap the model's own limit is asked for, or the `room` its window has left: more would be refused.
 */
export function thinkingAndLimit(
  route: Route,
  max_output: number | undefined,
  room: number = Infinity,
): ThinkingAndLimit {
  const effort = route.reasoning_effort;
  const limit = Math.min(route.max_output ?? Infinity, room);
  const plain = Math.min(max_output ?? route.max_output ?? DEFAULT_MAX_TOKENS, limit);
  if (effort === undefined || route.effort_dialect === 'omit') return { max_tokens: plain, fields: {} };
  if (effort === 'none') return { max_tokens: plain, fields: { thinking: { type: 'disabled' } } };
  if (route.effort_dialect === 'output_config') {
    const word = route.effort_word ?? (effort === 'minimal' ? 'low' : effort);
    return { max_tokens: plain, fields: { thinking: { type: 'adaptive' }, output_config: { effort: word } } };
  }
  const wanted = BUDGETS[effort];
  const max_tokens = max_output === undefined ? Math.min(Math.max(plain, wanted + DEFAULT_MAX_TOKENS), limit) : plain;
  const budget_tokens = Math.min(wanted, max_tokens - MIN_ANSWER);
  if (budget_tokens < MIN_BUDGET) {
    return { max_tokens, fields: {}, note: `no thinking: ${max_tokens} output tokens leave no room for a budget` };
  }
  const fields: ThinkingFields = { thinking: { type: 'enabled', budget_tokens } };
  if (budget_tokens === wanted) return { max_tokens, fields };
  const note = `thinking budget ${budget_tokens} instead of ${wanted}: ${max_tokens} output tokens are the limit`;
  return { max_tokens, fields, note };
}
