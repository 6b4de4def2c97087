import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { setUp } from '../set-up.ts';

export const action: Action = async (context) => {
  const [key, value] = context.operands as readonly [string, string];
  const file = (await setUp(context)).set(key, value);
  if (context.output.json) context.output.document({ key, file });
  else context.output.note(`${key} is set in ${file}`);
  return EXIT_OK;
};
