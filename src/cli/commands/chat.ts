import { DelegateError } from '../../core/errors.ts';
import type { Action, ActionContext } from '../action.ts';
import { EXIT_OK, EXIT_REFUSED } from '../exit-code.ts';
import { open } from '../open.ts';
import { sessionFlags } from '../session-flags.ts';
import { setUp } from '../set-up.ts';

/** A terminal that is closed ends the session in order, not the process on the spot. */
export const serves = true;

export const action: Action = async (context) => {
  const { flags, output, stdin, stdout, env } = context;
  if (stdin.isTTY !== true || stdout.isTTY !== true || env.TERM === 'dumb') {
    throw new DelegateError('REQUEST_INVALID', 'A chat needs a terminal, and this is none.', {
      hint: 'Use `yardmaster run "…"` for one reply, or `yardmaster delegate` for tasks.',
    });
  }
  const { runChat } = await import('../chat/run-chat.ts');
  const end = await runChat({
    open: () => open(context),
    setup: () => setUp(context),
    session: sessionFlags(flags),
    output,
    cwd: context.cwd,
    signal: context.signal,
    now: Date.now,
  });
  if (end.session_id !== undefined) {
    output.note(output.paintErr.dim(`Kept: yardmaster chat --resume ${end.session_id}`));
    return EXIT_OK;
  }
  return firstRun(context);
};

async function firstRun(context: ActionContext): Promise<number> {
  const { firstRunText } = await import('../chat/first-run.ts');
  context.output.note(await firstRunText(await setUp(context), context.output.paintErr));
  return EXIT_REFUSED;
}
