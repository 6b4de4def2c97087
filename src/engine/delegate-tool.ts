import { contextUnder } from '../core/call/context-under.ts';
import { type PlannedCall, planCall } from '../core/call/plan-call.ts';
import { DelegateError } from '../core/errors.ts';
import { explainCall } from '../core/explain.ts';
import { HANDED_BACK_CHARS, handBack } from '../core/hand-back.ts';
import type { ToolSpec } from '../core/provider.ts';
import type { Json } from '../core/task.ts';
import type { Tool, ToolOutcome } from '../core/tool.ts';
import type { Child } from './child.ts';

/** `delegate_task` in the hands of a child: the same parser and rules, with the child as the parent. */
export function createDelegateTool(spec: ToolSpec, child: () => Child): Tool {
  return {
    spec,
    idempotent: false,
    self_governed: true,
    about: ({ tasks }) => (Array.isArray(tasks) ? `${tasks.length} task${tasks.length === 1 ? '' : 's'}` : 'one task'),
    run: (args, signal) => call(child(), args, signal),
  };
}

async function call(child: Child, args: { readonly [key: string]: Json }, signal: AbortSignal): Promise<ToolOutcome> {
  const { run, route, toolsets } = child;
  const context = contextUnder(run.deps.decisions(), { route, toolsets, depth: run.of.depth });
  let planned: PlannedCall;
  try {
    planned = planCall(args, context);
    if (!('tasks' in planned)) return refused(`action "${planned.call.action}"`);
    if (planned.call.background) return refused('"background"');
    if (planned.call.dry_run) return { content: JSON.stringify(explainCall(planned.call, context)), is_error: false };
    const { tasks } = planned;
    const { budget } = planned.call;
    const work = run.places.lend(
      () => run.nest({ child, tasks, toolsets: context.toolsets, signal, ...(budget && { budget }) }),
      signal,
    );
    child.below.add(work);
    const result = await work.finally(() => child.below.delete(work));
    return { content: handBack(result, HANDED_BACK_CHARS), is_error: false };
  } catch (error) {
    if (!(error instanceof DelegateError)) throw error;
    return { content: error.hint === '' ? error.message : `${error.message} ${error.hint}`, is_error: true };
  }
}

function refused(what: string): ToolOutcome {
  const content = `A child cannot ask for ${what}: its own children run while it waits, and their results are the answer to the call.`;
  return { content, is_error: true };
}
