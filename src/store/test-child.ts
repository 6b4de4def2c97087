import { writeSync } from 'node:fs';
import type { Store } from '../core/store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { aDelegation, aResult } from './test-records.ts';

/**
 * The programs that tests of the store run as processes of their own: `node … PROGRAM FILE NAME`. Each says `ready`,
 * waits for a line on stdin, and tells what is durable as it becomes so, a line each, at once (a kill loses none).
 */
const [, , program, file = '', name = ''] = process.argv;

const say = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`);

const programs: Readonly<Record<string, (store: Store) => Promise<void>>> = {
  /** Creates one delegation. */
  async create(store) {
    await store.create(aDelegation(name, [`${name}.0`, `${name}.1`]));
    say('created', name);
  },

  /** Claims whatever it can of the tasks of `shared`, in an order of its own, and does each in three steps. */
  async share(store) {
    const tasks = await store.tasks({ delegation_id: 'shared', limit: 10_000 });
    const mine = tasks.map((task) => task.id).sort(() => Math.random() - 0.5);
    const live = async (): Promise<void> => {
      for (let id = mine.pop(); id !== undefined; id = mine.pop()) {
        const attempt = await store.claim(id, name, 30_000);
        if (attempt === undefined) continue;
        say('claimed', id);
        for (const step of ['one', 'two', 'three'])
          await store.append(id, attempt, [{ kind: 'note', note: `${name} ${step}` }]);
        if (await store.finish(id, attempt, aResult(id, { summary: name }))) say('finished', id);
      }
    };
    await Promise.all(Array.from({ length: 20 }, live));
  },

  /** Adds one to the value `sum`, a hundred times, ten at once. */
  async add(store) {
    const live = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) await store.change<number, void>('sum', (sum = 0) => [sum + 1, undefined]);
    };
    await Promise.all(Array.from({ length: 10 }, live));
    say('added', 100);
  },

  /** Works until it is killed. Its leases run out at once, so that the test may look after it without waiting. */
  async work(store) {
    const live = async (id: string): Promise<void> => {
      const attempt = (await store.claim(id, name, 0)) ?? Number.NaN;
      say('claimed', id);
      for (let step = 0; step < 5; step++) {
        await store.append(id, attempt, [
          { kind: 'note', note: `${step} start` },
          { kind: 'note', note: `${step} end` },
        ]);
        say('appended', id, step);
      }
      await store.finish(id, attempt, aResult(id), [{ kind: 'note', note: 'last' }]);
      say('finished', id);
    };
    const batches = async (worker: number): Promise<void> => {
      for (let round = 0; ; round++) {
        const batch = `${name}-${worker}-${round}`;
        const ids = Array.from({ length: 8 }, (_, i) => `${batch}.${i}`);
        await store.create(aDelegation(batch, ids), { owner: name, lease_ms: 0 });
        say('created', batch);
        await Promise.all(ids.map(live));
      }
    };
    await Promise.all([0, 1, 2, 3].map(batches));
  },

  /** Appends until it cannot. */
  async fill(store) {
    await store.create(aDelegation(name, [name]));
    await store.claim(name, name, 30_000);
    for (let step = 0; ; step++) {
      await store.append(name, 1, [{ kind: 'note', note: `${step} ${'x'.repeat(50_000)}` }]);
      say('appended', step);
    }
  },
};

say('ready');
process.stdin.once('data', async () => {
  process.stdin.destroy();
  try {
    const store = await openSqliteStore({ file });
    try {
      await programs[program ?? '']?.(store);
    } finally {
      await store[Symbol.asyncDispose]();
    }
  } catch (error) {
    say('failed', JSON.stringify(error));
  }
});
