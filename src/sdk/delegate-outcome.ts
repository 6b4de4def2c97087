import type { CallAnswer } from '../core/answer.ts';
import { readDelegateCall } from '../core/call/parse-delegate-call.ts';
import { repeatedName } from '../core/call/repeated-name.ts';
import { DelegateError } from '../core/errors.ts';
import { HANDED_BACK_CHARS, handBack } from '../core/hand-back.ts';
import type { DelegateOptions, Yardmaster } from '../yardmaster.ts';

/** What a call of the tool came to: for the model, and for the program. */
export interface DelegateOutcome {
  /** What the model reads: each child's text in a frame that says it is data, with its receipt; or the refusal. */
  readonly content: string;
  /** The call was refused, or nothing could be started. A child that failed is a result, not an error. */
  readonly is_error: boolean;
  /** The same for the program: the results, or what `dry_run` explains. Absent when it was refused. */
  readonly answer?: Extract<CallAnswer, { readonly kind: 'results' | 'explanation' }>;
  /** The refusal as JSON: `code`, `message`, `hint`, `issues`. */
  readonly error?: { readonly [key: string]: unknown };
}

export async function delegateOutcome(
  args: unknown,
  yard: Yardmaster,
  options: DelegateOptions,
): Promise<DelegateOutcome> {
  try {
    const given = typeof args === 'string' ? parsed(args) : args;
    refuseUnwaited(given);
    const answer = await yard.call(given, options);
    switch (answer.kind) {
      case 'results':
        return { content: handBack(answer, HANDED_BACK_CHARS), is_error: false, answer };
      case 'explanation':
        return { content: JSON.stringify(answer), is_error: false, answer };
      default:
        throw new DelegateError('INTERNAL', `A call that is waited for was answered with "${answer.kind}".`);
    }
  } catch (error) {
    if (!(error instanceof DelegateError)) throw error;
    return { content: `${error.message} ${error.hint}`.trim(), is_error: true, error: error.toJSON() };
  }
}

/** The schema does not offer it, and whoever reads the outcome has no way to collect what goes on. */
function refuseUnwaited(args: unknown): void {
  const { call } = readDelegateCall(args);
  if (call === undefined || (call.action === 'spawn' && !call.background)) return;
  throw new DelegateError(
    'REQUEST_INVALID',
    `"${call.action === 'spawn' ? 'background' : call.action}" cannot be asked for here.`,
    { hint: 'Leave it out: the children run while you wait, and their results are the answer to this call.' },
  );
}

/** Of two fields with one name JSON keeps the last in silence, so such a text is refused. */
function parsed(text: string): unknown {
  const hint = 'Send the arguments as one JSON object.';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DelegateError('REQUEST_INVALID', `The arguments are not JSON: ${(error as Error).message}.`, { hint });
  }
  const repeated = repeatedName(text);
  if (repeated === undefined) return value;
  throw new DelegateError('REQUEST_INVALID', `In one object "${repeated}" stands twice.`, { hint });
}
