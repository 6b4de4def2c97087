import { type Ending, endingOfError } from '../core/ending.ts';
import type { Steer, TaskError, TaskResult } from '../core/result.ts';
import type { JournalEntry, TaskPlan } from '../core/store.ts';
import { cutText } from '../core/text/cut-text.ts';
import type { Remains } from '../core/tool.ts';
import type { Transcript } from '../core/transcript.ts';
import { type Run, takenOver } from './child.ts';
import type { EngineDeps } from './deps.ts';
import { receiptOf, spendByRoute, type Tally, totalOf } from './limits/tally.ts';

export interface Ended {
  /** Absent when it was never claimed. */
  readonly attempt: number | undefined;
  readonly ending: Ending;
  readonly tally: Tally;
  readonly transcript: Transcript | undefined;
  /** Files and worktree, when it may have changed any. */
  readonly remains?: Remains | undefined;
  readonly steers?: readonly Steer[] | undefined;
  /** Steps that are not in the journal yet; they are written with the result. */
  readonly entries: readonly JournalEntry[];
  readonly queued_ms: number;
  readonly total_ms: number;
}

/**
 * Puts the result together and writes it, in one write with the last steps. A result that cannot be written is
 * given back all the same, and says so: never `completed`, because the record will not say that either.
 */
export async function finish(run: Run, plan: TaskPlan, end: Ended): Promise<TaskResult> {
  const result = await resultOf(run.deps, plan, end);
  end.transcript?.write('note', `${result.status}${result.error === undefined ? '' : `: ${result.error.message}`}`);
  end.transcript?.end();
  const { attempt, ending } = end;
  if (ending.status === 'lost') return (await written(run, plan)) ?? result;
  try {
    const { store } = run.deps;
    const ended =
      attempt === undefined
        ? await store.drop(plan.id, result)
        : await store.finish(plan.id, attempt, result, end.entries);
    if (ended) return result;
    const other = await written(run, plan);
    if (other !== undefined) return other;
    throw takenOver();
  } catch (error) {
    const { status, error: why } = endingOfError(error, 1);
    if (status === 'lost') {
      return { ...result, status, exit_reason: 'error', error: why!, cost: { ...result.cost, complete: false } };
    }
    return result.status === 'completed' ? { ...result, status: 'partial', exit_reason: 'error', error: why! } : result;
  }
}

/** What another process ended the task with: it was dropped while it was queued, or given up for lost. */
async function written({ deps }: Run, { id }: TaskPlan): Promise<TaskResult | undefined> {
  const task = await deps.store.task(id).catch(() => undefined);
  return task?.result;
}

/** The result as it is handed over and stored; nothing is written but a text too long for a summary. */
export async function resultOf(
  deps: Pick<EngineDeps, 'redact' | 'filter' | 'settings' | 'transcripts'>,
  plan: TaskPlan,
  { ending, tally, transcript, ...end }: Omit<Ended, 'attempt' | 'entries'>,
): Promise<TaskResult> {
  const { redact, filter, settings, transcripts } = deps;
  const text = filter(tally.text);
  const { max_summary_chars } = settings.limits;
  const { usage, usd, complete } = totalOf(tally);
  const { below, on_parent } = tally;
  const by_route = spendByRoute(plan, tally);
  const full_ref =
    text.length > max_summary_chars ? await transcripts?.saveFull(plan.id, text).catch(() => undefined) : undefined;
  return {
    index: plan.index,
    id: plan.id,
    status: ending.status,
    summary: cutText(text, max_summary_chars, full_ref === undefined ? 'the journal has it' : `it is in ${full_ref}`),
    ...(full_ref === undefined ? {} : { full_ref }),
    ...(ending.output === undefined ? {} : { output: ending.output }),
    ...(ending.error === undefined ? {} : { error: redacted(ending.error, redact) }),
    route: receiptOf(plan, tally),
    usage,
    // What another process spends on a task taken over is not known here.
    cost: { usd, complete: complete && ending.status !== 'lost' },
    ...(below && { own: { usage: tally.usage, cost: { usd: tally.usd, complete: tally.complete } } }),
    ...(by_route && { by_route }),
    ...(on_parent && { cost_on_parent_route: { usd: on_parent.usd, complete: on_parent.complete } }),
    turns: tally.turns,
    tool_calls: tally.tool_calls,
    timing: {
      queued_ms: Math.max(0, end.queued_ms),
      ...(tally.first_token_ms === undefined ? {} : { first_token_ms: tally.first_token_ms }),
      total_ms: Math.max(0, end.total_ms),
    },
    exit_reason: ending.exit_reason,
    ...(end.steers && { steers: end.steers }),
    artifacts: [],
    ...end.remains,
    ...(transcript === undefined ? {} : { transcript: transcript.path }),
  };
}

function redacted(error: TaskError, redact: (text: string) => string): TaskError {
  return {
    ...error,
    message: redact(error.message),
    ...(error.upstream === undefined ? {} : { upstream: redact(error.upstream) }),
  };
}
