import { covers, leastSpend, NOTHING, type Spend } from '../../core/budget/spend.ts';
import type { Route } from '../../core/route.ts';
import type { BudgetScope, Ledger } from './ledger.ts';

/** Output a request is given room for when its model's own limit is unknown. */
const USUAL_MAX_OUTPUT = 32_000;
/** Less room than this is not worth a request. */
const LEAST_OUTPUT = 256;

/** So often room in a shared budget is asked for where there is some and none came. */
const DRAWS = 20;

/** Room for one request, or why it may not leave. */
export type Grant =
  | {
      readonly granted: true;
      readonly max_output: number;
      readonly spend: Spend;
      /** The budget leaves it less output than its model has. */
      readonly cut: boolean;
    }
  | ({ readonly granted: false } & Shortage);

/** A budget that a request could pass. */
export interface Shortage {
  readonly because: 'exhausted' | 'unpriced';
  readonly kind: keyof Spend;
  readonly scope: BudgetScope;
  readonly limit: number;
  readonly used: number;
  readonly set_aside: number;
  /** What the request needs at least. */
  readonly needs: number;
}

/** What wants to leave. */
interface Wish {
  readonly route: Route;
  /** Tokens it sends, at most. */
  readonly input: number;
  readonly signal: AbortSignal;
  /** Told `true` when it has to wait, and then `false` when it goes on. */
  readonly onWait?: ((waits: boolean) => void) | undefined;
}

/**
 * Sets aside the worst case of a request in all the budgets that it counts in, at once where all have room for it. Waits
 * while other requests have set aside what it needs; stops waiting when the signal aborts. Whatever it gives must be settled.
 */
export function reserve(ledgers: readonly Ledger[], wish: Wish): Grant | Promise<Grant> {
  const worst = worstOf(wish);
  if (worst === undefined || !ledgers.every((ledger) => covers(ledger.left(), worst))) {
    return reserveInTime(ledgers, wish, worst);
  }
  for (const ledger of ledgers) ledger.hold(worst);
  return { granted: true, max_output: outputOf(wish.route), spend: worst, cut: false };
}

async function reserveInTime(ledgers: readonly Ledger[], wish: Wish, worst: Spend | undefined): Promise<Grant> {
  const { signal, onWait } = wish;
  let waits = false;
  const draws = ledgers.some(({ draw }) => draw !== undefined) ? DRAWS : 0;
  let missed = 0;
  try {
    for (;;) {
      for (const ledger of ledgers) if (worst !== undefined) await ledger.draw?.(worst);
      const best = grantOf(ledgers, wish, (ledger) => ledger.unused());
      if (!best.granted) return best;
      const grant = grantOf(ledgers, wish, (ledger) => ledger.left());
      const last = signal.aborted || !ledgers.some((ledger) => ledger.held());
      if (grant.granted && (last || grant.max_output >= best.max_output)) {
        for (const ledger of ledgers) ledger.hold(grant.spend);
        return grant;
      }
      // Others here may take what was drawn before this one comes to it: then it is drawn again.
      if (last && !signal.aborted && missed++ < draws) continue;
      if (last) return grant;
      missed = 0;
      if (!waits) onWait?.(true);
      waits = true;
      await change(ledgers, signal);
    }
  } finally {
    if (waits) onWait?.(false);
  }
}

/** Books what a request used. */
export function settle(ledgers: readonly Ledger[], grant: Grant | undefined, used: Spend): void {
  if (grant?.granted) for (const ledger of ledgers) ledger.settle(grant.spend, used);
}

/** What a request used whose usage is not known: its worst case. */
export function worstCase(grant: Grant | undefined): Spend {
  return grant?.granted ? grant.spend : NOTHING;
}

function change(ledgers: readonly Ledger[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      for (const stop of stops) stop();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const stops = ledgers.map((ledger) => ledger.watch(wake));
    signal.addEventListener('abort', wake);
  });
}

/** What the request could use were there no budget; undefined where its price is not known. */
function worstOf({ route, input }: Wish): Spend | undefined {
  const price = worstPrice(route);
  const output = outputOf(route);
  return price && { usd: input * price.in + output * price.out, tokens: input + output, turns: 1 };
}

function outputOf({ max_output = USUAL_MAX_OUTPUT }: Route): number {
  return max_output;
}

/** The room that budgets give a request: its output is capped by what its input leaves in each. */
function grantOf(ledgers: readonly Ledger[], { route, input }: Wish, room: (ledger: Ledger) => Spend): Grant {
  const wanted = outputOf(route);
  const least = Math.min(LEAST_OUTPUT, wanted);
  const known = worstPrice(route);
  const price = known ?? { in: 0, out: 0 };
  const needs = { usd: input * price.in + least * price.out, tokens: input + least, turns: 1 };
  for (const ledger of ledgers) {
    const has = room(ledger);
    if (known === undefined && ledger.budget.usd !== undefined) {
      return { granted: false, ...shortageOf(ledger, { kind: 'usd', needs: needs.usd, because: 'unpriced' }) };
    }
    if (covers(has, needs)) continue;
    const kind = has.turns < needs.turns ? 'turns' : has.tokens < needs.tokens ? 'tokens' : 'usd';
    return { granted: false, ...shortageOf(ledger, { kind, needs: needs[kind] }) };
  }
  const has = ledgers.map(room).reduce(leastSpend);
  const byUsd = price.out === 0 || has.usd === Infinity ? Infinity : (has.usd - input * price.in) / price.out;
  // A millionth of a token more: what was set aside for so many shall be room for so many.
  const max_output = Math.floor(Math.min(wanted, has.tokens - input, byUsd + 1e-6));
  const spend = { usd: input * price.in + max_output * price.out, tokens: input + max_output, turns: 1 };
  return { granted: true, max_output, spend, cut: max_output < wanted };
}

/** What is to be said of a budget that has less than is needed. */
export function shortageOf(
  ledger: Ledger,
  { kind, needs, because = 'exhausted' }: Pick<Shortage, 'kind' | 'needs'> & Partial<Pick<Shortage, 'because'>>,
): Shortage {
  const limit = ledger.budget[kind] ?? Infinity;
  const unused = ledger.unused()[kind];
  const set_aside = unused - ledger.left()[kind];
  return { because, kind, scope: ledger.scope, limit, used: limit - unused, set_aside, needs };
}

/** USD a token, at the dearest this route can be; undefined when that is not known. */
function worstPrice({ price }: Route): { readonly in: number; readonly out: number } | undefined {
  if (price?.in === undefined || price.out === undefined) return undefined;
  const tiers = price.tiers ?? [];
  const input = [price.in, price.cache_write ?? 0, ...tiers.flatMap((tier) => [tier.in ?? 0, tier.cache_write ?? 0])];
  return { in: Math.max(...input) / 1e6, out: Math.max(price.out, ...tiers.map((tier) => tier.out ?? 0)) / 1e6 };
}

/**
 * Tokens of usual text, rather too many: a third of its bytes. English has about four bytes a token, Chinese about three.
 * No bound: text that tokenizers take byte by byte can have up to three times as many (docs/delegation.md, budgets).
 */
export function tokensAtMost(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3);
}
