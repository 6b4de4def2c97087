import { DelegateError } from '../../core/errors.ts';
import type { RouteRequest } from '../../core/route.ts';
import type { Action, ActionContext } from '../action.ts';
import { EXIT_OK, EXIT_REFUSED } from '../exit-code.ts';
import { open } from '../open.ts';
import { setUp } from '../set-up.ts';

export const action: Action = async (context) => {
  const { flags, output, stdin, stdout, env } = context;
  if (stdin.isTTY !== true || stdout.isTTY !== true || env.TERM === 'dumb') {
    throw new DelegateError('REQUEST_INVALID', 'A chat needs a terminal, and this is none.', {
      hint: 'Use `yardmaster run "…"` for one reply, or `yardmaster delegate` for tasks.',
    });
  }
  const request = requestOf(flags);
  const { runChat } = await import('../chat/run-chat.ts');
  const end = await runChat({
    open: () => open(context),
    setup: () => setUp(context),
    session: {
      ...(request && { request }),
      ...(flags.resume !== undefined && { resume: flags.resume === true ? 'last' : String(flags.resume) }),
      ...(flags.toolsets !== undefined && { toolsets: listOf(String(flags.toolsets)) }),
    },
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

/** What the flags ask for; undefined = nothing. */
function requestOf({ model, provider, reasoningEffort, route }: ActionContext['flags']): RouteRequest | undefined {
  const request: RouteRequest = {
    ...(model !== undefined && { model: String(model) }),
    ...(provider !== undefined && { provider: String(provider) }),
    ...(reasoningEffort !== undefined && { reasoning_effort: String(reasoningEffort) }),
    ...(route !== undefined && { route: String(route) }),
  };
  return Object.keys(request).length === 0 ? undefined : request;
}

function listOf(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}
