import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { setUp } from '../set-up.ts';

export const action: Action = async (context) => {
  context.output.data((await setUp(context)).schema().trimEnd());
  return EXIT_OK;
};
