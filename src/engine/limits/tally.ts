import { costOf } from '../../core/budget/cost.ts';
import { NOTHING, type Spend } from '../../core/budget/spend.ts';
import { addUsage, NO_USAGE } from '../../core/budget/sum-results.ts';
import type { Answer, Failure, Usage } from '../../core/provider.ts';
import type { Cost, RouteSpend } from '../../core/result.ts';
import type { Hop, Price, Receipt, ReceiptRoute, Route, Sent, Verdict } from '../../core/route.ts';
import { cutName } from '../../core/routing/parse-name.ts';
import { verifyServed } from '../../core/routing/served-model.ts';
import type { TaskPlan } from '../../core/store.ts';

/** What a child has used and shown so far. It grows with each answer; the result is read from it at the end. */
export interface Tally {
  usage: Usage;
  usd: number;
  /** False once some request's usage or price is unknown. */
  complete: boolean;
  /** What the tasks below it have used so far; absent = it has not delegated. */
  below?: { usage: Usage; usd: number; complete: boolean };
  /** What all of this would have cost on the parent's model; absent = its price is not known. */
  readonly on_parent?: { readonly price: Price; usd: number; complete: boolean };
  turns: number;
  tool_calls: number;
  /** The last text that was not blank. */
  text: string;
  first_token_ms?: number;
  /** The route of the last request that left; what was sent and served is of this one. */
  ran_on?: Route;
  sent?: Sent;
  served?: string;
  verified?: Verdict;
  readonly request_ids: string[];
  readonly hops: Hop[];
  readonly notes: string[];
  /** Its own part of it all, by route. */
  readonly by_route: Map<Route, { usage: Usage; usd: number; complete: boolean; turns: number }>;
}

export function createTally(parent_price?: Price): Tally {
  return {
    usage: NO_USAGE,
    usd: 0,
    complete: true,
    turns: 0,
    tool_calls: 0,
    text: '',
    request_ids: [],
    hops: [],
    notes: [],
    by_route: new Map(),
    ...(parent_price && { on_parent: { price: parent_price, usd: 0, complete: true } }),
  };
}

/** What a request used. Absent usage = not known. */
export interface Used {
  readonly usage: Usage | undefined;
  readonly cost: Cost;
}

/** Counts what a task below has used: in one request or, `summed`, in all of its own. */
export function countBelow(tally: Tally, { usage, cost }: Used, summed = false): void {
  tally.below ??= { usage: NO_USAGE, usd: 0, complete: true };
  if (usage !== undefined) tally.below.usage = addUsage(tally.below.usage, usage);
  tally.below.usd += cost.usd;
  tally.below.complete &&= cost.complete;
  countOnParent(tally, usage, summed);
}

/** With everything below it. */
export function totalOf({ usage, usd, complete, below }: Tally): { usage: Usage; usd: number; complete: boolean } {
  if (below === undefined) return { usage, usd, complete };
  return { usage: addUsage(usage, below.usage), usd: usd + below.usd, complete: complete && below.complete };
}

function countOnParent({ on_parent }: Tally, usage: Usage | undefined, summed = false): void {
  if (on_parent === undefined) return;
  const { tiers, ...base } = on_parent.price;
  // A tier goes by the size of one request, and of a sum nobody knows that.
  const cost = costOf(usage, summed ? base : on_parent.price);
  on_parent.usd += cost.usd;
  on_parent.complete &&= cost.complete && !(summed && tiers !== undefined);
}

/**
 * Counts an answer that came over `route`. Gives whether the model asked for gave it,
 * and what the request used; absent `used` = not known.
 */
export function countAnswer(tally: Tally, route: Route, answer: Answer): Used & { verdict: Verdict; used?: Spend } {
  const usage = saidUsage(answer);
  const cost = costOf(usage, route.price);
  goOver(tally, route);
  for (const sum of [tally, spentOver(tally, route)]) {
    if (usage !== undefined) sum.usage = addUsage(sum.usage, usage);
    sum.usd += cost.usd;
    sum.complete &&= cost.complete;
    sum.turns += 1;
  }
  countOnParent(tally, usage);
  tally.tool_calls += answer.tool_calls.length;
  tally.first_token_ms ??= answer.first_token_ms;
  tally.sent = answer.sent;
  if (answer.text.trim() !== '') tally.text = answer.text;
  if (answer.request_id !== undefined) tally.request_ids.push(cutName(answer.request_id));
  for (const note of answer.notes) if (!tally.notes.includes(note)) tally.notes.push(note);
  const verdict = verifyServed(route, answer.served_model);
  // The worst answer speaks for the child: one mismatch is a mismatch, however many matched.
  if (verdict === 'mismatch') {
    if (tally.verified !== 'mismatch' && answer.served_model !== undefined) tally.served = cutName(answer.served_model);
    tally.verified = 'mismatch';
  } else if (tally.verified !== 'mismatch') {
    if (answer.served_model !== undefined) tally.served = cutName(answer.served_model);
    tally.verified = tally.verified === 'unreported' ? 'unreported' : verdict;
  }
  if (usage === undefined) return { verdict, usage, cost };
  return { verdict, usage, cost, used: { usd: cost.usd, tokens: usage.input + usage.output, turns: 1 } };
}

