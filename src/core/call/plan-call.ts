import { refusal } from '../errors.ts';
import type { ControlCall, SpawnCall } from '../task.ts';
import { readDelegateCall } from './parse-delegate-call.ts';
import { type PlannedTask, type PreflightContext, preflight } from './preflight.ts';

/** A call that may run: a spawn with one plan a task, or a control action. */
export type PlannedCall =
  | { readonly call: SpawnCall; readonly tasks: readonly PlannedTask[] }
  | { readonly call: ControlCall };

/**
 * Arguments of `delegate_task` → a call that may run. The same as `parseDelegateCall` and then `preflight`, except
 * that a refused call hears everything at once: a misspelled field in one task and an unknown model in another.
 */
export function planCall(args: unknown, context: PreflightContext): PlannedCall {
  const { call, issues } = readDelegateCall(args);
  if (call?.action === 'spawn') return { call, tasks: preflight(call, context, issues) };
  if (call === undefined || issues.length > 0) throw refusal(issues);
  return { call };
}
