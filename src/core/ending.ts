import { DelegateError } from './errors.ts';
import { type Answer, type Failure, PROVIDER_FAILED } from './provider.ts';
import type { ExitReason, TaskError, TerminalStatus } from './result.ts';
import type { Json } from './task.ts';

/** How a child ended, before its result is put together. */
export interface Ending {
  readonly status: TerminalStatus;
  readonly exit_reason: ExitReason;
  readonly error?: TaskError;
  readonly output?: Json;
}

/** Why a child was told to stop: the reason its abort signal carries. */
export type StopCause = 'cancelled' | 'timeout' | 'start';

/**
 * What an answer is worth, by evidence. Undefined: it is whole and asks for tools, so the child goes on.
 * A call that was cut at the output limit is not run: its arguments may be half of what was meant.
 */
export function judgeAnswer(answer: Answer): Ending | undefined {
  const empty = answer.text.trim() === '';
  switch (answer.stop) {
    case 'refusal':
      return ended('failed', 'refusal', {
        code: 'PROVIDER_FAILED',
        class: 'content_refusal',
        message: 'The provider refused to answer this.',
        hint: 'Word the goal differently or give the task to another model.',
      });
    case 'length':
      return ended(empty ? 'failed' : 'partial', 'length', {
        code: 'ANSWER_TRUNCATED',
        message: empty
          ? 'The answer reached the output limit before any text came.'
          : 'The answer was cut at the output limit.',
        hint: 'Ask for less in one task, lower reasoning_effort, or take a model with a larger output limit.',
      });
    case 'other':
      return answer.tool_calls.length > 0
        ? undefined
        : ended(empty ? 'failed' : 'partial', 'error', {
            code: empty ? 'ANSWER_EMPTY' : 'ANSWER_TRUNCATED',
            message: 'The provider ended the answer for a reason that is not known to mean a whole answer.',
            hint: 'Read the text as unfinished, or ask again.',
          });
    default:
      if (answer.tool_calls.length > 0) return undefined;
      return empty
        ? ended('failed', 'error', {
            code: 'ANSWER_EMPTY',
            message: 'The model answered with nothing.',
            hint: 'Ask again with a more definite goal, or give the task to another model.',
          })
        : { status: 'completed', exit_reason: 'answered' };
  }
}

/** The ending of a child that was told to stop, after so many seconds if time was why. What it had said by then is kept. */
export function endingOfStop(cause: StopCause, timeout_seconds: number): Ending {
  if (cause === 'start') {
    return ended('timeout', 'timeout', {
      code: 'TIMEOUT',
      message: `The child never started: its tools (worktree, sandbox) did not open within ${timeout_seconds} seconds.`,
      hint: 'Nothing was asked of a model. See whether git, the sandbox and the disk answer, and start it again.',
    });
  }
  return cause === 'timeout'
    ? ended('timeout', 'timeout', {
        code: 'TIMEOUT',
        message: `The child did not end within its ${timeout_seconds} seconds.`,
        hint: 'Raise timeout_seconds or split the task.',
      })
    : ended('cancelled', 'cancelled', { code: 'CANCELLED', message: 'The child was stopped.', hint: '' });
}

/** The ending of a child whose run threw: a failed request, or one of our own errors. */
export function endingOfError(error: unknown, attempts: number): Ending {
  const failure = failureOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (failure === undefined) {
    const ours = error instanceof DelegateError;
    return ended(ours && error.code === 'LOST' ? 'lost' : 'failed', 'error', {
      code: ours ? error.code : 'INTERNAL',
      message,
      hint: ours ? error.hint : 'This is a defect of Yardmaster; please report it with the transcript.',
    });
  }
  const timedOut = failure.class === 'timeout_first_token' || failure.class === 'timeout_idle';
  const refused = failure.class === 'content_refusal';
  return ended(timedOut ? 'timeout' : 'failed', timedOut ? 'timeout' : refused ? 'refusal' : 'error', {
    code: timedOut ? 'TIMEOUT' : 'PROVIDER_FAILED',
    class: failure.class,
    message: attempts > 1 ? `${message} (asked ${attempts} times)` : message,
    hint: (error as DelegateError).hint,
    ...(failure.upstream === undefined ? {} : { upstream: failure.upstream }),
  });
}

/** The failure a provider adapter threw; undefined for anything else. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof DelegateError) || error.code !== PROVIDER_FAILED) return undefined;
  return typeof error.data.class === 'string' ? (error.data as unknown as Failure) : undefined;
}

export function ended(status: TerminalStatus, exit_reason: ExitReason, error: TaskError): Ending {
  return { status, exit_reason, error };
}
