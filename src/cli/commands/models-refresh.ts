import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { setUp } from '../set-up.ts';

export const action: Action = async (context) => {
  const done = await (await setUp(context)).refresh(context.signal);
  if (context.output.json) context.output.document(done);
  else
    context.output.note(
      `The catalog is of ${done.as_of}: ${done.added.length} models are new, ${done.changed.length} changed.`,
    );
  return EXIT_OK;
};
