import { duration, money } from '../../core/amounts.ts';
import type { DelegationEvent } from '../../core/events.ts';
import type { Action } from '../action.ts';
import { EXIT_INTERRUPTED, exitCodeOfStatuses } from '../exit-code.ts';
import { open } from '../open.ts';
import { type Output, oneLine } from '../output.ts';
import { startPainter } from '../painter.ts';
import { readCall } from '../read-call.ts';
import { sourceShort } from '../render/receipt.ts';
import { routeName } from '../render/route-name.ts';
import { statusMark } from '../render/status-mark.ts';

export const action: Action = async (context) => {
  if (context.flags.dryRun === true) return (await import('./explain.ts')).action(context);
  const args = await readCall(context);
  await using yard = await open(context);
  const { output } = context;
  const goals: string[] = [];
  await using progress = output.live ? startPainter(output) : lines(output);
  const result = await yard.delegate(args, {
    signal: context.signal,
    origin: 'cli',
    on: (event) => {
      if (event.type === 'task-queued') goals[event.index] = event.goal;
      progress.on(event);
    },
  });
  await progress[Symbol.asyncDispose]();
  if (output.json) output.document(result);
  else output.data((await import('../render/results.ts')).renderResults(result, goals, output));
  return context.signal.aborted ? EXIT_INTERRUPTED : exitCodeOfStatuses(result.results.map(({ status }) => status));
};

/** What a terminal that cannot be repainted, a log or a pipe gets: one line a thing that happened. */
function lines(output: Output): { on(event: DelegationEvent): void } & AsyncDisposable {
  const paint = output.paintErr;
  const started = new Map<string, string>();
  const say = (index: number, text: string) => output.note(`${paint.dim(`[${index + 1}]`)} ${text}`);
  return {
    on: (event) => {
      switch (event.type) {
        case 'task-queued':
          started.set(
            event.task_id,
            `${routeName(event.route, paint)} effort ${event.route.reasoning_effort ?? '–'} (from ${sourceShort(event.source)})  ${oneLine(event.goal).slice(0, 100)}`,
          );
          return;
        case 'task-start':
          return say(event.index, `start ${started.get(event.task_id) ?? ''}`);
        case 'tool-start':
          return say(event.index, paint.dim(oneLine(`${event.tool} ${event.about}`)));
        case 'retry':
          return say(event.index, paint.yellow(`${event.class}: again in ${duration(event.wait_ms)}`));
        case 'fallback':
          return say(event.index, paint.yellow(`${event.because}: falls back to ${routeName(event.to)}`));
        case 'task-end': {
          const { result } = event;
          const served = oneLine(result.route.served.model ?? 'unreported');
          return say(
            event.index,
            `${statusMark(result.status, paint)} ${result.status} in ${duration(result.timing.total_ms)}, ${money(result.cost)}, served ${served} (${result.route.served.verified})`,
          );
        }
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
