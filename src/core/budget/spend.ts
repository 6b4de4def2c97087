import type { Budget } from '../task.ts';

/** What requests may use at most, or did use, of each kind a budget has. */
export type Spend = Required<Budget>;

export const NOTHING: Spend = { usd: 0, tokens: 0, turns: 0 };

/** Kind by kind. */
export function addSpend(a: Spend, b: Spend): Spend {
  return { usd: a.usd + b.usd, tokens: a.tokens + b.tokens, turns: a.turns + b.turns };
}

export function lessSpend(a: Spend, b: Spend): Spend {
  return { usd: a.usd - b.usd, tokens: a.tokens - b.tokens, turns: a.turns - b.turns };
}

/** The lower of each kind. */
export function leastSpend(a: Spend, b: Spend): Spend {
  return { usd: Math.min(a.usd, b.usd), tokens: Math.min(a.tokens, b.tokens), turns: Math.min(a.turns, b.turns) };
}

/** A budget as the most that may be spent; a kind it does not have is unlimited. */
export function spendOf({ usd = Infinity, tokens = Infinity, turns = Infinity }: Budget): Spend {
  return { usd, tokens, turns };
}

/** True when `a` has at least `b` of every kind. */
export function covers(a: Spend, b: Spend): boolean {
  return a.usd >= b.usd && a.tokens >= b.tokens && a.turns >= b.turns;
}

export function isNothing({ usd, tokens, turns }: Spend): boolean {
  return usd <= 0 && tokens <= 0 && turns <= 0;
}
