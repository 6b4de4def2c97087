import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';

/** Removes what ended longer ago than the days given, or than `history.keep_days`. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const days = context.flags.days as number | undefined;
  const removed = await yard.prune(days === undefined ? {} : { keep_days: days });
  if (context.output.json) context.output.document(removed);
  else {
    const delegations = new Set(removed.map(({ delegation_id }) => delegation_id)).size;
    context.output.data(`${removed.length} tasks of ${delegations} delegations removed`);
  }
  return EXIT_OK;
};
