import type { Effort } from '../../core/effort.ts';
import type { Route } from '../../core/route.ts';
import { BUDGETS } from '../anthropic-messages/anthropic-messages-effort.ts';

/** Options of one `doStream` call that carry the effort; spread into it as they are. */
export type EffortOptions = { readonly reasoning?: string } | { readonly providerOptions?: ProviderOptions };
type ProviderOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Effort for an AI SDK package. From specification v4 on it is an option of every model; before that each package
 * has its own. What a package makes of it is seen in the body that leaves, and that is what the receipt shows.
 * The route's level is already one that the model takes: packages do not clamp.
 */
export function effortOptions(route: Route, specification: string): EffortOptions {
  const effort = route.reasoning_effort;
  if (effort === undefined || route.effort_dialect === 'omit') return {};
  const word = route.effort_word ?? effort;
  // v4 knows no level above xhigh.
  if (specification !== 'v2' && specification !== 'v3') return { reasoning: word === 'max' ? 'xhigh' : word };
  const name = route.package ?? '';
  const own = PACKAGES[name];
  if (own !== undefined)
    return {
      providerOptions: own({
        effort,
        word,
        budgets: route.effort_dialect === 'budget_tokens',
        adaptive: route.effort_dialect === 'output_config',
      }),
    };
  const key = name === '@ai-sdk/openai-compatible' ? route.provider : camelCase(name.split('/').at(-1)!);
  return { providerOptions: { [key]: { reasoningEffort: word } } };
}

interface Asked {
  readonly effort: Effort;
  readonly word: string;
  /** The model counts thinking in tokens. */
  readonly budgets: boolean;
  /** The model decides itself how much it thinks, within its effort. */
  readonly adaptive: boolean;
}

/** Packages whose option is not `reasoningEffort` under their own name. */
const PACKAGES: Readonly<Record<string, (asked: Asked) => ProviderOptions>> = {
  '@ai-sdk/azure': ({ word }) => ({ openai: { reasoningEffort: word } }),
  '@ai-sdk/google': (asked) => ({ google: { thinkingConfig: thinkingConfig(asked) } }),
  '@ai-sdk/google-vertex': (asked) => ({ google: { thinkingConfig: thinkingConfig(asked) } }),
  '@ai-sdk/anthropic': (asked) => ({
    anthropic:
      asked.effort === 'none'
        ? { thinking: { type: 'disabled' } }
        : asked.adaptive
          ? { thinking: { type: 'adaptive' }, effort: asked.word }
          : { thinking: { type: 'enabled', budgetTokens: BUDGETS[asked.effort] } },
  }),
  '@ai-sdk/amazon-bedrock': (asked) => ({
    bedrock: {
      reasoningConfig:
        asked.effort === 'none'
          ? { type: 'disabled' }
          : asked.budgets
            ? { type: 'enabled', budgetTokens: BUDGETS[asked.effort] }
            : { type: asked.adaptive ? 'adaptive' : 'enabled', maxReasoningEffort: asked.word },
    },
  }),
};

function thinkingConfig({ effort, word, budgets }: Asked): Readonly<Record<string, unknown>> {
  if (effort === 'none') return { thinkingBudget: 0 };
  return budgets
    ? { thinkingBudget: BUDGETS[effort], includeThoughts: true }
    : { thinkingLevel: word, includeThoughts: true };
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
