import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { setUp } from '../set-up.ts';

export const action: Action = async (context) => {
  const { output } = context;
  const found = await (await setUp(context)).get(context.operands[0] as string | undefined);
  if (output.json) {
    output.document(found);
    return EXIT_OK;
  }
  if (found.value === undefined) output.note(`"${found.key}" is not set.`);
  else if (typeof found.value === 'object' && found.value !== null) {
    const { stringify } = await import('yaml');
    output.data(stringify(found.value).trimEnd());
  } else output.data(String(found.value));
  output.note(output.paintErr.dim(`from ${found.source}`));
  return EXIT_OK;
};
