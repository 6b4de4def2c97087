import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Failure } from '../../core/provider.ts';
import type { Route } from '../../core/route.ts';
import type { Store } from '../../core/store.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import { routeTo } from '../test-rig.ts';
import { createGovernor, type Governor } from './governor.ts';
import type { Permit } from './lane.ts';

/** A clock that goes on only when it is told to. */
function stoppedClock() {
  let time = 1_000_000;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const steps = new Set<{ at: number; ms: number; step: () => void }>();
  return {
    now: () => time,
    random: () => 0.5,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const sleeper = { at: time + ms, wake: resolve };
        sleepers.add(sleeper);
        signal.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          resolve();
        });
      }),
    every(ms: number, step: () => void) {
      const repeated = { at: time + ms, ms, step };
      steps.add(repeated);
      return () => void steps.delete(repeated);
    },
    /** Lets everybody run, then the time pass, then those run who slept until then. */
    async pass(ms: number): Promise<void> {
      await turn();
      time += ms;
      for (const repeated of [...steps]) {
        if (repeated.at > time) continue;
        // As a timer does that was held up: once, however often it was missed.
        repeated.at = time + repeated.ms;
        repeated.step();
      }
      for (const sleeper of [...sleepers]) {
        if (sleeper.at > time) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await turn();
    },
    sleeping: () => sleepers.size,
  };
}
type Clock = ReturnType<typeof stoppedClock>;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;
setMaxListeners(0, never);
const lab = (more: Partial<Route> = {}): Route => routeTo('lab/m', more);
const limited: Failure = { class: 'rate_limit' };

function governed(store: Store, clock: Clock, owner = 'p'): Governor {
  const governor = createGovernor({ store, clock, leases: { owner, lease_ms: 30_000 } });
  onTestFinished(() => governor.rest());
  return governor;
}

/** Requests that tell when they start, and end when they are told to. */
function requests(governor: Governor, route: Route, clock?: Clock) {
  const running: { name: string; permit: Permit | undefined }[] = [];
  const started: string[] = [];
  const waits: string[] = [];
  /** When they started. */
  const times: number[] = [];
  return {
    times,
    running,
    started,
    waits,
    ask(name: string, { batch = 'd', tokens = 1, signal = never } = {}): void {
      const onWait = (on: boolean): void => void waits.push(`${on ? '+' : '-'}${name}`);
      void Promise.resolve(governor.enter(route, { batch, tokens, signal, onWait })).then((permit) => {
        if (signal.aborted) return;
        started.push(name);
        times.push(clock?.now() ?? 0);
        running.push({ name, permit });
      });
    },
    end(name = running[0]?.name, answered = true): Permit | undefined {
      const [gone] = running.splice(
        running.findIndex((other) => other.name === name),
        1,
      );
      if (gone?.permit !== undefined) gone.permit.lane.leave(gone.permit, { answered });
      return gone?.permit;
    },
  };
}

