import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BudgetUse } from '../../core/budget/shared-budget.ts';
import { NOTHING, type Spend } from '../../core/budget/spend.ts';
import type { Store, Until } from '../../core/store.ts';
import type { Budget } from '../../core/task.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import { routeTo } from '../test-rig.ts';
import { type Grant, reserve, settle } from './budget.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createSharedLedger, type SharedLedger } from './shared-ledger.ts';

const never = new AbortController().signal;
/** A request of 1,000 tokens in and at most 1,000 out: 0.011 USD at most. */
const wish = { route: routeTo('lab/m'), input: 1_000, signal: never };

function ledgerOf(store: Store, budget: Budget, owner = 'p'): SharedLedger {
  return createSharedLedger(
    { name: 'b', scope: { of: 'day' }, budget },
    { store, leases: { owner, lease_ms: 30_000 } },
  );
}
type Step = Parameters<Store['change']>[1];

/** Does each step, takes it back, and does it again, as the store does with one that shared a transaction with one that failed. */
async function twice<T>(memory: Store, name: string, update: Step): Promise<T> {
  const undone = memory.change(name, (value, now) => {
    update(value, now);
    throw new Error('undone');
  });
  await undone.catch(() => {});
  return memory.change(name, update) as Promise<T>;
}
const held = async (store: Store): Promise<number> =>
  ((await store.shared<BudgetUse>('b'))?.holds ?? []).reduce((sum, { spend }) => sum + spend.usd, 0);

