/** Reasoning effort, weakest first. `none` is an explicit off. The order is the ladder used for clamping. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
/** How hard a model thinks, weakest first. `none` switches it off where the model can. */
export type Effort = (typeof EFFORTS)[number];

/**
 * How a model's endpoint wants effort on the wire, where it differs from the wire's plain form.
 * It comes from the catalog or config, never from guessing by name at request time.
 *
 * - `reasoning_effort`: chat's top-level `reasoning_effort: "<level>"` (the plain form of openai-chat).
 * - `reasoning_object`: chat's `reasoning: { effort }`, `none` as `{ enabled: false }` (OpenRouter and alike).
 * - `reasoning_toggle`: `reasoning: { enabled: boolean }` and nothing else (Together).
 * - `thinking_toggle`: `thinking: { type: "enabled" | "disabled" }` and nothing else.
 * - `thinking_and_effort`: the toggle and `reasoning_effort` together (DeepSeek v4, GLM).
 * - `enable_thinking`: `enable_thinking: boolean` (Qwen).
 * - `output_config`: messages' `thinking: { type: "adaptive" }` with `output_config.effort`.
 * - `budget_tokens`: messages' `thinking: { type: "enabled", budget_tokens }`.
 * - `omit`: the endpoint refuses any effort field.
 */
export type EffortDialect =
  | 'reasoning_effort'
  | 'reasoning_object'
  | 'reasoning_toggle'
  | 'thinking_toggle'
  | 'thinking_and_effort'
  | 'enable_thinking'
  | 'output_config'
  | 'budget_tokens'
  | 'omit';