describe('an account without limits', () => {
  test('costs nothing and keeps nobody waiting', () => {
    const store = createMemoryStore();
    const governor = governed(store, stoppedClock());
    expect(governor.enter(lab(), { batch: 'd', tokens: 1, signal: never })).toBeUndefined();
    expect(governor.closed(lab())).toBeUndefined();
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'a pause of %i ms that ends while it is looked at is over for who waits (F34)',
    async (ms) => {
      const clock = stoppedClock();
      let looks = 0;
      const governor = governed(createMemoryStore(), { ...clock, now: () => clock.now() + looks++ });
      governor.failed(lab(), { class: 'rate_limit', retry_after_ms: ms }, undefined);
      const { ask, started } = requests(governor, lab());
      ask('one');
      await clock.pass(100);
      expect(started).toEqual(['one']);
    },
  );

  test('one that is refused for two minutes on end is not asked by everybody in turn, and asked again half a minute later (F46)', async () => {
    const clock = stoppedClock();
    const governor = governed(createMemoryStore(), clock);
    const { ask, end, running, started } = requests(governor, lab());
    governor.failed(lab(), limited, undefined);
    for (let n = 0; n < 50; n++) ask(`${n}`);
    while (governor.closed(lab()) === undefined) {
      await clock.pass(100);
      const asked = running[0];
      if (asked === undefined) continue;
      governor.failed(lab(), limited, asked.permit);
      end(asked.name, false);
    }
    expect(started.length).toBeLessThan(15);
    await clock.pass(0);
    expect(started).toHaveLength(50);
    expect(governor.closed(lab({ model: 'another' }))).toBe(30_000);
    while (running.length > 0) end(undefined, false);
    await clock.pass(30_000);
    expect(governor.closed(lab())).toBeUndefined();
  });

  test('a refusal holds everybody on it, of all batches, for as long as the provider asks (F46)', async () => {
    const clock = stoppedClock();
    const governor = governed(createMemoryStore(), clock);
    const at = requests(governor, lab());
    const elsewhere = requests(governor, routeTo('other/m'));
    governor.failed(lab(), { class: 'rate_limit', retry_after_ms: 5_000 }, undefined);
    at.ask('a', { batch: 'one' });
    at.ask('b', { batch: 'two' });
    elsewhere.ask('c');
    await clock.pass(4_999);
    expect(at.started).toEqual([]);
    expect(at.waits).toEqual(['+a', '+b']);
    expect(elsewhere.started).toEqual(['c']);
    await clock.pass(1);
    expect(at.started).toEqual(['a']);
  });

  test('after a refusal one goes ahead, and each answer lets one more go', async () => {
    const clock = stoppedClock();
    const governor = governed(createMemoryStore(), clock);
    const at = requests(governor, lab());
    governor.failed(lab(), limited, undefined);
    for (let i = 0; i < 12; i++) at.ask(`${i}`);
    await clock.pass(500);
    expect(at.running).toHaveLength(1);
    at.end();
    await turn();
    expect(at.running).toHaveLength(2);
    at.end();
    at.end();
    await turn();
    expect(at.running).toHaveLength(4);
  });

  test('those that were refused together narrow it once; the next time it grows slowly from half way on', async () => {
    const clock = stoppedClock();
    const governor = governed(createMemoryStore(), clock);
    const at = requests(governor, lab());
    governor.failed(lab(), limited, undefined);
    governor.failed(lab(), limited, undefined);
    for (let i = 0; i < 60; i++) at.ask(`${i}`);
    await clock.pass(500);
    for (let round = 0; round < 3; round++) {
      for (const { name } of [...at.running]) at.end(name);
      await turn();
    }
    expect(at.running).toHaveLength(8);
    for (const { name, permit } of [...at.running]) {
      governor.failed(lab(), limited, permit);
      at.end(name, false);
    }
    const widths: number[] = [];
    await clock.pass(500);
    for (let round = 0; round < 5; round++) {
      widths.push(at.running.length);
      for (const { name } of [...at.running]) at.end(name);
      await turn();
    }
    expect(widths).toEqual([1, 2, 4, 4, 5]);
  });

  test('a wait longer than anybody waits closes the model, and no other', async () => {
    const clock = stoppedClock();
    const governor = governed(createMemoryStore(), clock);
    governor.failed(lab(), { class: 'rate_limit', retry_after_ms: 3_600_000 }, undefined);
    expect(governor.closed(lab())).toBe(3_600_000);
    expect(governor.closed(lab({ model: 'n' }))).toBeUndefined();
    await clock.pass(3_600_000);
    expect(governor.closed(lab())).toBeUndefined();
  });

  test.each<[Failure, boolean]>([
    [{ class: 'overloaded', retry_after_ms: 1_000 }, true],
    [{ class: 'unavailable', retry_after_ms: 1_000 }, true],
    [{ class: 'overloaded' }, false],
    [{ class: 'network' }, false],
    [{ class: 'context_overflow' }, false],
  ])('%j holds the others: %s', (failure, holds) => {
    const governor = governed(createMemoryStore(), stoppedClock());
    governor.failed(lab(), failure, undefined);
    const entered = governor.enter(lab(), { batch: 'd', tokens: 1, signal: AbortSignal.abort() });
    expect(entered instanceof Promise).toBe(holds);
  });

  test('it is forgotten when nobody has had to wait for a minute', async () => {
    const clock = stoppedClock();
    const governor = governed(createMemoryStore(), clock);
    governor.failed(lab(), limited, undefined);
    await clock.pass(60_001);
    await governor.rest();
    expect(governor.enter(lab(), { batch: 'd', tokens: 1, signal: never })).toBeUndefined();
  });
});

describe('an account with limits', () => {
  test('batches take turns, and within one it is first come, first served', async () => {
    const clock = stoppedClock();
    const at = requests(governed(createMemoryStore(), clock), lab({ max_in_flight: 1 }));
    for (const name of ['a1', 'a2', 'a3']) at.ask(name, { batch: 'a' });
    for (const name of ['b1', 'b2']) at.ask(name, { batch: 'b' });
    at.ask('c1', { batch: 'c' });
    for (let i = 0; i < 6; i++) {
      await clock.pass(1);
      expect(at.running).toHaveLength(1);
      at.end();
    }
    expect(at.started).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  test('who waits can be stopped, and is told when it waits and when it goes on', async () => {
    const clock = stoppedClock();
    const at = requests(governed(createMemoryStore(), clock), lab({ max_in_flight: 1 }));
    const stop = new AbortController();
    at.ask('a');
    await clock.pass(1);
    at.ask('b', { signal: stop.signal });
    at.ask('c');
    await clock.pass(1);
    stop.abort();
    at.end();
    await clock.pass(1);
    expect(at.started).toEqual(['a', 'c']);
    expect(at.waits).toEqual(['+b', '+c', '-c']);
    expect(clock.sleeping()).toBe(0);
  });

  test('places that were let go are used again without asking the store', async () => {
    const clock = stoppedClock();
    const store = createMemoryStore();
    let changes = 0;
    const change: Store['change'] = (...args) => {
      changes += 1;
      return store.change(...args);
    };
    const at = requests(governed({ ...store, change }, clock), lab({ max_in_flight: 2 }));
    for (let i = 0; i < 20; i++) at.ask(`${i}`);
    for (let i = 0; i < 20; i++) {
      await clock.pass(1);
      at.end();
    }
    expect(at.started).toHaveLength(20);
    expect(changes).toBeLessThan(6);
  });

  test('where much of a minute is free, most start without asking the store, and what does not is given back', async () => {
    const clock = stoppedClock();
    const store = createMemoryStore({ now: clock.now });
    let changes = 0;
    const change: Store['change'] = (...args) => {
      changes += 1;
      return store.change(...args);
    };
    const limits = { max_in_flight: 1_000, rpm: 1_000, tpm: 1_000_000 };
    const [one, two] = [governed({ ...store, change }, clock, 'one'), governed(store, clock, 'two')];
    const at = requests(one, lab(limits));
    for (let i = 0; i < 100; i++) {
      at.ask(`${i}`, { tokens: 500 });
      await clock.pass(0);
    }
    expect(at.started).toHaveLength(100);
    expect(changes).toBeLessThan(4);
    while (at.running.length > 0) at.end();
    await one.rest();
    // All that is left of the minute is there for another.
    const other = requests(two, lab(limits));
    for (let i = 0; i < 901; i++) other.ask(`${i}`);
    for (let i = 0; i < 20; i++) await clock.pass(0);
    expect(other.started).toHaveLength(900);
  });

  test('nothing starts later than it counts for', async () => {
    const clock = stoppedClock();
    const store = createMemoryStore({ now: clock.now });
    const at = requests(governed(store, clock), lab({ rpm: 100 }), clock);
    at.ask('first');
    await clock.pass(60_500);
    // One that was let go a minute ago and has not started may not start now.
    for (let i = 0; i < 101; i++) at.ask(`${i}`);
    for (let i = 0; i < 20; i++) await clock.pass(0);
    expect(at.started).toHaveLength(101);
  });

  test('requests a minute wait for the minute to pass', async () => {
    const clock = stoppedClock();
    const at = requests(governed(createMemoryStore({ now: clock.now }), clock), lab({ rpm: 3 }));
    for (let i = 0; i < 7; i++) at.ask(`${i}`);
    await clock.pass(1);
    expect(at.started).toHaveLength(3);
    while (at.running.length > 0) at.end();
    await clock.pass(59_000);
    expect(at.started).toHaveLength(3);
    await clock.pass(2_000);
    expect(at.started).toHaveLength(6);
  });

  test('tokens a minute are settled by what was used', async () => {
    const clock = stoppedClock();
    const at = requests(governed(createMemoryStore({ now: clock.now }), clock), lab({ tpm: 1_000 }));
    at.ask('a', { tokens: 900 });
    await clock.pass(1);
    at.ask('b', { tokens: 500 });
    await clock.pass(1);
    expect(at.started).toEqual(['a']);
    const { permit } = at.running[0]!;
    permit!.lane.leave(permit!, { answered: true, tokens: 400 });
    await clock.pass(1);
    expect(at.started).toEqual(['a', 'b']);
  });

  test('processes share them through the store, and what rests is given back', async () => {
    const clock = stoppedClock();
    const store = createMemoryStore({ now: clock.now });
    const [one, two] = [governed(store, clock, 'one'), governed(store, clock, 'two')];
    const [a, b] = [requests(one, lab({ max_in_flight: 2 })), requests(two, lab({ max_in_flight: 2 }))];
    for (let i = 0; i < 4; i++) a.ask(`a${i}`);
    await clock.pass(1);
    b.ask('b0');
    await clock.pass(1);
    expect([a.running.length, b.running.length]).toEqual([2, 0]);
    while (a.started.length < 4) {
      a.end();
      await clock.pass(200);
    }
    while (a.running.length > 0) a.end();
    await one.rest();
    await clock.pass(200);
    expect(b.running).toHaveLength(1);
    b.end();
    await one.rest();
    await two.rest();
    expect(await store.shared('rate lab none')).toBeUndefined();
  });

  test('a store that cannot be asked is an error of the request, not a request without limits', async () => {
    const store = createMemoryStore();
    await store[Symbol.asyncDispose]();
    const governor = governed(store, stoppedClock());
    await expect(
      governor.enter(lab({ max_in_flight: 1 }), { batch: 'd', tokens: 1, signal: never }),
    ).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});

const step = fc.record({
  process: fc.nat(1),
  batch: fc.constantFrom('d1', 'd2'),
  asks: fc.nat(3),
  ends: fc.nat(3),
  ms: fc.integer({ min: 0, max: 5_000 }),
});

test('no interleaving of processes and batches passes a limit, and everybody starts in the end (F46)', async () => {
  const limits = fc.record(
    {
      max_in_flight: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 8, max: 30 })),
      rpm: fc.oneof(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 10, max: 40 })),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 25 }), async (some, steps) => {
      const clock = stoppedClock();
      const store = createMemoryStore({ now: clock.now });
      const sides = ['one', 'two'].map((owner) => requests(governed(store, clock, owner), lab(some), clock));
      let asked = 0;
      const begun = (): number => sides.reduce((sum, { times }) => sum + times.length, 0);
      const check = (): void => {
        const running = sides.reduce((sum, side) => sum + side.running.length, 0);
        expect(running).toBeLessThanOrEqual(some.max_in_flight ?? Infinity);
        const minute = sides.flatMap(({ times }) => times.filter((at) => at > clock.now() - 60_000));
        expect(minute.length).toBeLessThanOrEqual(some.rpm ?? Infinity);
      };
      for (const { process, batch, asks, ends, ms } of steps) {
        const side = sides[process]!;
        for (let i = 0; i < asks; i++) side.ask(`${asked++}`, { batch });
        for (let i = 0; i < ends && side.running.length > 0; i++) side.end();
        await clock.pass(ms);
        check();
      }
      for (let i = 0; i < 3_000 && begun() < asked; i++) {
        for (const side of sides) while (side.running.length > 0) side.end();
        await clock.pass(500);
        check();
      }
      expect(begun()).toBe(asked);
    }),
    { numRuns: 30 },
  );
}, 60_000);
