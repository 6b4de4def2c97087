import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { askBudget, type BudgetAsk, type BudgetGrant, type BudgetUse, spentOn } from './shared-budget.ts';
import { lessSpend, NOTHING } from './spend.ts';

const DAY = 86_400_000;
const usd = (amount: number) => ({ ...NOTHING, usd: amount });

/** A budget of 100 USD, and processes that ask it. */
function budgetOf(more: Partial<BudgetAsk> = {}) {
  let use: BudgetUse | undefined;
  return {
    ask(owner: string, now: number, asks: Partial<BudgetAsk>): BudgetGrant {
      const ask = {
        owner,
        lease_ms: 30_000,
        budget: { usd: 100 },
        used: NOTHING,
        reserved: NOTHING,
        needed: NOTHING,
        ahead: false,
        waits: false,
        ...more,
        ...asks,
      };
      const [next, grant] = askBudget(use, ask, now);
      use = JSON.parse(JSON.stringify(next));
      return grant;
    },
    use: () => use,
  };
}

describe('a budget that processes share', () => {
  test('what is needed is set aside as far as there is; ahead of that, an eighth of what is free', () => {
    const { ask } = budgetOf();
    expect(ask('a', 0, { needed: usd(1), ahead: true }).held.usd).toBe(12.5);
    expect(ask('b', 0, { needed: usd(60), ahead: true }).held.usd).toBe(60);
    expect(ask('c', 0, { needed: usd(70), ahead: true })).toMatchObject({ held: { usd: 27.5 }, shared: true });
  });

  test('nobody sets anything aside ahead while another waits for what is set aside', () => {
    const { ask } = budgetOf();
    ask('a', 0, { needed: usd(1), ahead: true });
    expect(ask('b', 1, { needed: usd(90), ahead: true, waits: true }).held.usd).toBe(87.5);
    expect(ask('a', 2, { reserved: usd(1), needed: usd(1), ahead: true }).held.usd).toBe(1);
    expect(ask('b', 3, { needed: usd(90), ahead: true, waits: true }).held.usd).toBe(90);
    ask('b', 4, {});
    expect(ask('a', 5, { needed: usd(1), ahead: true })).toMatchObject({ held: { usd: 12.5 }, shared: false });
  });

  test('who got less than was needed waits, without saying so', () => {
    const { ask } = budgetOf();
    ask('a', 0, { needed: usd(1), ahead: true });
    expect(ask('b', 1, { needed: usd(100), ahead: true }).held.usd).toBe(87.5);
    expect(ask('a', 2, { ahead: true })).toMatchObject({ held: NOTHING });
    expect(ask('b', 3, { needed: usd(100), ahead: true }).held.usd).toBe(100);
  });

  test('of turns only whole ones are set aside ahead', () => {
    const { ask } = budgetOf({ budget: { turns: 17 } });
    expect(ask('a', 0, { ahead: true }).held.turns).toBe(2);
    expect(ask('a', 1, { used: { ...NOTHING, turns: 10 }, ahead: true }).held.turns).toBe(0);
  });

  test('what was used is gone, and what was set aside for it comes back', () => {
    const { ask } = budgetOf();
    ask('a', 0, { needed: usd(60) });
    expect(ask('a', 1, { used: usd(5) })).toMatchObject({ held: NOTHING, shared: false });
    expect(ask('b', 2, { needed: usd(100) })).toMatchObject({ held: usd(95), unused: { usd: 95 } });
  });

  test('what a dead process had set aside comes back with its lease; what it used does not', () => {
    const { ask } = budgetOf();
    ask('dead', 0, { used: usd(30), needed: usd(60) });
    expect(ask('b', 29_999, { needed: usd(50) }).held.usd).toBe(10);
    expect(ask('b', 30_000, { needed: usd(50) }).held.usd).toBe(50);
  });

  test('what is under way keeps what it has, whatever there is', () => {
    const { ask } = budgetOf();
    expect(ask('a', 0, { used: usd(99), reserved: usd(10), needed: usd(10) }).held.usd).toBe(10);
  });

  test('a kind it does not have is unlimited', () => {
    const { ask, use } = budgetOf();
    const needed = { usd: 1, tokens: 1e12, turns: 1e6 };
    expect(ask('a', 0, { needed }).held).toEqual(needed);
    expect(ask('a', 1, { needed, ahead: true }).held).toEqual({ usd: 12.5, tokens: Infinity, turns: Infinity });
    expect(use()?.holds).toMatchObject([{ spend: { usd: 12.5, tokens: 0, turns: 0 } }]);
  });

  test('a daily one starts anew at midnight UTC; what is under way then goes on', () => {
    const { ask, use } = budgetOf({ daily: true });
    ask('a', DAY - 1, { used: usd(90), needed: usd(10) });
    expect(ask('b', DAY - 1, { needed: usd(1) }).held.usd).toBe(0);
    expect(ask('b', DAY, { needed: usd(100) })).toMatchObject({ held: usd(90), unused: { usd: 100 } });
    expect(ask('a', DAY + 1, { used: usd(7) })).toMatchObject({ unused: { usd: 93 } });
    expect(spentOn(use(), DAY + 1)).toEqual({ used: 7, held: 90 });
    expect(spentOn(use(), 2 * DAY)).toEqual({ used: 0, held: 0 });
  });

  test('what was used before there was a record of it counts once', () => {
    const { ask } = budgetOf();
    expect(ask('a', 0, { before: usd(40) }).unused.usd).toBe(60);
    expect(ask('b', 1, { before: usd(40) }).unused.usd).toBe(60);
  });
});

