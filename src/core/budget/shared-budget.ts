import type { Budget } from '../task.ts';
import { addSpend, covers, isNothing, lessSpend, NOTHING, type Spend, spendOf } from './spend.ts';

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
  /** Requests of it wait for what others have set aside. */
  readonly waits?: boolean;
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
  /** More will come: it gets a part of what is free, so that it need not ask for each, unless others wait. */
  readonly ahead: boolean;
  /** Requests of it wait for what others have set aside, besides those that need more now than there is. */
  readonly waits: boolean;
}

export interface BudgetGrant {
  readonly budget: Budget;
  /** What is set aside for it now; Infinity of a kind that the budget does not have. */
  readonly held: Spend;
  /** What nobody has used. */
  readonly unused: Spend;
  /** Others have set some of it aside: it may come back. */
  readonly shared: boolean;
}

const DAY_MS = 86_400_000;
/** The part of what is free that a process sets aside ahead. */
const AHEAD = 1 / 8;

/**
 * Books what was used, and sets aside what is needed as far as nobody else has used it or set it aside: more than that
 * while there is much, no more at all near the limit, where it is exact.
 */
export function askBudget(use: BudgetUse | undefined, ask: BudgetAsk, now: number): readonly [BudgetUse, BudgetGrant] {
  const day = ask.daily ? Math.floor(now / DAY_MS) : undefined;
  const same = use !== undefined && use.day === day;
  const budget = ask.budget ?? use?.budget ?? {};
  const used = addSpend(same ? use.used : use === undefined ? (ask.before ?? NOTHING) : NOTHING, ask.used);
  const others = (use?.holds ?? []).filter(({ owner, until }) => owner !== ask.owner && until > now);
  const unused = lessSpend(spendOf(budget), used);
  const free = lessSpend(unused, others.map(({ spend }) => spend).reduce(addSpend, NOTHING));
  const ahead = ask.ahead && !others.some(({ waits }) => waits);
  const heldOf = (kind: keyof Spend): number => {
    const part = kind === 'turns' ? Math.floor(free.turns * AHEAD) : free[kind] * AHEAD;
    const share = ahead && part >= ask.needed[kind] ? part : Math.min(ask.needed[kind], free[kind]);
    return Math.max(share, ask.reserved[kind]);
  };
  const held = { usd: heldOf('usd'), tokens: heldOf('tokens'), turns: heldOf('turns') };
  const spend = { usd: finite(held.usd), tokens: finite(held.tokens), turns: finite(held.turns) };
  const waits = ask.waits || !covers(held, ask.needed);
  const hold = { owner: ask.owner, until: now + ask.lease_ms, spend, ...(waits && { waits }) };
  const mine = isNothing(spend) && !waits ? [] : [hold];
  return [
    { budget, ...(day !== undefined && { day }), used, holds: [...others, ...mine] },
    { budget, held, unused, shared: others.some((other) => !isNothing(other.spend)) },
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

/** As the record has it, which is JSON: of what is unlimited nothing has to be set aside. */
function finite(amount: number): number {
  return amount === Infinity ? 0 : amount;
}
