import type { ToolSpec } from '../core/provider.ts';
import type { DelegateOptions, Yardmaster } from '../yardmaster.ts';
import { delegateFunction } from './delegate-function.ts';
import type { DelegateOutcome } from './delegate-outcome.ts';

/** A tool in the shape that the AI SDK takes (`ai` 6 and 7), without depending on it. */
export interface DelegateTool {
  readonly description: string;
  readonly inputSchema: InputSchema;
  /** As `execute` of `delegateFunction`; `abortSignal` is what the AI SDK calls its signal. */
  execute(input: unknown, options: { readonly abortSignal?: AbortSignal | undefined }): Promise<DelegateOutcome>;
  /** What the model reads of an outcome; the program finds the whole of it in the tool result's `output`. */
  toModelOutput(result: { readonly output: DelegateOutcome }): {
    readonly type: 'text' | 'error-text';
    readonly value: string;
  };
}

/**
 * `delegate_task` for the AI SDK: `generateText({ tools: { delegate_task: delegateTool(yard) }, … })`, and likewise for
 * `streamText` and agents. Options as for `delegateFunction`.
 */
export function delegateTool(yard: Yardmaster, options: Pick<DelegateOptions, 'on' | 'parent'> = {}): DelegateTool {
  const { description, parameters, execute } = delegateFunction(yard, options);
  return {
    description,
    inputSchema: inputSchema(parameters),
    execute: (input, { abortSignal }) => execute(input, abortSignal === undefined ? {} : { signal: abortSignal }),
    toModelOutput: ({ output: { content, is_error } }) => ({ type: is_error ? 'error-text' : 'text', value: content }),
  };
}

/** A standard schema (standardschema.dev) that lets everything through: our own parser checks, and says it better. */
interface InputSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'yardmaster';
    readonly validate: (value: unknown) => { readonly value: unknown };
    readonly jsonSchema: Readonly<Record<'input' | 'output', () => Record<string, unknown>>>;
  };
}

/**
 * Carries the AI SDK's own mark too, which wins there: the JSON Schema of a merely standard one is edited on its way
 * to the provider, and `output_schema`, an object with any fields, would become one without any.
 */
function inputSchema(schema: ToolSpec['parameters']): InputSchema {
  const jsonSchema = (): Record<string, unknown> => structuredClone(schema) as Record<string, unknown>;
  const standard: InputSchema = {
    '~standard': {
      version: 1,
      vendor: 'yardmaster',
      validate: (value) => ({ value }),
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
  return Object.assign(standard, {
    [Symbol.for('vercel.ai.schema')]: true,
    jsonSchema: schema,
    validate: undefined,
  });
}
