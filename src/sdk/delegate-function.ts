import type { ToolSpec } from '../core/provider.ts';
import type { DelegateOptions, Yardmaster } from '../yardmaster.ts';
import type { DelegateOutcome } from './delegate-outcome.ts';

/**
 * `delegate_task` for any client that takes tools as JSON Schema. `name`, `description` and `parameters` go into the
 * request (Anthropic's name for the last is `input_schema`); `execute` answers a call.
 */
export interface DelegateFunction extends ToolSpec {
  /**
   * Runs what the model wrote, parsed or still as JSON text, and resolves when all children have ended. The signal stops
   * them and everything below them; what they had is in the outcome. A refusal is an outcome, for the model to read.
   */
  execute(args: unknown, options?: Pick<DelegateOptions, 'signal'>): Promise<DelegateOutcome>;
}

/**
 * The tool for the clients of OpenAI, Anthropic and others. Children always run in the foreground: the outcome of a
 * call is their results. `on` hears what they do; `parent` is what the calling model itself runs on, if that is not
 * `model` of the configuration: the route that children inherit.
 */
export function delegateFunction(
  yard: Yardmaster,
  options: Pick<DelegateOptions, 'on' | 'parent'> = {},
): DelegateFunction {
  return {
    ...yard.definition(options),
    execute: async (args, { signal } = {}) => {
      const { delegateOutcome } = await import('./delegate-outcome.ts');
      return delegateOutcome(args, yard, { ...options, ...(signal === undefined ? {} : { signal }) });
    },
  };
}
