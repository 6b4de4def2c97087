import { hasEnded } from '../../core/answer.ts';
import type { Action } from '../action.ts';
import { EXIT_INCOMPLETE, EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { oneLine } from '../output.ts';
import { statusMark } from '../render/status-mark.ts';

/** Exit code 1 when something still runs: its process does not answer. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const { output } = context;
  const answer = await yard.call({ action: 'stop', id: String(context.operands[0]) });
  const tasks = answer.kind === 'stop' ? answer.tasks : [];
  if (output.json) output.document(answer);
  else {
    for (const { id, status, goal } of tasks) {
      output.data(`${id} ${statusMark(status, output.paint)} ${status}  ${oneLine(goal)}`);
    }
  }
  if (tasks.every(hasEnded)) return EXIT_OK;
  output.note(
    'What still runs has been told to stop. If its process is dead it is lost half a minute after its last sign of life.',
  );
  return EXIT_INCOMPLETE;
};
