import { duration, money } from '../core/budget/amounts.ts';
import type { DelegationEvent } from '../core/events.ts';
import { foreignName, type Output, oneLine } from './output.ts';
import { sourceShort } from './render/receipt.ts';
import { routeName } from './render/route-name.ts';
import { statusMark } from './render/status-mark.ts';

/** What a terminal that cannot be repainted, a log or a pipe gets: one line a thing that happened. */
export function createEventLines(output: Output): { on(event: DelegationEvent): void } & AsyncDisposable {
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
