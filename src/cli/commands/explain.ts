import type { Action, ActionContext } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { open } from '../open.ts';
import { readCall } from '../read-call.ts';
import { renderExplanation } from '../render/explanation.ts';

/** Asks about a route alone when neither a file nor a goal is given. */
const ANY_GOAL = 'Any task: only its route is asked about.';

export const action: Action = async (context) => explain(await readCall(withGoal(context)), context);

/** Prints what a call that was read would do. */
export async function explain(args: unknown, context: ActionContext): Promise<number> {
  await using yard = await open(context);
  const explanation = await yard.explain(args);
  if (context.output.json) context.output.document(explanation);
  else context.output.data(renderExplanation(explanation, context.output.paint));
  return EXIT_OK;
}

function withGoal(context: ActionContext): ActionContext {
  const given = context.operands[0] !== undefined || context.flags.goal !== undefined;
  return given ? context : { ...context, flags: { ...context.flags, goal: [ANY_GOAL] } };
}
