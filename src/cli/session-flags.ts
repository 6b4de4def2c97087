import type { RouteRequest } from '../core/route.ts';
import type { SessionOptions } from '../core/session.ts';
import type { GlobalFlags } from './action.ts';

/** What the flags of `chat` and `run` ask of a session. */
export function sessionFlags({
  model,
  provider,
  reasoningEffort: reasoning_effort,
  route,
  resume,
  toolsets,
}: GlobalFlags): Pick<SessionOptions, 'resume' | 'request' | 'toolsets'> {
  const asked = Object.entries({ model, provider, reasoning_effort, route }).filter(([, text]) => text !== undefined);
  return {
    ...(asked.length > 0 && { request: Object.fromEntries(asked) as RouteRequest }),
    ...(resume !== undefined && { resume: resume === true ? 'last' : String(resume) }),
    ...(toolsets !== undefined && {
      toolsets: String(toolsets)
        .split(',')
        .map((name) => name.trim()),
    }),
  };
}
