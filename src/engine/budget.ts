import { lowestBudget } from '../core/preflight.ts';
import type { Route } from '../core/route.ts';
import type { Budget } from '../core/task.ts';

/** What a request may use at most, or did use. */
export interface Spend {
  readonly usd: number;
  readonly tokens: number;
}

/**
 * Keeps a budget of usd and tokens (turns are counted by the loop) by reservation: a request's worst case is set aside before it leaves and what it really
 * used is booked when it ends, so requests in flight together can never pass the budget together.
 */
export interface Ledger {
  /** No budget: nothing needs to be set aside. */
  readonly open: boolean;
  readonly budget: Budget;
  /** What is neither used nor set aside. Infinity where the budget says nothing. */
  left(): Spend;
  /** True while requests in flight hold something that may come back. */
  held(): boolean;
  hold(spend: Spend): void;
  /** Ends a hold with what was used. */
  settle(held: Spend, used: Spend): void;
  /** Resolves when a hold ends or `signal` aborts. */
  change(signal: AbortSignal): Promise<void>;
}

export function createLedger(budget: Budget | undefined): Ledger {
  const limits = budget ?? {};
  let usd = limits.usd ?? Infinity;
  let tokens = limits.tokens ?? Infinity;
  let holds = 0;
  const waiting = new Set<() => void>();
  return {
    open: limits.usd === undefined && limits.tokens === undefined,
    budget: limits,
    left: () => ({ usd, tokens }),
    held: () => holds > 0,
    hold(spend) {
      holds += 1;
      usd -= spend.usd;
      tokens -= spend.tokens;
    },
    settle(held, used) {
      holds -= 1;
      usd += held.usd - used.usd;
      tokens += held.tokens - used.tokens;
      const woken = [...waiting];
      waiting.clear();
      for (const wake of woken) wake();
    },
    change: (signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      }),
  };
}

/**
 * The ledger of a call that a child makes: what its requests set aside is set aside in all those above as well,
 * outermost last.
 */
export function nestLedger(budget: Budget | undefined, above: readonly Ledger[]): Ledger {
  const own = createLedger(budget);
  const all = [own, ...above];
  return {
    open: all.every((ledger) => ledger.open),
    budget: lowestBudget(all.map((ledger) => ledger.budget)) ?? {},
    left: () => all.map((ledger) => ledger.left()).reduce(least),
    held: () => all.some((ledger) => ledger.held()),
    hold: (spend) => {
      for (const ledger of all) ledger.hold(spend);
    },
    settle: (held, used) => {
      for (const ledger of all) ledger.settle(held, used);
    },
    // Whatever is settled in the tree is settled in the outermost.
    change: (signal) => all.at(-1)!.change(signal),
  };
}

/** Output a request is given room for when its model's own limit is unknown. */
const USUAL_MAX_OUTPUT = 32_000;
/** Less room than this is not worth a request. */
const LEAST_OUTPUT = 256;

/** Room for one request, or why it may not leave. */
export type Grant =
  | { readonly granted: true; readonly max_output: number; readonly spend: Spend; readonly cut: boolean }
  | { readonly granted: false; readonly because: 'exhausted' | 'unpriced'; readonly kind: keyof Spend };

interface Ledgers {
  /** The child's own. */
  readonly ledger: Ledger;
  /** The one it shares with its siblings. */
  readonly run: { readonly ledger: Ledger };
}

/**
 * Sets aside the worst case of a request with at most `input` tokens, in both ledgers. Waits while siblings'
 * requests hold what it needs; stops waiting when `signal` aborts. Undefined: there is no budget to keep.
 * Whatever it gives must be settled.
 */
export async function reserve(
  { ledger: own, run: { ledger: shared } }: Ledgers,
  { route, input, signal }: { readonly route: Route; readonly input: number; readonly signal: AbortSignal },
): Promise<Grant | undefined> {
  if (own.open && shared.open) return undefined;
  for (;;) {
    const alone = grantOf(route, input, own.left());
    if (!alone.granted) return alone;
    const grant = grantOf(route, input, least(own.left(), shared.left()));
    const last = !shared.held() || signal.aborted;
    if (grant.granted && (last || grant.max_output >= alone.max_output)) {
      own.hold(grant.spend);
      shared.hold(grant.spend);
      return grant;
    }
    if (last || (!grant.granted && grant.because === 'unpriced')) return grant;
    await shared.change(signal);
  }
}

/** Books what a request used; where that is not known, its worst case. */
export function settle(
  { ledger: own, run: { ledger: shared } }: Ledgers,
  grant: Grant | undefined,
  { used }: { readonly used?: Spend },
): void {
  if (!grant?.granted) return;
  own.settle(grant.spend, used ?? grant.spend);
  shared.settle(grant.spend, used ?? grant.spend);
}

function least(a: Spend, b: Spend): Spend {
  return { usd: Math.min(a.usd, b.usd), tokens: Math.min(a.tokens, b.tokens) };
}

/** The room `left` gives a request: its output is capped by what its input leaves; `cut` says the cap is below the model's own. */
function grantOf(route: Route, input: number, left: Spend): Grant {
  const wanted = route.max_output ?? USUAL_MAX_OUTPUT;
  const price = left.usd === Infinity ? { in: 0, out: 0 } : worstPrice(route);
  if (price === undefined) return { granted: false, because: 'unpriced', kind: 'usd' };
  const byTokens = left.tokens - input;
  const rest = left.usd - input * price.in;
  const byUsd = price.out === 0 ? (rest < 0 ? 0 : Infinity) : rest / price.out;
  const max_output = Math.floor(Math.min(wanted, byTokens, byUsd));
  if (max_output < Math.min(LEAST_OUTPUT, wanted)) {
    return { granted: false, because: 'exhausted', kind: byTokens < byUsd ? 'tokens' : 'usd' };
  }
  const spend = { usd: input * price.in + max_output * price.out, tokens: input + max_output };
  return { granted: true, max_output, spend, cut: max_output < wanted };
}

/** USD a token, at the dearest this route can be; undefined when that is not known. */
function worstPrice({ price }: Route): { readonly in: number; readonly out: number } | undefined {
  if (price?.in === undefined || price.out === undefined) return undefined;
  const tiers = price.tiers ?? [];
  const input = [price.in, price.cache_write ?? 0, ...tiers.flatMap((tier) => [tier.in ?? 0, tier.cache_write ?? 0])];
  return { in: Math.max(...input) / 1e6, out: Math.max(price.out, ...tiers.map((tier) => tier.out ?? 0)) / 1e6 };
}

/** Tokens of a text, from above: a third of its bytes. English has about four bytes a token, Chinese about three. */
export function tokensAtMost(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3);
}
