import { type Issue, refusal } from './errors.ts';
import type { DelegateCall } from './task.ts';

/** What could be read of a call, and everything that is wrong with it. */
export interface ReadCall {
  /** As far as it could be understood; absent when nothing could. Only to be run when `issues` is empty. */
  readonly call?: DelegateCall;
  readonly issues: readonly Issue[];
}

/** Every accepted shape of `delegate_task`'s arguments → one call. Throws a refusal naming all issues. */
export function parseDelegateCall(args: unknown): DelegateCall {
  const { call, issues } = readDelegateCall(args);
  if (call === undefined || issues.length > 0) throw refusal(issues);
  return call;
}

export function readDelegateCall(_args: unknown): ReadCall {
  return { issues: [] };
}
