import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { TERMINAL_STATUSES } from '../core/result.ts';
import type { Ask, Store, TaskRecord } from '../core/store.ts';
import { createMemoryStore } from './memory-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { storeContract } from './store.contract.ts';
import { aDelegation, aResult } from './test-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const open = (): Promise<Store> => openSqliteStore({ file: join(folder, `${files++}.db`) });

storeContract('sqlite', open);

type Step = (store: Store) => Promise<unknown>;

const delegation = fc.constantFrom('d1', 'd2', 'd3');
const task = fc.constantFrom('d1.0', 'd1.1', 'd2.0', 'd2.1', 'd3.0');
const owner = fc.constantFrom('one', 'two');
/** Run out at once, or not within the test. */
const lease = fc.constantFrom(0, 3_600_000);
const attempt = fc.integer({ min: 0, max: 3 });
const status = fc.constantFrom(...TERMINAL_STATUSES);
const notes = fc.array(
  fc.string().map((note) => ({ kind: 'note' as const, note })),
  { maxLength: 3 },
);
/** A read may or may not see what is written beside it. */
const readers = new Set<Step>();
const reads = (run: Step): Step => {
  readers.add(run);
  return run;
};

const BACKGROUND = { background: true } as const;
const pruneNone: Step = (store) => store.prune(0);
const pruneAll: Step = (store) => store.prune(Number.MAX_SAFE_INTEGER);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(delegation, fc.option(fc.record({ owner, lease_ms: lease })), fc.constantFrom<object>({}, BACKGROUND)).map(
    ([id, hold, background]): Step =>
      (store) =>
        store
          .create(
            { ...aDelegation(id, id === 'd3' ? ['d3.0'] : [`${id}.0`, `${id}.1`]), ...background },
            hold ?? undefined,
          )
          .catch((error) => error.code),
  ),
  fc.tuple(task, owner, lease).map(
    (args): Step =>
      (store) =>
        store.claim(...args),
  ),
  fc.tuple(owner, lease).map(
    (args): Step =>
      (store) =>
        store.heartbeat(...args),
  ),
  fc.tuple(task, attempt, notes).map(
    (args): Step =>
      (store) =>
        store.append(...args),
  ),
  fc.tuple(task, attempt, status, notes).map(
    ([id, n, end, entries]): Step =>
      (store) =>
        store.finish(id, n, aResult(id, { status: end }), entries),
  ),
  fc.tuple(task, status).map(
    ([id, end]): Step =>
      (store) =>
        store.drop(id, aResult(id, { status: end })),
  ),
  fc.constant(reads(async (store) => (await store.expired()).map(({ id }) => id).sort())),
  fc.tuple(task, attempt).map(
    ([id, n]): Step =>
      (store) =>
        store.lose(id, n, aResult(id, { status: 'lost' })),
  ),
  fc.tuple(fc.oneof(task, delegation), fc.constantFrom<Ask>({ kind: 'stop' }, { kind: 'steer', message: 'x' })).map(
    (args): Step =>
      async (store) =>
        (await store.control(...args)).map(({ task_id }) => task_id).sort(),
  ),
  owner.map((who) =>
    reads(async (store) => (await store.controls(who, 0)).map(({ task_id, kind }) => [task_id, kind]).sort()),
  ),
  fc.tuple(task, attempt, fc.integer({ min: 1, max: 5 })).map(
    ([id, n, told]): Step =>
      (store) =>
        store.append(id, n, [{ kind: 'steer', id: told, message: 'x', turn: 1 }]),
  ),
  fc.constant(reads((store) => store.undelivered())),
  delegation.map(
    (id): Step =>
      (store) =>
        store.acknowledge(id),
  ),
  fc.constantFrom<Step>(pruneNone, pruneAll),
);

async function contentOf(store: Store): Promise<unknown> {
  const tasks = await store.tasks({ limit: 100 });
  return Promise.all(
    tasks.map(async ({ started_at, ended_at, ...rest }: TaskRecord) => ({
      ...rest,
      started: started_at !== undefined,
      ended: ended_at !== undefined,
      journal: (await store.journal(rest.id)).map(({ seq: _seq, at: _at, ...entry }) => entry),
    })),
  );
}

test('both stores give the same answers to any calls, one by one or all at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (all, atOnce) => {
      // What is pruned while other calls are on their way is not promised.
      const steps = atOnce ? all.filter((run) => run !== pruneAll && run !== pruneNone && !readers.has(run)) : all;
      const stores = [createMemoryStore(), await open()];
      try {
        const [expected, actual] = await Promise.all(
          stores.map(async (store) => {
            const answers: unknown[] = [];
            if (atOnce) answers.push(...(await Promise.all(steps.map((run) => run(store)))));
            else for (const run of steps) answers.push(await run(store));
            return { answers, content: await contentOf(store) };
          }),
        );
        expect(actual).toEqual(expected);
      } finally {
        for (const store of stores) await store[Symbol.asyncDispose]();
      }
    }),
    { numRuns: 40 },
  );
});