describe('a budget in the store', () => {
  test('is set aside before a request, booked after it, and given back at rest', async () => {
    await using store = createMemoryStore();
    const ledger = ledgerOf(store, { usd: 1 });
    const grant = await reserve([ledger], wish);
    expect(await held(store)).toBeGreaterThanOrEqual(0.011);
    settle([ledger], grant, { usd: 0.004, tokens: 1_300, turns: 1 });
    await ledger.rest();
    expect(await store.shared('b')).toMatchObject({ used: { usd: 0.004 }, holds: [] });
  });

  test('is not asked for again where there is room already', async () => {
    await using store = createMemoryStore();
    const ledger = ledgerOf(store, { usd: 10 });
    settle([ledger], await reserve([ledger], wish), { usd: 0.001, tokens: 100, turns: 1 });
    expect(ledger.draw({ usd: 0.011, tokens: 2_000, turns: 1 })).toBeUndefined();
    await ledger.rest();
  });

  test('that another process has set aside is waited for, not refused', async () => {
    await using store = createMemoryStore();
    const [a, b] = [ledgerOf(store, { usd: 0.015 }, 'a'), ledgerOf(store, { usd: 0.015 }, 'b')];
    const first = await reserve([a], wish);
    const waits: boolean[] = [];
    const second = reserve([b], { ...wish, onWait: (on) => waits.push(on) });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(waits).toEqual([true]);
    settle([a], first, { usd: 0.002, tokens: 200, turns: 1 });
    await a.rest();
    expect(await second).toMatchObject({ granted: true, cut: false });
    expect(waits).toEqual([true, false]);
    settle([b], await second, NOTHING);
    await b.rest();
  });

  test('that a process at work has set aside ahead is given back when another waits for it', async () => {
    await using store = createMemoryStore();
    const [a, b] = [ledgerOf(store, { usd: 1 }, 'a'), ledgerOf(store, { usd: 1 }, 'b')];
    const first = await reserve([a], wish);
    expect(await held(store)).toBe(0.125);
    const second = await reserve([b], { ...wish, input: 900_000 });
    expect(second).toMatchObject({ granted: true, cut: false });
    for (const [ledger, grant] of [[a, first] as const, [b, second] as const]) {
      settle([ledger], grant, NOTHING);
      await ledger.rest();
    }
    expect(await store.shared('b')).toMatchObject({ used: NOTHING, holds: [] });
  });

  test('is told once of all that ends before the store comes to it, with what is written then', async () => {
    await using memory = createMemoryStore();
    const asked: (Until | undefined)[] = [];
    let come: () => void = () => {};
    const change: Store['change'] = async (name, update, until) => {
      asked.push(until);
      await new Promise<void>((resolve) => (come = resolve));
      return memory.change(name, update);
    };
    const ledger = ledgerOf({ ...memory, change }, { usd: 1 });
    ledger.prepare();
    await expect.poll(() => asked).toEqual(['passing']);
    const grants = Promise.all([1, 2, 3].map(() => reserve([ledger], wish)));
    come();
    for (const grant of await grants) settle([ledger], grant, { usd: 0.001, tokens: 100, turns: 1 });
    expect(asked).toEqual(['passing', 'passing']);
    come();
    await expect.poll(() => memory.shared('b')).toMatchObject({ used: { usd: 0.003 } });
    const rested = ledger.rest();
    await expect.poll(() => asked).toEqual(['passing', 'passing', 'process']);
    come();
    await rested;
    expect(await held(memory)).toBe(0);
  });

  test('that is used up is refused, with its numbers', async () => {
    await using store = createMemoryStore();
    const ledger = ledgerOf(store, { usd: 0.02 });
    settle([ledger], await reserve([ledger], wish), { usd: 0.019, tokens: 2_000, turns: 1 });
    expect(await reserve([ledger], wish)).toMatchObject({
      granted: false,
      because: 'exhausted',
      kind: 'usd',
      scope: { of: 'day' },
      limit: 0.02,
      used: 0.019,
      set_aside: 0,
    });
    await ledger.rest();
  });

  test('that is being given back is used by nobody until the store has answered (F51)', async () => {
    await using memory = createMemoryStore();
    let answer: Promise<void> | undefined;
    const change: Store['change'] = async (name, update) => {
      const answered = await memory.change(name, update);
      await answer;
      return answered;
    };
    const [a, b] = [ledgerOf({ ...memory, change }, { usd: 0.1 }, 'a'), ledgerOf(memory, { usd: 0.1 }, 'b')];
    settle([a], await reserve([a], wish), NOTHING);
    await expect.poll(() => a.left().usd).toBeGreaterThan(0.011);
    let release = (): void => {};
    answer = new Promise((resolve) => (release = resolve));
    const resting = a.rest();
    let mine: Grant | undefined;
    void Promise.resolve(reserve([a], wish)).then((grant) => (mine = grant));
    await expect.poll(() => held(memory)).toBe(0);
    // All that there is goes to the other.
    const others = await Promise.all(Array.from({ length: 9 }, () => reserve([b], wish)));
    expect(others.every(({ granted }) => granted)).toBe(true);
    expect(mine).toBeUndefined();
    release();
    await resting;
    for (const other of others) settle([b], other, NOTHING);
    await b.rest();
    await expect.poll(() => mine).toMatchObject({ granted: true });
    settle([a], mine, NOTHING);
    await a.rest();
  });

  test('that cannot be read or written lets nothing leave', async () => {
    const store = createMemoryStore();
    await store[Symbol.asyncDispose]();
    await expect(reserve([ledgerOf(store, { usd: 1 })], wish)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});

const requests = fc.array(
  fc.record({
    /** Which of the budgets above it a request counts in besides the shared one. */
    task: fc.nat(2),
    input: fc.integer({ min: 1, max: 3_000 }),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 25 },
);

test('requests never use or set aside more than any budget, and all comes back, for any interleaving (F51)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), requests, async (scheduler, all) => {
      await using memory = createMemoryStore();
      // Whatever the store does takes its time, in any order.
      const change: Store['change'] = (name, update) => scheduler.schedule(memory.change(name, update));
      const store: Store = { ...memory, change };
      const budget: Budget = { usd: 0.1, tokens: 20_000, turns: 12 };
      const shared = ledgerOf(store, budget);
      const tasks = [0, 1, 2].map((n) => createLedger({ of: 'task', id: `${n}` }, { tokens: 9_000, usd: 0.06 })!);
      const used = new Map<Ledger | 'all', Spend>();
      const under = new Map<Ledger | 'all', Spend>();
      const count = (map: Map<Ledger | 'all', Spend>, of: readonly Ledger[], spend: Spend, sign: 1 | -1): void => {
        for (const key of [...of, 'all'] as const) {
          const sum = map.get(key) ?? NOTHING;
          map.set(key, {
            usd: sum.usd + sign * spend.usd,
            tokens: sum.tokens + sign * spend.tokens,
            turns: sum.turns + sign * spend.turns,
          });
        }
      };
      const check = (key: Ledger | 'all', limits: Budget): void => {
        for (const kind of ['usd', 'tokens', 'turns'] as const) {
          const sum = (used.get(key)?.[kind] ?? 0) + (under.get(key)?.[kind] ?? 0);
          expect(sum).toBeLessThanOrEqual((limits[kind] ?? Infinity) * (1 + 1e-9));
        }
      };
      const one = async ({ task, input, used: part }: (typeof all)[number]): Promise<void> => {
        const ledgers = [tasks[task]!, shared];
        const grant: Grant = await reserve(ledgers, { ...wish, input });
        if (!grant.granted) return;
        count(under, [tasks[task]!], grant.spend, 1);
        check('all', budget);
        check(tasks[task]!, tasks[task]!.budget);
        await scheduler.schedule(Promise.resolve());
        const spend = { usd: grant.spend.usd * part, tokens: Math.floor(grant.spend.tokens * part), turns: 1 };
        count(under, [tasks[task]!], grant.spend, -1);
        count(used, [tasks[task]!], spend, 1);
        settle(ledgers, grant, spend);
      };
      await whileScheduled(scheduler, Promise.all(all.map(one)));
      await whileScheduled(scheduler, shared.rest());
      const use = await memory.shared<BudgetUse>('b');
      expect(use?.holds ?? []).toEqual([]);
      expect(use?.used.usd ?? 0).toBeCloseTo(used.get('all')?.usd ?? 0, 9);
      expect(use?.used.turns ?? 0).toBe(used.get('all')?.turns ?? 0);
      for (const task of tasks) expect(task.held()).toBe(false);
    }),
    { numRuns: 60 },
  );
}, 60_000);

