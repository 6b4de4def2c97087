import type { CallToolResult } from '@modelcontextprotocol/server';
import { DelegateError } from '../core/errors.ts';
import type { Yardmaster } from '../yardmaster.ts';
import { answer } from './answers.ts';
import type { Caller } from './caller.ts';
import { explainText } from './explain-text.ts';

/** `explain_route`: `delegate_task` with `dry_run`, so that what is explained is what would run. */
export async function explainRoute(args: unknown, yard: Yardmaster, { parent }: Caller): Promise<CallToolResult> {
  const given = typeof args === 'object' && args !== null ? args : {};
  const explained = await yard.call({ ...given, dry_run: true }, parent === undefined ? {} : { parent });
  if (explained.kind !== 'explanation') {
    throw new DelegateError('REQUEST_INVALID', 'explain_route takes the arguments of a call that starts children.', {
      hint: 'delegation_status looks after running ones.',
    });
  }
  return answer(explainText(explained), explained);
}
