import type { Json } from '../core/task.ts';
import type { Tool, ToolOutcome } from '../core/tool.ts';
import type { Workspace } from './files/workspace.ts';

interface Definition<Args, Place> {
  readonly name: string;
  readonly description: string;
  /** JSON Schemas of the arguments, by name. */
  readonly properties: { readonly [name in keyof Args]-?: { readonly [key: string]: Json } };
  readonly required: readonly (keyof Args & string)[];
  /** It changes something: it runs alone, and not again after a crash. Default: it only reads. */
  readonly changes?: true;
  /** Gives what the model reads, or throws an error whose message the model reads. */
  readonly run: (args: Args, signal: AbortSignal, place: Place) => Promise<string>;
  /** See `Tool.runNow`. */
  readonly runNow?: (args: Args, place: Place) => string | undefined;
  readonly about: (args: Args) => string;
}

/** Makes a tool for the place where it works; all that it makes share one specification. */
export interface ToolMaker<Place = Workspace> {
  (place: Place): Tool;
  readonly spec: Tool['spec'];
}

export function defineTool<Args, Place = Workspace>(definition: Definition<Args, Place>): ToolMaker<Place> {
  const { name, description, properties, required, changes, run, runNow } = definition;
  const parameters = { type: 'object', properties, required, additionalProperties: false };
  const spec = { name, description, parameters: parameters as Tool['spec']['parameters'] };
  const about: Tool['about'] = (args) => definition.about(args as Args);
  const make = (place: Place): Tool => ({
    spec,
    idempotent: changes === undefined,
    about,
    async run(args, signal) {
      try {
        return { content: await run(args as Args, signal, place), is_error: false };
      } catch (error) {
        return failed(error as Error);
      }
    },
    ...(runNow && {
      runNow(args) {
        try {
          const content = runNow(args as Args, place);
          return content === undefined ? undefined : { content, is_error: false };
        } catch (error) {
          return failed(error as Error);
        }
      },
    }),
  });
  return Object.assign(make, { spec });
}

/** What the file system itself says holds absolute paths. */
function failed({ message, code }: Error & { readonly code?: string }): ToolOutcome {
  return { content: code === undefined ? message : `It failed (${code}).`, is_error: true };
}
