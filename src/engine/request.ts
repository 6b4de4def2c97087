import { afterFailure } from '../core/after-failure.ts';
import { type Ending, ended, endingOfError, endingOfStop, failureOf } from '../core/ending.ts';
import { historyOf } from '../core/history.ts';
import type { Answer, ErrorClass } from '../core/provider.ts';
import { type Route, routeLabel, type Verdict } from '../core/route.ts';
import { type Grant, reserve, settle } from './budget.ts';
import { type Child, countAbove, journal } from './child.ts';
import { showAgain } from './steering.ts';
import { countAnswer, countFailure, type Used } from './tally.ts';

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
  let attempts = 0;
  let waited_ms = 0;
  for (;;) {
    const grant = await reserve(child, { route: child.route, input: child.context, signal: sending.signal });
    if (sending.signal.aborted) {
      settle(child, grant, {});
      return { ending: stopped(child) };
    }
    if (grant !== undefined && !grant.granted) return { ending: endingOfBudget(child, grant) };
    attempts += 1;
    try {
      const answer = await child.conversation.send(
        grant === undefined ? sending : { ...sending, max_output: grant.max_output },
      );
      const counted = countAnswer(tally, child.route, answer);
      settle(child, grant, counted);
      countAbove(child, counted);
      return { answer, verdict: counted.verdict, capped: grant?.cut === true };
    } catch (error) {
      const failure = failureOf(error);
      const counted = failure === undefined ? {} : countFailure(tally, failure);
      settle(child, grant, counted);
      if (failure !== undefined && counted.used === undefined) countAbove(child, UNKNOWN);
      if (sending.signal.aborted) return { ending: stopped(child) };
      if (failure === undefined) return { ending: endingOfError(error, attempts) };
      const next = afterFailure(failure, {
        attempts,
        waited_ms,
        ...(child.timeout === undefined ? {} : { remaining_ms: child.timeout.at - run.deps.clock.now() }),
        fallback_on: run.deps.settings.fallback_on,
        has_fallback: tally.hops.length < child.plan.route.fallback.length,
        random: run.deps.clock.random(),
      });
      if (next.step === 'give_up') return { ending: endingOfError(error, attempts) };
      if (next.step === 'fall_back') {
        await hop(child, failure.class);
        attempts = 0;
        waited_ms = 0;
      } else {
        child.tell?.({ type: 'retry', class: failure.class, wait_ms: next.wait_ms, attempt: attempts });
        child.transcript?.write('note', `${failure.class}; asking again in ${next.wait_ms} ms`);
        waited_ms += next.wait_ms;
        await run.deps.clock.sleep(next.wait_ms, sending.signal);
        if (sending.signal.aborted) return { ending: stopped(child) };
      }
    }
  }
}

/** The ending of a child whose signal has aborted. */
export function stopped({ sending, timeout }: Child): Ending {
  return endingOfStop(sending.signal.reason, timeout?.seconds ?? 0);
}

/**
 * Goes on with the next route of the chain as a whole: its own adapter, endpoint, key, effort and limits.
 * The conversation so far is read back from the journal and encoded anew for it.
 */
async function hop(child: Child, because: ErrorClass): Promise<void> {
  const { plan, run, tally } = child;
  const used = [plan.route, ...plan.route.fallback.slice(0, tally.hops.length)];
  const to = plan.route.fallback[tally.hops.length]!;
  const hop = { from: routeLabel(child.route), to: routeLabel(to), because };
  child.unwritten.push({ kind: 'hop', hop });
  await journal(child);
  tally.hops.push(hop);
  child.tell?.({ type: 'fallback', to, because });
  child.transcript?.write('note', `${hop.from} failed (${because}); going on with ${hop.to}`);
  child.route = to;
  child.conversation = (await run.deps.providerFor(to)).open(to, child.setup);
  child.conversation.append(child.first);
  const written = await run.deps.store.journal(plan.id);
  const [, ...rest] = historyOf(written, { portable: used.some((from) => !sameAuthor(from, to)) });
  for (const message of rest) child.conversation.append(message);
  showAgain(child);
}

function sameAuthor(a: Route, b: Route): boolean {
  return a.provider === b.provider && a.model === b.model && a.wire === b.wire;
}

function endingOfBudget(child: Child, refused: Exclude<Grant, { granted: true }>): Ending {
  const limit = `${child.ledger.budget[refused.kind] ?? child.run.ledger.budget[refused.kind]} ${refused.kind}`;
  if (refused.because === 'unpriced') {
    return ended(child.tally.turns === 0 ? 'denied' : 'partial', 'budget', {
      code: 'BUDGET_EXCEEDED',
      message: `A budget of ${limit} cannot be kept on "${routeLabel(child.route)}": its price is not known.`,
      hint: "Declare its price under the provider's `models`, or limit `tokens` or `turns` instead of `usd`.",
    });
  }
  return ended(child.tally.turns === 0 ? 'denied' : 'partial', 'budget', {
    code: 'BUDGET_EXCEEDED',
    message: `The next request could pass the budget of ${limit}.`,
    hint: 'Raise the budget or split the task.',
  });
}
