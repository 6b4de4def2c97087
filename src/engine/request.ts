import { afterFailure } from '../core/after-failure.ts';
import { NOTHING } from '../core/budget/spend.ts';
import { type Ending, endingOfError, endingOfStop, failureOf } from '../core/ending.ts';
import { DelegateError } from '../core/errors.ts';
import { type Answer, type ErrorClass, type Failure, PROVIDER_FAILED, type SendOptions } from '../core/provider.ts';
import { type Route, routeLabel, type Verdict } from '../core/route.ts';
import { filterAnswer } from '../core/text/filter-answer.ts';
import { type Agent, journal } from './agent.ts';
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
export async function request(agent: Agent): Promise<Asked> {
  const { deps, sending, tally } = agent;
  const { clock, settings } = deps;
  let attempts = 0;
  let waited_ms = 0;
  if (isOverlong(agent)) await compact(agent);
  for (;;) {
    const asked = await askOnce(agent);
    if (!('error' in asked)) return asked;
    const { error } = asked;
    attempts += 1;
    const failure = failureOf(error);
    if (failure === undefined) return { ending: endingOfError(error, attempts) };
    if (failure.class === 'context_overflow' && (await compact(agent))) continue;
    const next = afterFailure(failure, {
      attempts,
      waited_ms,
      ...(agent.timeout === undefined ? {} : { remaining_ms: agent.timeout.at - clock.now() }),
      fallback_on: settings.fallback_on,
      has_fallback: tally.hops.length < agent.plan.route.fallback.length,
      random: clock.random(),
    });
    if (next.step === 'give_up') return { ending: endingOfError(error, attempts) };
    if (next.step === 'fall_back') {
      await hop(agent, failure.class);
      if (isOverlong(agent)) await compact(agent);
      attempts = 0;
      waited_ms = 0;
    } else {
      agent.tell?.({ type: 'retry', class: failure.class, wait_ms: next.wait_ms, attempt: attempts });
      agent.transcript?.write('note', `${failure.class}; asking again in ${next.wait_ms} ms`);
      waited_ms += next.wait_ms;
      await clock.sleep(next.wait_ms, sending.signal);
      if (sending.signal.aborted) return { ending: stopped(agent) };
    }
  }
}

/** The ending of a child whose signal has aborted. */
export function stopped({ sending, timeout }: Pick<Agent, 'sending' | 'timeout'>): Ending {
  return endingOfStop(sending.signal.reason, timeout?.seconds ?? 0);
}

/** What one request needs of the agent that it is for. */
export type Asker = Pick<
  Agent,
  | 'deps'
  | 'batch'
  | 'ledgers'
  | 'sending'
  | 'timeout'
  | 'tally'
  | 'tell'
  | 'endDeltas'
  | 'onUsed'
  | 'route'
  | 'conversation'
  | 'context'
>;

/** One request, when the budgets have room for it and the account bears it. Never retries. */
export async function askOnce(agent: Asker): Promise<Asked | { readonly error: unknown }> {
  const { deps, sending, tally, route, ledgers, batch } = agent;
  const { governor } = deps;
  const { signal } = sending;
  let closed_ms = governor.closed(route);
  if (closed_ms !== undefined) return { error: closedFailure(route, closed_ms) };
  let grant: Grant | undefined;
  let permit: Permit | undefined;
  try {
    if (ledgers.length > 0) {
      const wish = { route, input: agent.context, signal, onWait: tellWaits(agent, 'budget') };
      const reserving = reserve(ledgers, wish);
      grant = reserving instanceof Promise ? await reserving : reserving;
      if (!grant.granted && !signal.aborted) return { ending: endingOfBudget(agent, grant) };
    }
    const entering = governor.enter(route, {
      tokens: agent.context,
      batch,
      signal,
      onWait: tellWaits(agent, 'rate'),
    });
    if (!(entering instanceof Promise)) permit = entering;
    else {
      permit = await entering;
      closed_ms = governor.closed(route);
    }
  } catch (error) {
    settle(ledgers, grant, NOTHING);
    return { error };
  }
  if (signal.aborted) {
    settle(ledgers, grant, NOTHING);
    if (permit !== undefined) permit.lane.leave(permit, { answered: false });
    return { ending: stopped(agent) };
  }
  if (closed_ms !== undefined) {
    settle(ledgers, grant, NOTHING);
    permit?.lane.leave(permit, { answered: false });
    return { error: closedFailure(route, closed_ms) };
  }
  try {
    const said = await agent.conversation.send(optionsOf(agent, grant));
    agent.endDeltas?.();
    const answer = filterAnswer(said, deps.filter);
    const counted = countAnswer(tally, route, answer);
    settle(ledgers, grant, counted.used ?? worstCase(grant));
    agent.onUsed?.(counted);
    permit?.lane.leave(permit, { answered: true, tokens: counted.used?.tokens });
    return { answer, verdict: counted.verdict, capped: grant?.granted === true && grant.cut };
  } catch (error) {
    agent.endDeltas?.();
    const failure = failureOf(error);
    const used = failure && countFailure(tally, route, failure).used;
    settle(ledgers, grant, used ?? { ...worstCase(grant), turns: 0 });
    if (failure !== undefined) {
      if (used === undefined) agent.onUsed?.(UNKNOWN);
      governor.failed(route, failure, permit);
    }
    permit?.lane.leave(permit, { answered: false, tokens: used?.tokens });
    return signal.aborted ? { ending: stopped(agent) } : { error };
  }
}

/** The limits of one request: those of all, and what budget and window leave it. */
function optionsOf(agent: Asker, grant: Grant | undefined): SendOptions {
  const room = roomLeft(agent);
  if (!grant?.granted && room === undefined) return agent.sending;
  return {
    ...agent.sending,
    ...(grant?.granted && { max_output: grant.max_output }),
    ...(room !== undefined && { room }),
  };
}

function tellWaits({ tell }: Asker, reason: 'rate' | 'budget'): ((waits: boolean) => void) | undefined {
  return tell && ((waits) => tell({ type: 'waiting', reason, state: waits ? 'begun' : 'over' }));
}

/** What a child hears whose provider has refused others for so long, or until then, that it is not asked. */
function closedFailure(route: Route, ms: number): DelegateError {
  const data: Failure = { class: 'rate_limit', retry_after_ms: ms };
  return new DelegateError(
    PROVIDER_FAILED,
    `"${routeLabel(route)}" was not asked: its provider takes no requests of this account for ${Math.ceil(ms / 1000)} more seconds.`,
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
async function hop(agent: Agent, because: ErrorClass): Promise<void> {
  const { plan, tally } = agent;
  const to = plan.route.fallback[tally.hops.length]!;
  const hop = { from: routeLabel(agent.route), to: routeLabel(to), because };
  agent.unwritten.push({ kind: 'hop', hop });
  await journal(agent);
  tally.hops.push(hop);
  agent.tell?.({ type: 'fallback', to, because });
  agent.transcript?.write('note', `${hop.from} failed (${because}); going on with ${hop.to}`);
  agent.route = to;
  agent.authors.push(to);
  await reopen(agent);
}
