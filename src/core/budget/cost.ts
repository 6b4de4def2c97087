import type { Usage } from '../provider.ts';
import type { Cost } from '../result.ts';
import type { Price } from '../route.ts';

const MILLION = 1_000_000;

/**
 * What one request cost in USD. `usage.input` includes cached tokens and `usage.output` includes reasoning,
 * so each token is counted once: cached ones at their own price where the price list has one, else as input
 * (which is the most that reading can cost, and the least that writing does).
 *
 * `complete: false` when the usage is unknown or a kind of token that occurred has no price; `usd` then holds
 * what is known, so that the true cost is at least that. `{ in: 0, out: 0 }` is a known price of zero.
 */
export function costOf(usage: Usage | undefined, price: Price | undefined): Cost {
  if (usage === undefined || price === undefined) return { usd: 0, complete: false };
  const rate = priceAt(price, usage.input);
  const plain = Math.max(0, usage.input - usage.cache_read - usage.cache_write);
  let usd = 0;
  let complete = true;
  const charge = (tokens: number, perMillion: number | undefined): void => {
    if (tokens <= 0) return;
    if (perMillion === undefined) complete = false;
    else usd += (tokens * perMillion) / MILLION;
  };
  charge(plain, rate.in);
  charge(usage.cache_read, rate.cache_read ?? rate.in);
  charge(usage.cache_write, rate.cache_write ?? rate.in);
  // Writing to a cache costs more than input where it costs anything of its own.
  if (usage.cache_write > 0 && rate.cache_write === undefined && rate.in !== 0) complete = false;
  charge(usage.output, rate.out);
  return { usd, complete };
}

/** The sum is complete only when every part is. */
export function sumCosts(costs: Iterable<Cost>): Cost {
  let usd = 0;
  let complete = true;
  for (const cost of costs) {
    usd += cost.usd;
    complete &&= cost.complete;
  }
  return { usd, complete };
}

/** The price list that holds for a request with this many input tokens: the highest tier it reaches. */
function priceAt(price: Price, input: number): Price {
  const tier = price.tiers?.findLast((candidate) => input >= candidate.above);
  return tier === undefined ? price : { ...price, ...tier };
}

/** The dearest output price of a price list, over all tiers; undefined = unknown. USD per million tokens. */
export function highestOutputPrice(price: Price | undefined): number | undefined {
  if (price?.out === undefined) return undefined;
  return Math.max(price.out, ...(price.tiers ?? []).map((tier) => tier.out ?? 0));
}

/** An estimate before anything ran. `usd` bounds are absent where the price is unknown. */
export interface PriceBand {
  readonly low_usd?: number;
  readonly high_usd?: number;
  /** False when some part of it has no known price. */
  readonly complete: boolean;
}

/**
 * What a child may cost. Assumptions, stated so that they can be argued with (they are not measurements):
 * low = 2 turns, 500 output tokens; high = 20 turns, 8,000 output tokens; each turn reads the prompt again
 * (no cache), plus 2,000 tokens of system text and tools, plus half of what was written so far.
 */
export const BAND_ASSUMPTIONS = {
  low: { turns: 2, output_tokens: 500 },
  high: { turns: 20, output_tokens: 8_000 },
  overhead_tokens: 2_000,
  characters_per_token: 4,
} as const;

/** The band of one child whose prompt has `characters` characters; `cap_usd` is its budget, if it has one. */
export function priceBand(price: Price | undefined, characters: number, cap_usd?: number): PriceBand {
  const { low, high, overhead_tokens, characters_per_token } = BAND_ASSUMPTIONS;
  const prompt = Math.ceil(characters / characters_per_token) + overhead_tokens;
  const bound = ({ turns, output_tokens }: { turns: number; output_tokens: number }): Cost => {
    // A tier goes by the size of one request, so one average turn is priced and multiplied.
    const turn = { input: prompt + output_tokens / 2, output: output_tokens / turns };
    const cost = costOf({ ...turn, cache_read: 0, cache_write: 0, reasoning: 0 }, price);
    return { usd: cost.usd * turns, complete: cost.complete };
  };
  const least = bound(low);
  const most = bound(high);
  if (!least.complete || !most.complete)
    return { complete: false, ...(cap_usd === undefined ? {} : { high_usd: cap_usd }) };
  const cap = cap_usd ?? Number.POSITIVE_INFINITY;
  return { low_usd: Math.min(least.usd, cap), high_usd: Math.min(most.usd, cap), complete: true };
}

/** The band of several children together. */
export function sumBands(bands: readonly PriceBand[]): PriceBand {
  const low = bands.map((band) => band.low_usd ?? 0).reduce((sum, usd) => sum + usd, 0);
  const highs = bands.map((band) => band.high_usd);
  const complete = bands.every((band) => band.complete);
  if (highs.some((usd) => usd === undefined)) return { low_usd: low, complete };
  return { low_usd: low, high_usd: highs.reduce<number>((sum, usd) => sum + (usd ?? 0), 0), complete };
}
