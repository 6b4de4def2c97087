import { type Permissions, ruleOf } from '../../core/permissions.ts';
import type { SessionOptions } from '../../core/session.ts';
import type { Agent } from '../agent.ts';

/** Asks the person, unless that was allowed for good. False when nobody can be asked, or the reply ends meanwhile. */
export type Ask = (
  question: Parameters<NonNullable<SessionOptions['ask']>>[0],
  options: { readonly rules: readonly string[]; readonly signal: AbortSignal },
) => Promise<boolean>;

export function createAsk(ask: SessionOptions['ask'], permissions: Permissions): Ask {
  return async (question, { rules, signal }) => {
    if (rules.every((rule) => permissions.has(rule))) return true;
    if (ask === undefined || signal.aborted) return false;
    const asked = ask(question, signal).catch(() => 'deny' as const);
    const answer = await Promise.race([asked, aborted(signal)]);
    if (answer === 'always') permissions.add(rules);
    return answer !== 'deny';
  };
}

function aborted(signal: AbortSignal): Promise<'deny'> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('deny'), { once: true }));
}

/** What the loop asks before a call of the parent runs. `toolsetOf` says where a tool comes from. */
export function createPermit(options: {
  readonly ask: Ask;
  readonly attended: boolean;
  readonly toolsetOf: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}): NonNullable<Agent['permit']> {
  const { ask, attended, toolsetOf, signal } = options;
  return (call, tool, args) => {
    const toolset = toolsetOf.get(call.name);
    const rule = ruleOf(toolset, { tool: call.name, args });
    if (toolset === undefined || rule === undefined) return undefined;
    const about = tool.about(args);
    const question = {
      kind: 'tool',
      toolset,
      tool: call.name,
      call_id: call.id,
      args,
      about,
      always: rule.says,
    } as const;
    return ask(question, { rules: [rule.rule], signal }).then((allowed) =>
      allowed
        ? undefined
        : attended
          ? `PERMISSION_DENIED: the person refused ${call.name} (${about}). Do not try it in another way; go on without it, or say why it is needed.`
          : `PERMISSION_DENIED: ${call.name} (${about}) needs a person's permission, and nobody can be asked here. Go on without it.`,
    );
  };
}