const step = fc.record({
  owner: fc.constantFrom('a', 'b', 'c'),
  ms: fc.integer({ min: 0, max: 9_000 }),
  /** A request that wants to leave, in USD at most. */
  wants: fc.integer({ min: 0, max: 60 }),
  /** … or one that ends, and the part of it that was used. */
  ends: fc.boolean(),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
  dies: fc.boolean(),
  ahead: fc.boolean(),
  waits: fc.boolean(),
});

test('no interleaving of processes spends more than there is, and what the dead had set aside comes back (F51)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { ask, use } = budgetOf();
      const alive = new Map(['a', 'b', 'c'].map((owner) => [owner, [] as number[]]));
      let used = 0;
      let now = 0;
      const sum = (owner: string): number => (alive.get(owner) ?? []).reduce((total, amount) => total + amount, 0);
      for (const { owner, ms, wants, ends, part, dies, ahead, waits } of steps) {
        now += ms;
        // Those that live say so in time.
        for (const other of alive.keys()) ask(other, now, { reserved: usd(sum(other)), needed: usd(sum(other)) });
        const requests = alive.get(owner);
        if (requests === undefined) continue;
        if (dies && alive.size > 1) {
          alive.delete(owner);
        } else if (ends && requests.length > 0) {
          const amount = requests.pop()! * part;
          used += amount;
          ask(owner, now, { used: usd(amount), reserved: usd(sum(owner)), needed: usd(sum(owner)) });
        } else {
          const reserved = usd(sum(owner));
          const needed = usd(reserved.usd + wants);
          const { held } = ask(owner, now, { reserved, needed, ahead, waits });
          const { usd: got } = lessSpend(held, reserved);
          if (got >= wants) requests.push(wants);
        }
        const under = [...alive.keys()].reduce((total, other) => total + sum(other), 0);
        expect(used + under).toBeLessThanOrEqual(100 * (1 + 1e-9));
      }
      now += 30_000;
      for (const owner of alive.keys()) ask(owner, now, {});
      expect(use()?.holds ?? []).toEqual([]);
      expect(use()?.used.usd ?? 0).toBeCloseTo(used, 9);
    }),
  );
});
