import type { CallAnswer } from '../../core/answer.ts';
import { sumResults } from '../../core/budget/sum-results.ts';
import type { PreflightContext } from '../../core/call/preflight.ts';
import { type Teaching, teachDelegation } from '../../core/call/teach-delegation.ts';
import { DelegateError } from '../../core/errors.ts';
import { HANDED_BACK_CHARS, handBack } from '../../core/hand-back.ts';
import type { ToolSpec } from '../../core/provider.ts';
import type { Json } from '../../core/task.ts';
import type { Tool, ToolOutcome } from '../../core/tool.ts';

const TEACHING: Teaching = {
  finding: '"dry_run" says what a call would do and cost',
  elsewhere: 'an id of these providers that is not listed is refused with the nearest ones',
  afterwards:
    'Results come back with a receipt each: which model was asked for, which one served, cost. With "background" they come to you as a message once all have ended, while you go on.',
  inherits: true,
};

/** What the parent sees of `delegate_task`. Made once a session: it stays the same, whatever the parent is switched to. */
export function parentSpec(context: PreflightContext): ToolSpec {
  return teachDelegation(context, TEACHING);
}

/** `delegate_task` in the hands of the parent. `answer` plans, asks where it must, and runs. */
export function createParentTool(
  spec: ToolSpec,
  answer: (args: unknown, options: { readonly signal: AbortSignal; readonly call_id: string }) => Promise<CallAnswer>,
): Tool {
  return {
    spec,
    idempotent: false,
    self_governed: true,
    about: ({ tasks, action, id }) =>
      typeof action === 'string' && action !== 'spawn'
        ? `${action}${typeof id === 'string' ? ` ${id}` : ''}`
        : Array.isArray(tasks)
          ? `${tasks.length} task${tasks.length === 1 ? '' : 's'}`
          : 'one task',
    async run(args: { readonly [key: string]: Json }, signal, call_id = ''): Promise<ToolOutcome> {
      try {
        return { content: tell(await answer(args, { signal, call_id })), is_error: false };
      } catch (error) {
        if (!(error instanceof DelegateError)) throw error;
        return {
          content: `${error.code}: ${error.message}${error.hint === '' ? '' : ` ${error.hint}`}`,
          is_error: true,
        };
      }
    },
  };
}

/** What the parent reads. Texts of children only ever stand in the frame that takes their authority. */
function tell(answer: CallAnswer): string {
  switch (answer.kind) {
    case 'results':
      return handBack(answer, HANDED_BACK_CHARS);
    case 'handle': {
      const { delegation_id, ids } = answer;
      const count = ids.length === 1 ? 'One subagent runs' : `${ids.length} subagents run`;
      return `${count} in the background: delegation ${delegation_id}, ${ids.join(', ')}. The results come to you as a message once all have ended; do not wait for them. Actions "status", "steer" and "stop" take these ids.`;
    }
    case 'status': {
      const states = answer.tasks.map(({ result: _, ...state }) => state);
      const results = answer.tasks.flatMap(({ result }) => result ?? []);
      const [first] = states;
      if (first === undefined || results.length === 0) return JSON.stringify(states);
      const { delegation_id } = first;
      const texts = handBack(sumResults(results, { delegation_id, duration_ms: 0 }), HANDED_BACK_CHARS);
      return `${JSON.stringify(states)}\n\n${texts}`;
    }
    default:
      return JSON.stringify(answer);
  }
}
