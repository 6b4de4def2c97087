import type { Action } from '../action.ts';
import { EXIT_INCOMPLETE, EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';

/** Exit code 1 when nobody can hear it any more. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const [id, message] = context.operands as readonly [string, string];
  const answer = await yard.call({ action: 'steer', id, message });
  const steers = answer.kind === 'steer' ? answer.steers : [];
  if (context.output.json) context.output.document(answer);
  else {
    for (const { task_id, state } of steers) {
      context.output.data(`${task_id} ${state === 'queued' ? 'hears it with its next turn' : 'had ended: missed'}`);
    }
  }
  return steers.some(({ state }) => state === 'queued') ? EXIT_OK : EXIT_INCOMPLETE;
};
