import type { Budget } from '../task.ts';
import { addSpend, covers, leastSpend, lessSpend, mostSpend, NOTHING, type Spend, spendOf } from './spend.ts';

/** A budget that processes share: what was used, and what each has set aside for requests that are under way. */
export interface BudgetUse {
  readonly budget: Budget;
  /** The UTC day it is for, counted from the epoch; absent = it is for no day. */
  readonly day?: number;
  readonly used: Spend;
  readonly holds: readonly Hold[];
}

interface Hold {
  readonly owner: string;
  /** It comes back then, unless the owner says more: it may have died. */
  readonly until: number;
  readonly spend: Spend;
}

/** What a process tells and wants. */
export interface BudgetAsk {
  readonly owner: string;
  readonly lease_ms: number;
  /** Of who opens it; absent = whatever it has. */
  readonly budget?: Budget;
  /** Starts anew every UTC day. */
  readonly daily?: boolean;
  /** Used by somebody before there was this record. */
  readonly before?: Spend;
  /** Used since it last told. */
  readonly used: Spend;
  /** Set aside for requests under way: it keeps this whatever there is. */
  readonly reserved: Spend;
  /** With what requests need that want to leave now: it gets this as far as there is. */
  readonly needed: Spend;
  /** With what the next ones may need: it gets this where there is plenty, so that it need not ask for each. */
  readonly wanted: Spend;
}

export interface BudgetGrant {
  readonly budget: Budget;
  /** What is set aside for it now. */
  readonly held: Spend;
  /** What nobody has used. */
  readonly unused: Spend;
  /** Others have set some of it aside: it may come back. */
  readonly shared: boolean;
}

const DAY_MS = 86_400_000;
/** There is plenty when there is so many times what is wanted. */
const PLENTY = 4;

/** Books what was used, and sets aside what is wanted as far as nobody else has used it or set it aside. */
export function askBudget(use: BudgetUse | undefined, ask: BudgetAsk, now: number): readonly [BudgetUse, BudgetGrant] {
  const day = ask.daily ? Math.floor(now / DAY_MS) : undefined;
  const same = use !== undefined && use.day === day;
  const budget = ask.budget ?? use?.budget ?? {};
  const used = addSpend(same ? use.used : use === undefined ? (ask.before ?? NOTHING) : NOTHING, ask.used);
  const others = (use?.holds ?? []).filter(({ owner, until }) => owner !== ask.owner && until > now);
  const unused = lessSpend(spendOf(budget), used);
  const free = lessSpend(unused, others.map(({ spend }) => spend).reduce(addSpend, NOTHING));
  const wanted = covers(free, times(ask.wanted, PLENTY)) ? ask.wanted : leastSpend(ask.needed, free);
  const held = mostSpend(wanted, ask.reserved);
  const mine = isNothing(held) ? [] : [{ owner: ask.owner, until: now + ask.lease_ms, spend: held }];
  return [
    { budget, ...(day !== undefined && { day }), used, holds: [...others, ...mine] },
    { budget, held, unused, shared: others.length > 0 },
  ];
}

/** What a daily budget's record says of today: used, and set aside by processes that live. USD. */
export function spentOn(use: BudgetUse | undefined, now: number): { readonly used: number; readonly held: number } {
  const holds = (use?.holds ?? []).filter(({ until }) => until > now);
  return {
    used: use?.day === Math.floor(now / DAY_MS) ? use.used.usd : 0,
    held: holds.reduce((sum, { spend }) => sum + spend.usd, 0),
  };
}

function times({ usd, tokens, turns }: Spend, factor: number): Spend {
  return { usd: usd * factor, tokens: tokens * factor, turns: turns * factor };
}

function isNothing({ usd, tokens, turns }: Spend): boolean {
  return usd <= 0 && tokens <= 0 && turns <= 0;
}