/** A request left over `route`: what the answers of another one said is not said of this one. */
function goOver(tally: Tally, route: Route): void {
  if (tally.ran_on !== undefined && tally.ran_on !== route && tally.verified !== 'mismatch') {
    delete tally.served;
    delete tally.verified;
  }
  tally.ran_on = route;
}

function spentOver({ by_route }: Tally, route: Route): { usage: Usage; usd: number; complete: boolean; turns: number } {
  let spent = by_route.get(route);
  if (spent === undefined) {
    spent = { usage: NO_USAGE, usd: 0, complete: true, turns: 0 };
    by_route.set(route, spent);
  }
  return spent;
}

/**
 * Counts a request over `route` that failed: what it left, and that the cost is unknown where something may have been billed.
 * Gives what it used, as `countAnswer` does.
 */
export function countFailure(tally: Tally, route: Route, failure: Failure): { used?: Spend } {
  if (failure.sent !== undefined) {
    goOver(tally, route);
    tally.sent = failure.sent;
  }
  if (failure.request_id !== undefined) tally.request_ids.push(cutName(failure.request_id));
  const { partial } = failure;
  if (partial !== undefined && partial.text.trim() !== '') tally.text = partial.text;
  const arrived = partial !== undefined && partial.text + partial.reasoning !== '';
  if (arrived || (failure.sent !== undefined && MAY_BE_BILLED.has(failure.class))) {
    tally.complete = false;
    spentOver(tally, route).complete = false;
    countOnParent(tally, undefined);
    return {};
  }
  return { used: NOTHING };
}

/** Classes of requests that reached a model, as far as one can know. An HTTP error is not billed by any provider known. */
const MAY_BE_BILLED: ReadonlySet<Failure['class']> = new Set([
  'cut',
  'network',
  'timeout_first_token',
  'timeout_idle',
  'protocol',
  'cancelled',
  'unknown',
]);

/** The receipt, from what was planned and what was seen; nothing of it is read from the request alone. */
export function receiptOf(plan: TaskPlan, tally: Tally): Receipt {
  const { ran_on } = tally;
  return {
    requested: plan.requested,
    resolved: receiptRoute(plan.route),
    source: plan.source,
    ...(ran_on === undefined || ran_on === plan.route ? {} : { ran_on: receiptRoute(ran_on) }),
    ...(tally.sent === undefined ? {} : { sent: tally.sent }),
    served: {
      ...(tally.served === undefined ? {} : { model: tally.served }),
      verified: tally.verified ?? 'unreported',
      request_ids: tally.request_ids,
    },
    hops: tally.hops,
    notes: tally.notes.length === 0 ? plan.notes : [...plan.notes, ...tally.notes],
  };
}

/** What it spent over each route; undefined when all of it went over the planned one. */
export function spendByRoute(plan: TaskPlan, { by_route }: Tally): readonly RouteSpend[] | undefined {
  const routes = [...by_route.keys()];
  if (routes.every((route) => route === plan.route)) return undefined;
  return [...by_route].map(([route, { usage, usd, complete, turns }]) => ({
    route: receiptRoute(route),
    usage,
    cost: { usd, complete },
    turns,
  }));
}

/** A route as receipts name it. */
export function receiptRoute({
  provider,
  model,
  wire,
  authority,
  reasoning_effort,
  name,
  simulated,
}: Route): ReceiptRoute {
  return {
    provider,
    model,
    wire,
    authority,
    ...(reasoning_effort === undefined ? {} : { reasoning_effort }),
    ...(name === undefined ? {} : { name }),
    ...(simulated === undefined ? {} : { simulated }),
  };
}

/** A server that counts zero tokens for an answer that has some reports nothing. */
function saidUsage(answer: Answer): Usage | undefined {
  const { usage } = answer;
  const said = answer.text !== '' || answer.tool_calls.length > 0;
  return usage !== undefined && usage.output === 0 && usage.input === 0 && said ? undefined : usage;
}
