import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { setUp } from '../set-up.ts';

export const action: Action = async (context) => {
  const folder = (await setUp(context)).trust(String(context.operands[0] ?? '.'));
  if (context.output.json) context.output.document({ trusted: folder });
  else
    context.output.note(
      `Trusted: the yardmaster.yaml in ${folder} may now set endpoints, keys, headers and MCP commands.`,
    );
  return EXIT_OK;
};
