import type { Json } from '../core/task.ts';
import type { Tool } from '../core/tool.ts';

interface Definition<Args> {
  readonly name: string;
  readonly description: string;
  /** JSON Schemas of the arguments, by name. */
  readonly properties: { readonly [name in keyof Args]-?: { readonly [key: string]: Json } };
  readonly required: readonly (keyof Args & string)[];
  /** Gives what the model reads, or throws an error whose message the model reads. */
  readonly run: (args: Args, signal: AbortSignal) => Promise<string>;
  readonly about: (args: Args) => string;
}

/** A read-only tool. */
export function defineTool<Args>({ name, description, properties, required, run, about }: Definition<Args>): Tool {
  return {
    spec: {
      name,
      description,
      parameters: { type: 'object', properties, required, additionalProperties: false } as Tool['spec']['parameters'],
    },
    idempotent: true,
    about: (args) => about(args as Args),
    async run(args, signal) {
      try {
        return { content: await run(args as Args, signal), is_error: false };
      } catch (error) {
        const { message, code } = error as Error & { readonly code?: string };
        // What the file system itself says holds absolute paths.
        return { content: code === undefined ? message : `It failed (${code}).`, is_error: true };
      }
    },
  };
}
