import { duration, money } from '../../core/budget/amounts.ts';
import type { DelegationEvent } from '../../core/events.ts';
import type { Action, ActionContext } from '../action.ts';
import { EXIT_INTERRUPTED, EXIT_OK, exitCodeOfStatuses } from '../exit-code.ts';
import { open } from '../open.ts';
import { foreignName, type Output, oneLine } from '../output.ts';
import { startPainter } from '../painter.ts';
import { readCall } from '../read-call.ts';
import { sourceShort } from '../render/receipt.ts';
import { routeName } from '../render/route-name.ts';
import { statusMark } from '../render/status-mark.ts';

export const action: Action = async (context) => {
  if (context.flags.dryRun === true) return (await import('./explain.ts')).action(context);
  const args = await readCall(context);
  const { output } = context;
  if (context.flags.background === true || asksForBackground(args)) return startOnly(args, context);
  await using yard = await open(context);
  context.signal.addEventListener('abort', () => output.note('Stopping the children; what they have is kept.'));
  const goals: string[] = [];
  await using progress = output.live ? startPainter(output) : lines(output);
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

function asksForBackground(args: unknown): boolean {
  return typeof args === 'object' && args !== null && 'background' in args && args.background === true;
}

/** What a terminal that cannot be repainted, a log or a pipe gets: one line a thing that happened. */
function lines(output: Output): { on(event: DelegationEvent): void } & AsyncDisposable {
  const paint = output.paintErr;
  const started = new Map<string, string>();
  /** `2`, and `2.1` for the first child of that one. */
  const names = new Map<string, string>();
  const say = ({ task_id }: { readonly task_id: string }, text: string) =>
    output.note(`${paint.dim(`[${names.get(task_id)}]`)} ${text}`);
  return {
    on: (event) => {
      switch (event.type) {
        case 'task-queued': {
          const above = event.parent_id === undefined ? '' : `${names.get(event.parent_id)}.`;
          names.set(event.task_id, `${above}${event.index + 1}`);
          started.set(
            event.task_id,
            `${routeName(event.route, paint)} effort ${event.route.reasoning_effort ?? '–'} (from ${sourceShort(event.source)})  ${oneLine(event.goal).slice(0, 100)}`,
          );
          return;
        }
        case 'steer':
          return say(event, paint.dim(`steer ${event.id} ${event.state}`));
        case 'task-start':
          return say(event, `start ${started.get(event.task_id) ?? ''}`);
        case 'tool-start':
          return say(event, paint.dim(oneLine(`${event.tool} ${event.about}`)));
        case 'retry':
          return say(event, paint.yellow(`${event.class}: again in ${duration(event.wait_ms)}`));
        case 'fallback':
          return say(event, paint.yellow(`${event.because}: falls back to ${routeName(event.to)}`));
        case 'task-end': {
          const { result } = event;
          const served = foreignName(result.route.served.model ?? 'unreported');
          return say(
            event,
            `${statusMark(result.status, paint)} ${result.status} in ${duration(result.timing.total_ms)}, ${money(result.cost)}, served ${served} (${result.route.served.verified})`,
          );
        }
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
