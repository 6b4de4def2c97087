import { money } from '../../core/budget/amounts.ts';
import type { TaskResult } from '../../core/result.ts';
import type { Reply, SessionEvent } from '../../core/session.ts';
import type { Action } from '../action.ts';
import { createEventLines } from '../event-lines.ts';
import { EXIT_INTERRUPTED, exitCodeOfStatuses } from '../exit-code.ts';
import { open } from '../open.ts';
import { foreignName, type Output, oneLine, plain } from '../output.ts';
import { readText } from '../read-call.ts';
import { routeName } from '../render/route-name.ts';
import { sessionFlags } from '../session-flags.ts';

/**
 * One message to the parent agent, with nobody to ask: what needs permission is refused. Ends when the parent has
 * answered, its background children have ended and it has answered to their results, too.
 */
export const action: Action = async (context) => {
  const { flags, output, signal, stdout } = context;
  const [given] = context.operands as readonly [string];
  const prompt = given === '-' ? await readText('-', 'stdin', context) : given;
  await using yard = await open(context);
  const replies: Reply[] = [];
  const children: TaskResult[] = [];
  const lines = output.json ? undefined : createLines(output, stdout);
  const on = (event: SessionEvent): void => {
    if (event.type === 'reply-end') replies.push(event.reply);
    if (event.type === 'child' && event.event.type === 'task-end') children.push(event.event.result);
    lines?.(event);
  };
  const session = await yard.session({ ...sessionFlags(flags), on, origin: 'cli' });
  await session.send(prompt, { signal });
  const stop = (): void => void session[Symbol.asyncDispose]();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop);
  await session.idle();
  const spend = session.spend();
  const last = replies.at(-1);
  if (output.json) {
    const { text, status, error } = last!;
    output.document({ session_id: session.id, text, status, ...(error && { error }), replies, children, spend });
  } else {
    const { paintErr: paint } = output;
    const served = foreignName(last?.route.served.model ?? 'unreported');
    const { resolved, ran_on = resolved } = last!.route;
    const about = `${routeName(ran_on, paint)}, served ${served} (${last?.route.served.verified}), ${money(spend.cost)}`;
    output.note(paint.dim(`${about}. yardmaster run "…" --resume ${session.id} goes on.`));
  }
  return signal.aborted ? EXIT_INTERRUPTED : exitCodeOfStatuses(replies.map(({ status }) => status));
};

/** The parent's words on stdout as they come; everything else as lines on stderr. */
function createLines(output: Output, stdout: NodeJS.WriteStream): (event: SessionEvent) => void {
  const { paintErr: paint } = output;
  let open = false;
  const close = (): void => {
    if (open) stdout.write('\n');
    open = false;
  };
  const note = (text: string): void => {
    close();
    output.note(text);
  };
  const children = createEventLines({ ...output, note });
  return (event) => {
    switch (event.type) {
      case 'text-delta': {
        const text = plain(event.text);
        stdout.write(text);
        open = !text.endsWith('\n') && (open || text !== '');
        return;
      }
      case 'turn-start':
        return close();
      case 'reply-start':
        for (const { delegation_id } of event.results) note(paint.dim(`results of ${delegation_id}`));
        return;
      case 'tool-start':
        return note(paint.dim(oneLine(`${event.tool} ${event.about}`)));
      case 'tool-end':
        return event.is_error ? note(paint.yellow(`${event.tool} gave an error to the model`)) : undefined;
      case 'retry':
        return note(paint.yellow(`${event.class}: again in ${event.wait_ms} ms`));
      case 'fallback':
        return note(paint.yellow(`${event.because}: falls back to ${routeName(event.to)}`));
      case 'child':
        return children.on(event.event);
      case 'reply-end': {
        close();
        const { error } = event.reply;
        if (error !== undefined) note(paint.red(plain(`${error.code}: ${error.message} ${error.hint}`.trim())));
      }
    }
  };
}
