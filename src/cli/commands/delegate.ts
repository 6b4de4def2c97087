import type { Action, ActionContext } from '../action.ts';
import { createEventLines } from '../event-lines.ts';
import { EXIT_INTERRUPTED, EXIT_OK, exitCodeOfStatuses } from '../exit-code.ts';
import { open } from '../open.ts';
import { startPainter } from '../painter.ts';
import { readCall } from '../read-call.ts';

export const action: Action = async (context) => {
  if (context.flags.dryRun === true) return (await import('./explain.ts')).action(context);
  const args = await readCall(context);
  const { output } = context;
  if (asksFor('dry_run', args)) return (await import('./explain.ts')).explain(args, context);
  if (context.flags.background === true || asksFor('background', args)) return startOnly(args, context);
  await using yard = await open(context);
  context.signal.addEventListener('abort', () => output.note('Stopping the children; what they have is kept.'));
  const goals: string[] = [];
  await using progress = output.live ? startPainter(output) : createEventLines(output);
  const result = await yard.delegate(args, {
    signal: context.signal,
    origin: 'cli',
    on: (event) => {
      if (event.type === 'task-queued' && event.parent_id === undefined) goals[event.index] = event.goal;
      progress.on(event);
    },
  });
  await progress[Symbol.asyncDispose]();
  if (output.json) output.document(result);
  else output.data((await import('../render/results.ts')).renderResults(result, goals, output));
  return context.signal.aborted ? EXIT_INTERRUPTED : exitCodeOfStatuses(result.results.map(({ status }) => status));
};

/** The children get a process of their own; the id is the data, so that `wait $(…)` works. */
async function startOnly(args: unknown, context: ActionContext): Promise<number> {
  const { startInBackground } = await import('../start-in-background.ts');
  const handle = await startInBackground(args as object, context);
  const { output } = context;
  if (output.json) output.document(handle);
  else {
    output.data(handle.delegation_id);
    output.note(`${handle.ids.length} started. \`yardmaster wait ${handle.delegation_id}\` prints the results.`);
  }
  return EXIT_OK;
}

function asksFor(field: 'background' | 'dry_run', args: unknown): boolean {
  return typeof args === 'object' && args !== null && (args as Record<string, unknown>)[field] === true;
}
