import { describe, expect, onTestFinished, test } from 'vitest';
import type { DelegationRecord, JournalEntry, Store, TaskPlan } from '../core/store.ts';
import { aDelegation, anAnswer, aPlan, aResult } from './test-records.ts';

const OWNER = 'host-1/4711';
const OTHER = 'host-1/4712';
const LEASE = 30_000;
/** A lease that has run out when the next call looks at it. */
const NO_LEASE = 0;

/** What every Store promises. `open` gives an empty one each time. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  const opened = async (): Promise<Store> => {
    const store = await open();
    onTestFinished(() => store[Symbol.asyncDispose]());
    return store;
  };
  /** A store with one delegation of one task, `t`, claimed by `OWNER`. */
  const running = async (): Promise<Store> => {
    const store = await opened();
    await store.create(aDelegation('d', ['t']));
    expect(await store.claim('t', OWNER, LEASE)).toBe(1);
    return store;
  };
  const note = (text: string): JournalEntry => ({ kind: 'note', note: text });
  const notesOf = async (store: Store, id = 't', after = 0): Promise<string[]> =>
    (await store.journal(id, after)).map((entry) => (entry.kind === 'note' ? entry.note : entry.kind));

  describe(`${name}: creating`, () => {
    test('a created task is queued, with everything that was asked and decided', async () => {
      const store = await opened();
      const delegation = aDelegation('d', ['t']);
      await store.create(delegation);
      const { tasks, id, ...shared } = delegation;
      expect(await store.task('t')).toEqual({
        ...tasks[0],
        ...shared,
        delegation_id: id,
        status: 'queued',
        attempt: 0,
      });
    });

    test("a child's delegation keeps its parent, root and depth", async () => {
      const store = await opened();
      await store.create({ ...aDelegation('d2', ['t2']), parent_id: 't', root_id: 'd', depth: 2 });
      expect(await store.task('t2')).toMatchObject({ parent_id: 't', root_id: 'd', depth: 2 });
    });

    test('a delegation is created whole or not at all', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['taken']));
      const failed = store.create(aDelegation('d2', ['a', 'taken', 'b']));
      await expect(failed).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect(await store.tasks({ delegation_id: 'd2' })).toEqual([]);
      expect(await store.task('a')).toBeUndefined();
      expect(await store.task('taken')).toMatchObject({ delegation_id: 'd' });
    });

    test('a delegation id is used once', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['a']));
      await expect(store.create(aDelegation('d', ['b']))).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect(await store.task('b')).toBeUndefined();
    });

    test('a write that fails takes no other of the same tick with it', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']));
      const outcomes = await Promise.allSettled([
        store.create(aDelegation('d1', ['t1'])),
        store.create(aDelegation('d', ['again'])),
        store.claim('t', OWNER, LEASE),
        store.append('t', 1, [note('one')]),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      expect(await notesOf(store)).toEqual(['one']);
      expect(await store.task('t1')).toMatchObject({ status: 'queued' });
      expect(await store.task('again')).toBeUndefined();
    });

    test('a thousand tasks are created at once, in their order', async () => {
      const store = await opened();
      const ids = Array.from({ length: 1_000 }, (_, i) => `t${i}`);
      await store.create(aDelegation('d', ids));
      expect((await store.tasks({ delegation_id: 'd', limit: 1_000 })).map((task) => task.id)).toEqual(ids);
    });
  });

  describe(`${name}: claiming`, () => {
    test('a queued task is claimed once', async () => {
      const store = await running();
      expect(await store.claim('t', OTHER, LEASE)).toBeUndefined();
      expect(await store.claim('t', OWNER, LEASE)).toBeUndefined();
      expect(await store.task('t')).toMatchObject({ status: 'running', attempt: 1 });
    });

    test('of many claims made at once exactly one wins', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']));
      const claims = await Promise.all(Array.from({ length: 50 }, (_, i) => store.claim('t', `owner-${i}`, LEASE)));
      expect(claims.filter((attempt) => attempt !== undefined)).toEqual([1]);
    });

    test('claims made one right after the other are told each for itself, and stay in their place', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['a', 'b', 'c', 'd']));
      await store.claim('c', OTHER, LEASE);
      const claims = await Promise.all([
        store.claim('a', OWNER, NO_LEASE),
        store.claim('b', OWNER, NO_LEASE),
        store.claim('c', OWNER, NO_LEASE),
        store.claim('none', OWNER, NO_LEASE),
        store.claim('a', OWNER, NO_LEASE),
        store.heartbeat(OWNER, LEASE),
        store.claim('b', OTHER, LEASE),
        store.claim('d', OWNER, NO_LEASE),
      ]);
      expect(claims).toEqual([1, 1, undefined, undefined, 2, undefined, undefined, 1]);
      expect((await store.expired()).map(({ id }) => id)).toEqual(['d']);
    });

    test('a running task whose lease ran out is taken over as the next attempt', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']));
      await store.claim('t', OWNER, NO_LEASE);
      const before = await store.task('t');
      expect(await store.claim('t', OTHER, LEASE)).toBe(2);
      expect(await store.task('t')).toMatchObject({ attempt: 2, started_at: before?.started_at });
    });

    test('a heartbeat renews every lease of its owner and of nobody else', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['a', 'b', 'c']));
      await store.claim('a', OWNER, NO_LEASE);
      await store.claim('b', OWNER, NO_LEASE);
      await store.claim('c', OTHER, NO_LEASE);
      await store.heartbeat(OWNER, LEASE);
      expect(await store.claim('a', 'third', LEASE)).toBeUndefined();
      expect(await store.claim('b', 'third', LEASE)).toBeUndefined();
      expect(await store.claim('c', 'third', LEASE)).toBe(2);
    });

    test('a heartbeat of 0 hands all tasks of its owner back', async () => {
      const store = await running();
      await store.heartbeat(OWNER, 0);
      expect(await store.claim('t', OTHER, LEASE)).toBe(2);
    });

    test('a heartbeat that comes too late does not take a task back', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']));
      await store.claim('t', OWNER, NO_LEASE);
      await store.claim('t', OTHER, NO_LEASE);
      await store.heartbeat(OWNER, LEASE);
      expect(await store.claim('t', 'third', LEASE)).toBe(3);
    });

    test('an ended task is not claimed', async () => {
      const store = await running();
      await store.finish('t', 1, aResult('t'));
      expect(await store.claim('t', OTHER, LEASE)).toBeUndefined();
    });

    test.each([['nothing'], [''], ["' OR 1=1 --"], ['t\0'], ['\ud800']])('an unknown id %j is nobody', async (id) => {
      const store = await running();
      expect(await store.claim(id, OWNER, LEASE)).toBeUndefined();
      expect(await store.append(id, 1, [note('x')])).toBe(false);
      expect(await store.finish(id, 1, aResult('t'))).toBe(false);
      expect(await store.drop(id, aResult('t'))).toBe(false);
      expect(await store.task(id)).toBeUndefined();
      expect(await store.journal(id)).toEqual([]);
      expect(await store.tasks({ delegation_id: id })).toEqual([]);
    });
  });

  describe(`${name}: queued tasks that are held`, () => {
    const hold = { owner: OWNER, lease_ms: LEASE };

    test('only the holder claims them while the lease lasts', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']), hold);
      expect(await store.claim('t', OTHER, LEASE)).toBeUndefined();
      expect(await store.claim('t', OWNER, LEASE)).toBe(1);
    });

    test('anybody claims them when the lease ran out', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']), { ...hold, lease_ms: NO_LEASE });
      expect(await store.claim('t', OTHER, LEASE)).toBe(1);
    });

    test('a heartbeat keeps them', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']), { ...hold, lease_ms: NO_LEASE });
      await store.heartbeat(OWNER, LEASE);
      expect(await store.expired()).toEqual([]);
      expect(await store.claim('t', OTHER, LEASE)).toBeUndefined();
    });

    test('they are lost, not queued for ever, when their process died (F39)', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']), { ...hold, lease_ms: NO_LEASE });
      await store.create(aDelegation('free', ['waiting']));
      expect(await store.expired()).toEqual([await store.task('t')]);
      expect(await store.lose('t', 0, aResult('t', { status: 'lost' }))).toBe(true);
      expect(await store.lose('waiting', 0, aResult('waiting', { status: 'lost' }))).toBe(false);
      expect(await store.task('t')).toMatchObject({ status: 'lost', ended_at: expect.any(Number) });
      expect(await store.task('waiting')).toMatchObject({ status: 'queued' });
      expect(await store.claim('t', OWNER, LEASE)).toBeUndefined();
    });
  });

  describe(`${name}: the journal`, () => {
    test('entries come back as they were written, in order, with their attempt', async () => {
      const store = await running();
      const entries: JournalEntry[] = [
        { kind: 'message', message: { role: 'user', text: 'Count the files.' } },
        { kind: 'answer', turn: 1, answer: anAnswer() },
        { kind: 'tool-start', call_id: 'c1', tool: 'list_files', idempotent: true },
        { kind: 'tool-end', result: { id: 'c1', name: 'list_files', content: 'a\nb', is_error: false }, ms: 1.25 },
        { kind: 'hop', hop: { from: 'a/b', to: 'c/d', because: 'quota' } },
        note('done'),
      ];
      expect(await store.append('t', 1, entries.slice(0, 2))).toBe(true);
      expect(await store.append('t', 1, entries.slice(2))).toBe(true);
      const journal = await store.journal('t');
      expect(journal.map(({ seq: _seq, at: _at, attempt: _attempt, ...entry }) => entry)).toEqual(entries);
      expect(journal.every((entry) => entry.attempt === 1 && Number.isInteger(entry.at))).toBe(true);
      const seqs = journal.map((entry) => entry.seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    });

    test('it is read on from any position, and each task has its own', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t', 'u']));
      await store.claim('t', OWNER, LEASE);
      await store.claim('u', OWNER, LEASE);
      for (const text of ['1', '2', '3']) {
        await store.append('t', 1, [note(`t${text}`)]);
        await store.append('u', 1, [note(`u${text}`)]);
      }
      const [first] = await store.journal('t');
      expect(await notesOf(store, 't', first?.seq)).toEqual(['t2', 't3']);
      expect(await notesOf(store, 'u')).toEqual(['u1', 'u2', 'u3']);
      const last = (await store.journal('t')).at(-1);
      expect(await store.journal('t', last?.seq)).toEqual([]);
    });

    test('what a read asks for after a write is seen, without waiting for the write', async () => {
      const store = await opened();
      void store.create(aDelegation('d', ['t']));
      void store.claim('t', OWNER, LEASE);
      void store.append('t', 1, [note('one')]);
      const reads = [store.task('t'), store.journal('t'), store.tasks()] as const;
      void store.finish('t', 1, aResult('t'));
      const [task, journal, tasks] = await Promise.all(reads);
      expect(task).toMatchObject({ attempt: 1 });
      expect(journal).toHaveLength(1);
      expect(tasks).toHaveLength(1);
    });

    test('an append of nothing tells whether the attempt still holds', async () => {
      const store = await running();
      expect(await store.append('t', 1, [])).toBe(true);
      expect(await store.append('t', 2, [])).toBe(false);
      expect(await store.journal('t')).toEqual([]);
    });

    test.each([
      ['unicode', 'žluťoučký 😀 \u202e עברית'],
      ['NUL characters', 'a\0b\0'],
      ['lone surrogates', 'a\ud800b\udc00'],
      ['other control characters and quotes', `\x01\x1b[31m'"\\\u2028\r\n`],
      ['one megabyte', 'x'.repeat(1_000_000)],
    ])('text with %s comes back unchanged', async (_, text) => {
      const store = await opened();
      const plan: TaskPlan = { ...aPlan('t', 0), input: { goal: text, context: text } };
      const delegation: DelegationRecord = { ...aDelegation('d', []), tasks: [plan], origin: text };
      await store.create(delegation);
      await store.claim('t', text, LEASE);
      await store.append('t', 1, [note(text)]);
      await store.finish('t', 1, { ...aResult('t'), summary: text });
      const task = await store.task('t');
      expect(task?.input).toEqual(plan.input);
      expect(task?.origin).toBe(text);
      expect(task?.result?.summary).toBe(text);
      expect(await notesOf(store)).toEqual([text]);
    });
  });

  describe(`${name}: ending`, () => {
    test('a finished task has its result, and the last entries with it', async () => {
      const store = await running();
      const result = aResult('t', { status: 'partial' });
      expect(await store.finish('t', 1, result, [note('last')])).toBe(true);
      expect(await store.task('t')).toMatchObject({ status: 'partial', result, ended_at: expect.any(Number) });
      expect(await notesOf(store)).toEqual(['last']);
    });

    test('a task ends once', async () => {
      const store = await running();
      const ends = await Promise.all([
        store.finish('t', 1, aResult('t', { summary: 'first' }), [note('first')]),
        store.finish('t', 1, aResult('t', { summary: 'second' }), [note('second')]),
        store.append('t', 1, [note('late')]),
        store.drop('t', aResult('t', { status: 'cancelled' })),
      ]);
      expect(ends).toEqual([true, false, false, false]);
      expect((await store.task('t'))?.result?.summary).toBe('first');
      expect(await notesOf(store)).toEqual(['first']);
    });

    test('an attempt that was taken over can write nothing', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']));
      await store.claim('t', OWNER, NO_LEASE);
      await store.append('t', 1, [note('of the first')]);
      await store.claim('t', OTHER, LEASE);
      expect(await store.append('t', 1, [note('stale'), note('stale')])).toBe(false);
      expect(await store.finish('t', 1, aResult('t'), [note('stale')])).toBe(false);
      expect(await store.finish('t', 2, aResult('t'), [note('of the second')])).toBe(true);
      expect(await notesOf(store)).toEqual(['of the first', 'of the second']);
      expect((await store.journal('t')).map((entry) => entry.attempt)).toEqual([1, 2]);
    });

    test('a queued task is dropped without having run; a running one is not', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['queued', 'running']));
      await store.claim('running', OWNER, LEASE);
      const cancelled = aResult('queued', { status: 'cancelled' });
      expect(await store.drop('queued', cancelled)).toBe(true);
      expect(await store.drop('running', cancelled)).toBe(false);
      expect(await store.task('queued')).toMatchObject({ status: 'cancelled', attempt: 0, result: cancelled });
      expect(await store.task('queued')).not.toHaveProperty('started_at');
      expect(await store.claim('queued', OWNER, LEASE)).toBeUndefined();
    });

    test('a running task whose lease ran out is lost, and its attempt writes no more (F39)', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['gone', 'alive', 'queued']));
      await store.claim('gone', OWNER, NO_LEASE);
      await store.claim('alive', OWNER, LEASE);
      expect((await store.expired()).map((task) => task.id)).toEqual(['gone']);
      const lost = aResult('gone', { status: 'lost', summary: 'so far' });
      expect(await store.lose('gone', 2, lost)).toBe(false);
      expect(await store.lose('alive', 1, lost)).toBe(false);
      expect(await store.lose('gone', 1, lost)).toBe(true);
      expect(await store.lose('gone', 1, lost)).toBe(false);
      expect(await store.expired()).toEqual([]);
      expect(await store.task('gone')).toMatchObject({ status: 'lost', result: lost, ended_at: expect.any(Number) });
      expect(await store.append('gone', 1, [note('late')])).toBe(false);
      expect(await store.finish('gone', 1, aResult('gone'))).toBe(false);
      expect((await store.task('gone'))?.result).toEqual(lost);
      expect((await store.tasks({ status: ['running', 'queued'] })).map((task) => task.id)).toEqual([
        'alive',
        'queued',
      ]);
    });
  });

  describe(`${name}: ending what nobody is at`, () => {
    test('a process that wakes before it is found keeps its tasks', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['t']));
      await store.claim('t', OWNER, NO_LEASE);
      expect(await store.expired()).toHaveLength(1);
      await store.heartbeat(OWNER, LEASE);
      expect(await store.lose('t', 1, aResult('t', { status: 'lost' }))).toBe(false);
      expect(await store.finish('t', 1, aResult('t'))).toBe(true);
    });
  });

  describe(`${name}: asking something of open tasks`, () => {
    const stop = { kind: 'stop' } as const;
    const steer = (message: string) => ({ kind: 'steer', message }) as const;

    test('it is for every open task the id stands for, and for the process that holds them', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['a', 'b', 'c', 'free']));
      for (const id of ['a', 'b']) await store.claim(id, OWNER, LEASE);
      await store.claim('c', OTHER, LEASE);
      await store.finish('b', 1, aResult('b'));
      const asked = await store.control('d', steer('look'));
      expect(asked.map(({ id: _, ...control }) => control)).toEqual(
        ['a', 'c', 'free'].map((task_id) => ({ kind: 'steer', message: 'look', task_id })),
      );
      const ids = asked.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      expect(await store.controls(OWNER, 0)).toEqual([asked[0]]);
      expect(await store.controls(OTHER, 0)).toEqual([asked[1]]);
      expect(await store.control('b', stop)).toEqual([]);
      expect(await store.control('nobody', stop)).toEqual([]);
    });

    test('each is seen once by who remembers how far it has read', async () => {
      const store = await running();
      const [first] = await store.control('t', steer('one'));
      expect(await store.controls(OWNER, first!.id)).toEqual([]);
      const [second] = await store.control('t', stop);
      expect(await store.controls(OWNER, first!.id)).toEqual([second]);
      expect(await store.controls(OWNER, 0)).toEqual([first, second]);
      await store.finish('t', 1, aResult('t'));
      expect(await store.controls(OWNER, 0)).toEqual([]);
    });

    test('a task tells what it was told: queued, then delivered with the turn, or missed', async () => {
      const store = await running();
      const [one] = await store.control('t', steer('one \0\ud800 "quoted"'));
      const [two] = await store.control('t', steer('two'));
      const [three] = await store.control('t', steer('three'));
      const told = async (): Promise<unknown> =>
        (await store.task('t'))?.steers?.map(({ state, turn }) => [state, turn]);
      expect(await told()).toEqual(Array.from({ length: 3 }, () => ['queued', undefined]));
      const entry = { kind: 'steer', turn: 2 } as const;
      expect(await store.append('t', 9, [{ ...entry, id: one!.id, message: 'one' }])).toBe(false);
      await store.append('t', 1, [note('x'), { ...entry, id: one!.id, message: 'one' }]);
      expect(await store.controls(OWNER, 0)).toEqual([two, three]);
      await store.finish('t', 1, aResult('t'), [{ ...entry, turn: 3, id: two!.id, message: 'two' }]);
      expect(await told()).toEqual([
        ['delivered', 2],
        ['delivered', 3],
        ['missed', undefined],
      ]);
      expect((await store.task('t'))?.steers?.[0]?.message).toBe('one \0\ud800 "quoted"');
      expect((await store.tasks())[0]?.steers).toHaveLength(3);
    });

    test('a stop is for the whole tree below; a steer is not', async () => {
      const store = await opened();
      const below = (id: string, parent_id: string, depth: number, ids: readonly string[]): DelegationRecord => ({
        ...aDelegation(id, ids),
        parent_id,
        root_id: 'd',
        depth,
      });
      await store.create(aDelegation('d', ['a', 'b']));
      await store.create(below('d2', 'a', 2, ['aa', 'ab']));
      await store.create(below('d3', 'ab', 3, ['aba']));
      const asked = async (id: string, ask: typeof stop | ReturnType<typeof steer>): Promise<string[]> =>
        (await store.control(id, ask)).map(({ task_id }) => task_id).sort();
      expect(await asked('d', stop)).toEqual(['a', 'aa', 'ab', 'aba', 'b']);
      expect(await asked('a', stop)).toEqual(['a', 'aa', 'ab', 'aba']);
      expect(await asked('d2', stop)).toEqual(['aa', 'ab', 'aba']);
      expect(await asked('b', stop)).toEqual(['b']);
      expect(await asked('d', steer('x'))).toEqual(['a', 'b']);
      expect((await store.tasks({ root_id: 'd' })).map(({ id }) => id).sort()).toEqual(['a', 'aa', 'ab', 'aba', 'b']);
      expect((await store.tasks({ root_id: 'd2' })).map(({ id }) => id)).toEqual([]);
      expect((await store.tasks({ parent_id: 'a' })).map(({ id }) => id).sort()).toEqual(['aa', 'ab']);
      expect(await store.tasks({ parent_id: 'b' })).toEqual([]);
    });
  });

  describe(`${name}: limits of a root`, () => {
    const limits = { max_descendants: 5, max_spawn_depth: 3 };
    const below = (
      id: string,
      parent_id: string,
      ids: readonly string[],
      depth = 2,
      root_id = 'd',
    ): DelegationRecord => ({
      ...aDelegation(id, ids),
      parent_id,
      root_id,
      depth,
    });

    test('descendants are counted at the root, over all depths and processes (F44)', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['a', 'b']), undefined, limits);
      await store.create(below('d2', 'a', ['c', 'e']), undefined, limits);
      await expect(store.create(below('d3', 'c', ['f', 'g'], 3), undefined, limits)).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
      });
      expect(await store.task('f')).toBeUndefined();
      await store.create(below('d3', 'c', ['f'], 3), undefined, limits);
      await expect(store.create(below('d4', 'b', ['g']), undefined, limits)).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
      });
      await store.create(aDelegation('other', ['x', 'y']), undefined, limits);
      const six = ['1', '2', '3', '4', '5', '6'];
      await expect(store.create(aDelegation('six', six), undefined, limits)).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
      });
    });

    test('of delegations made at once only so many stand as there are places', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['a']), undefined, limits);
      const made = await Promise.allSettled(
        Array.from({ length: 10 }, (_, i) => store.create(below(`n${i}`, 'a', [`c${i}`]), undefined, limits)),
      );
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
      expect(await store.tasks({ root_id: 'd' })).toHaveLength(5);
    });

    test.each([
      ['a depth that it does not stand at', below('x', 'a', ['y'], 1)],
      ['a root of its own', below('x', 'a', ['y'], 2, 'x')],
      ["another delegation's root", below('x', 'a', ['y'], 2, 'other')],
      ['no parent at a depth', { ...aDelegation('x', ['y']), depth: 2 }],
      ['a parent that does not exist', below('x', 'nobody', ['y'])],
      ['a parent that has ended', below('x', 'over', ['y'])],
    ])('a delegation that says %s is refused (F44)', async (_, forged) => {
      const store = await opened();
      await store.create(aDelegation('d', ['a', 'over']), undefined, limits);
      await store.create(aDelegation('other', ['z']), undefined, limits);
      await store.claim('over', OWNER, LEASE);
      await store.finish('over', 1, aResult('over'));
      await expect(store.create(forged, undefined, limits)).rejects.toMatchObject({ name: 'DelegateError' });
      expect(await store.task('y')).toBeUndefined();
    });

    test('nothing stands deeper than max_spawn_depth', async () => {
      const store = await opened();
      await store.create(aDelegation('d', ['a']), undefined, { ...limits, max_spawn_depth: 1 });
      await expect(
        store.create(below('d2', 'a', ['c']), undefined, { ...limits, max_spawn_depth: 1 }),
      ).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    });
  });

  describe(`${name}: delivering background results`, () => {
    test('a delegation waits from the end of its last task until it is acknowledged, once', async () => {
      const store = await opened();
      await store.create({ ...aDelegation('d1', ['a', 'b']), background: true, origin: 'chat' });
      await store.create({ ...aDelegation('d2', ['c']), background: true, origin: 'mcp' });
      await store.create(aDelegation('d3', ['e']));
      for (const id of ['a', 'c', 'e']) {
        await store.claim(id, OWNER, LEASE);
        await store.finish(id, 1, aResult(id));
      }
      expect(await store.undelivered()).toEqual(['d2']);
      await store.drop('b', aResult('b', { status: 'cancelled' }));
      expect(await store.undelivered()).toEqual(['d1', 'd2']);
      expect(await store.undelivered('chat')).toEqual(['d1']);
      expect(await store.undelivered('cli')).toEqual([]);
      expect(await store.task('a')).toMatchObject({ background: true });
      expect(await store.acknowledge('d1')).toBe(true);
      expect(await store.acknowledge('d1')).toBe(false);
      expect(await store.acknowledge('d3')).toBe(false);
      expect(await store.acknowledge('nobody')).toBe(false);
      expect(await store.undelivered()).toEqual(['d2']);
    });
  });

  describe(`${name}: listing`, () => {
    test('the newest delegation comes first, its tasks in the order asked', async () => {
      const store = await opened();
      await store.create(aDelegation('d1', ['a', 'b']));
      await store.create(aDelegation('d2', ['c', 'd']));
      expect((await store.tasks()).map((task) => task.id)).toEqual(['c', 'd', 'a', 'b']);
      expect((await store.tasks({ limit: 3 })).map((task) => task.id)).toEqual(['c', 'd', 'a']);
    });

    test('50 tasks are listed when no limit is given; none for a limit below 1', async () => {
      const store = await opened();
      await store.create(
        aDelegation(
          'd',
          Array.from({ length: 60 }, (_, i) => `t${i}`),
        ),
      );
      expect(await store.tasks()).toHaveLength(50);
      expect(await store.tasks({ limit: 0 })).toEqual([]);
      expect(await store.tasks({ limit: -1 })).toEqual([]);
    });

    test('filters hold together', async () => {
      const store = await opened();
      await store.create({ ...aDelegation('old', ['a', 'b']), created_at: 1_000 });
      await store.create({ ...aDelegation('new', ['c', 'd']), created_at: 2_000 });
      await store.claim('b', OWNER, LEASE);
      await store.claim('d', OWNER, LEASE);
      const ids = async (filter: Parameters<Store['tasks']>[0]): Promise<string[]> =>
        (await store.tasks(filter)).map((task) => task.id);
      expect(await ids({ since: 1_500 })).toEqual(['c', 'd']);
      expect(await ids({ since: 2_000 })).toEqual(['c', 'd']);
      expect(await ids({ status: ['running'] })).toEqual(['d', 'b']);
      expect(await ids({ status: ['running', 'queued'], delegation_id: 'old' })).toEqual(['a', 'b']);
      expect(await ids({ status: ['completed'] })).toEqual([]);
      expect(await ids({ status: [] })).toEqual([]);
      expect(await ids({ status: ['running'], since: 1_500, delegation_id: 'old' })).toEqual([]);
    });
  });

  describe(`${name}: values that processes share`, () => {
    const add =
      (amount: number) =>
      (value: number | undefined): readonly [number, number] => [(value ?? 0) + amount, (value ?? 0) + amount];

    test('a value is changed from what it was, and read as it is', async () => {
      const store = await opened();
      expect(await store.shared('v')).toBeUndefined();
      expect(await store.change('v', (value) => [{ seen: value === undefined }, 'made'])).toBe('made');
      expect(await store.shared('v')).toEqual({ seen: true });
      expect(await store.change('v', (value) => [{ was: value }, undefined])).toBeUndefined();
      expect(await store.shared('v')).toEqual({ was: { seen: true } });
      expect(await store.shared('w')).toBeUndefined();
    });

    test('of changes made at once none is lost', async () => {
      const store = await opened();
      const sums = await Promise.all(Array.from({ length: 200 }, () => store.change('sum', add(1))));
      expect(sums).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
      expect(await store.shared('sum')).toBe(200);
    });

    test('a value can be taken away', async () => {
      const store = await opened();
      await store.change('v', add(1));
      expect(await store.change('v', (value) => [undefined, value])).toBe(1);
      expect(await store.shared('v')).toBeUndefined();
      expect(await store.change('v', (value) => [undefined, value])).toBeUndefined();
    });

    test('a change that throws changes nothing, and takes no other write with it', async () => {
      const store = await opened();
      await store.change('v', add(1));
      const outcomes = await Promise.allSettled([
        store.change('v', add(1)),
        store.change('v', () => {
          throw new Error('a defect');
        }),
        store.change('v', add(1)),
        store.create(aDelegation('d', ['t'])),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      expect(await store.shared('v')).toBe(3);
    });

    test("the clock is the store's, and what a caller does to a value later changes nothing", async () => {
      const store = await running();
      const given = { at: 0 };
      await store.change('v', (_, now) => {
        given.at = now;
        return [given, undefined];
      });
      const { at } = given;
      given.at = -1;
      expect(await store.shared('v')).toEqual({ at });
      expect((await store.task('t'))?.started_at).toBeLessThanOrEqual(at);
    });
  });

  describe(`${name}: pruning and closing`, () => {
    test('only delegations whose every task ended before then are removed, with their journals', async () => {
      const store = await opened();
      await store.create(aDelegation('ended', ['a', 'b']));
      await store.create(aDelegation('open', ['c', 'd']));
      for (const id of ['a', 'b', 'c']) {
        await store.claim(id, OWNER, LEASE);
        await store.finish(id, 1, aResult(id), [note(id)]);
      }
      const ended = (await store.task('b'))?.ended_at ?? Number.NaN;
      const first = (await store.task('a'))?.ended_at ?? Number.NaN;
      expect(await store.prune(Math.min(first, ended))).toEqual([]);
      await store.control('c', { kind: 'stop' });
      expect(await store.prune(ended + 1)).toEqual(['a', 'b'].map((id) => ({ id, delegation_id: 'ended' })));
      expect(await store.task('a')).toBeUndefined();
      expect(await store.journal('b')).toEqual([]);
      expect(await notesOf(store, 'c')).toEqual(['c']);
      expect((await store.tasks()).map((task) => task.id)).toEqual(['c', 'd']);
      expect(await store.prune(ended + 1)).toEqual([]);
      await store.create(aDelegation('ended', ['a']));
      expect(await store.journal('a')).toEqual([]);
    });

    test('closing writes what is queued; then every call is refused', async () => {
      const store = await running();
      const appended = store.append('t', 1, [note('last')]);
      const read = store.journal('t');
      await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
      expect(await appended).toBe(true);
      expect(await read).toHaveLength(1);
      await expect(store.append('t', 1, [note('later')])).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await expect(store.task('t')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    });
  });
}
