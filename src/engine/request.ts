import { afterFailure } from '../core/after-failure.ts';
import { NOTHING } from '../core/budget/spend.ts';
import { type Ending, endingOfError, endingOfStop, failureOf } from '../core/ending.ts';
import { DelegateError } from '../core/errors.ts';
import { type Answer, type ErrorClass, type Failure, PROVIDER_FAILED, type SendOptions } from '../core/provider.ts';
import { type Route, routeLabel, type Verdict } from '../core/route.ts';
import { filterAnswer } from '../core/text/filter-answer.ts';
import { type Child, countAbove, journal } from './child.ts';
import { compact, isOverlong, roomLeft } from './compact.ts';
import { type Grant, reserve, settle, worstCase } from './limits/budget.ts';
import { endingOfBudget } from './limits/ending-of-budget.ts';
import type { Permit } from './limits/lane.ts';
import { countAnswer, countFailure, type Used } from './limits/tally.ts';
import { reopen } from './reopen.ts';

export type Asked =
  | {
      readonly answer: Answer;
      readonly verdict: Verdict;
      /** A budget let it write less than the model could. */
      readonly capped: boolean;
    }
  | { readonly ending: Ending };

/** Of a request that may have been billed. */
const UNKNOWN: Used = { usage: undefined, cost: { usd: 0, complete: false } };

/**
 * One answer for the conversation as it stands: with retries, and hops along the route's own chain, by error
 * class. The conversation goes on where it was; nothing that ran is run again.
 */
export async function request(child: Child): Promise<Asked> {
  const { run, sending, tally } = child;
  const { clock, settings } = run.deps;
  let attempts = 0;
  let waited_ms = 0;
  if (isOverlong(child)) await compact(child);
  for (;;) {
    const asked = await askOnce(child);
    if (!('error' in asked)) return asked;
    const { error } = asked;
    attempts += 1;
    const failure = failureOf(error);
    if (failure === undefined) return { ending: endingOfError(error, attempts) };
    if (failure.class === 'context_overflow' && (await compact(child))) continue;
    const next = afterFailure(failure, {
      attempts,
      waited_ms,
      ...(child.timeout === undefined ? {} : { remaining_ms: child.timeout.at - clock.now() }),
      fallback_on: settings.fallback_on,
      has_fallback: tally.hops.length < child.plan.route.fallback.length,
      random: clock.random(),
    });
    if (next.step === 'give_up') return { ending: endingOfError(error, attempts) };
    if (next.step === 'fall_back') {
      await hop(child, failure.class);
      if (isOverlong(child)) await compact(child);
      attempts = 0;
      waited_ms = 0;
    } else {
      child.tell?.({ type: 'retry', class: failure.class, wait_ms: next.wait_ms, attempt: attempts });
      child.transcript?.write('note', `${failure.class}; asking again in ${next.wait_ms} ms`);
      waited_ms += next.wait_ms;
      await clock.sleep(next.wait_ms, sending.signal);
      if (sending.signal.aborted) return { ending: stopped(child) };
    }
  }
}

/** The ending of a child whose signal has aborted. */
export function stopped({ sending, timeout }: Child): Ending {
  return endingOfStop(sending.signal.reason, timeout?.seconds ?? 0);
}

/** One request, when the budgets have room for it and the account bears it. */
async function askOnce(child: Child): Promise<Asked | { readonly error: unknown }> {
  const { run, sending, tally, route, ledgers } = child;
  const { governor } = run.deps;
  const { signal } = sending;
  const closed_ms = governor.closed(route);
  if (closed_ms !== undefined) return { error: closedFailure(route, closed_ms) };
  let grant: Grant | undefined;
  let permit: Permit | undefined;
  try {
    if (ledgers.length > 0) {
      grant = await reserve(ledgers, { route, input: child.context, signal, onWait: tellWaits(child, 'budget') });
      if (!grant.granted && !signal.aborted) return { ending: endingOfBudget(child, grant) };
    }
    const batch = run.of.delegation_id;
    const entering = governor.enter(route, {
      tokens: child.context,
      batch,
      signal,
      onWait: tellWaits(child, 'rate'),
    });
    permit = entering instanceof Promise ? await entering : entering;
  } catch (error) {
    settle(ledgers, grant, NOTHING);
    return { error };
  }
  if (signal.aborted) {
    settle(ledgers, grant, NOTHING);
    if (permit !== undefined) permit.lane.leave(permit, { answered: false });
    return { ending: stopped(child) };
  }
  try {
    const said = await child.conversation.send(optionsOf(child, grant));
    child.endDeltas?.();
    const answer = filterAnswer(said, run.deps.filter);
    const counted = countAnswer(tally, route, answer);
    settle(ledgers, grant, counted.used ?? worstCase(grant));
    countAbove(child, counted);
    permit?.lane.leave(permit, { answered: true, tokens: counted.used?.tokens });
    return { answer, verdict: counted.verdict, capped: grant?.granted === true && grant.cut };
  } catch (error) {
    child.endDeltas?.();
    const failure = failureOf(error);
    const used = failure && countFailure(tally, route, failure).used;
    settle(ledgers, grant, used ?? { ...worstCase(grant), turns: 0 });
    if (failure !== undefined) {
      if (used === undefined) countAbove(child, UNKNOWN);
      governor.failed(route, failure, permit);
    }
    permit?.lane.leave(permit, { answered: false, tokens: used?.tokens });
    return signal.aborted ? { ending: stopped(child) } : { error };
  }
}

/** The limits of one request: those of all, and what budget and window leave it. */
function optionsOf(child: Child, grant: Grant | undefined): SendOptions {
  const room = roomLeft(child);
  if (!grant?.granted && room === undefined) return child.sending;
  return {
    ...child.sending,
    ...(grant?.granted && { max_output: grant.max_output }),
    ...(room !== undefined && { room }),
  };
}

function tellWaits({ tell }: Child, reason: 'rate' | 'budget'): ((waits: boolean) => void) | undefined {
  return tell && ((waits) => tell({ type: 'waiting', reason, state: waits ? 'begun' : 'over' }));
}

/** What a child hears whose provider has said, to another, that nobody need ask for longer than anybody waits. */
function closedFailure(route: Route, ms: number): DelegateError {
  const data: Failure = { class: 'rate_limit', retry_after_ms: ms };
  return new DelegateError(
    PROVIDER_FAILED,
    `"${routeLabel(route)}" was not asked: its provider has said to wait ${Math.ceil(ms / 1000)} more seconds.`,
    {
      hint: 'Ask later, or write a fallback on the route.',
      retryable: true,
      data: { ...data },
    },
  );
}

/**
 * Goes on with the next route of the chain as a whole: its own adapter, endpoint, key, effort, limits and price.
 * The conversation so far is read back from the journal and encoded anew for it.
 */
async function hop(child: Child, because: ErrorClass): Promise<void> {
  const { plan, tally } = child;
  const to = plan.route.fallback[tally.hops.length]!;
  const hop = { from: routeLabel(child.route), to: routeLabel(to), because };
  child.unwritten.push({ kind: 'hop', hop });
  await journal(child);
  tally.hops.push(hop);
  child.tell?.({ type: 'fallback', to, because });
  child.transcript?.write('note', `${hop.from} failed (${because}); going on with ${hop.to}`);
  child.route = to;
  await reopen(child);
}
