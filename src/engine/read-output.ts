import { isDeep } from '../core/is-deep.ts';
import type { Json } from '../core/task.ts';
import type { EngineDeps } from './deps.ts';

/** Problems named to the model and in the error; more than these say nothing new. */
const MOST_PROBLEMS = 10;

/** The JSON value of a final answer, or what is wrong with it. */
export async function readOutput(
  text: string,
  schema: { readonly [key: string]: Json },
  validate: EngineDeps['validateOutput'],
): Promise<{ readonly output: Json } | { readonly problems: readonly string[] }> {
  let output: Json;
  try {
    output = JSON.parse(withoutFence(text)) as Json;
  } catch (error) {
    return { problems: [`It is not one JSON value: ${(error as Error).message}.`] };
  }
  if (isDeep(output)) return { problems: ['It is nested more than a hundred levels deep.'] };
  const problems = await validate(schema, output);
  return problems.length === 0 ? { output } : { problems: problems.slice(0, MOST_PROBLEMS) };
}

/** Models like to wrap JSON in a Markdown fence however they are asked; nothing else is taken away. */
function withoutFence(text: string): string {
  const trimmed = text.trim();
  const first = trimmed.indexOf('\n');
  if (!trimmed.startsWith('```') || !trimmed.endsWith('```') || first === -1) return trimmed;
  return trimmed.slice(first + 1, -3);
}