const turns = fc.array(
  fc.record({
    process: fc.nat(1),
    input: fc.integer({ min: 1, max: 3_000 }),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
    /** A delegation ends before it: what nobody uses then is given back. */
    rests: fc.boolean(),
  }),
  { maxLength: 25 },
);

test.each([
  ['a narrow budget is never passed', { usd: 0.2 }],
  ['one with room for all refuses nobody', { usd: 1e6 }],
])(
  'processes that share and give back, in any interleaving: %s (F51)',
  async (_, budget) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), turns, async (scheduler, all) => {
        await using memory = createMemoryStore();
        const change: Store['change'] = (name, update) => scheduler.schedule(twice(memory, name, update as Step));
        const store: Store = { ...memory, change };
        const ledgers = ['a', 'b'].map((owner) => ledgerOf(store, budget, owner));
        let spent = 0;
        const one = async ({ process, input, used, rests }: (typeof all)[number]): Promise<void> => {
          const ledger = ledgers[process]!;
          await scheduler.schedule(Promise.resolve());
          if (rests) void ledger.rest();
          const grant: Grant = await reserve([ledger], { ...wish, input });
          if (budget.usd === 1e6) expect(grant.granted).toBe(true);
          if (!grant.granted) return;
          spent += grant.spend.usd;
          expect(spent).toBeLessThanOrEqual(budget.usd * (1 + 1e-9));
          await scheduler.schedule(Promise.resolve());
          spent -= grant.spend.usd * (1 - used);
          settle([ledger], grant, { ...grant.spend, usd: grant.spend.usd * used });
        };
        await whileScheduled(scheduler, Promise.all(all.map(one)));
        for (const ledger of ledgers) await whileScheduled(scheduler, ledger.rest());
        const use = await memory.shared<BudgetUse>('b');
        expect(use?.holds ?? []).toEqual([]);
        expect(use?.used.usd ?? 0).toBeCloseTo(spent, 9);
      }),
      { numRuns: 100 },
    );
  },
  60_000,
);

/** Does what is scheduled, in the scheduler's order, until `work` is done. */
async function whileScheduled(scheduler: fc.Scheduler, work: Promise<unknown>): Promise<void> {
  let over = false;
  void work.finally(() => {
    over = true;
  });
  while (!over) {
    if (scheduler.count() > 0) await scheduler.waitOne();
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await work;
}
