import { describe, expect, test } from 'vitest';
import { DelegateError } from '../core/errors.ts';
import type { DelegationEvent } from '../core/events.ts';
import type { Store } from '../core/store.ts';
import type { TaskInput } from '../core/task.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { aResult } from '../store/test-records.ts';
import { call, createRig, echoTool, failed, routeTo, task, untilAborted } from './test-rig.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, i) => task({ goal: `${i}` }));

test('an adapter that is not installed is refused before anything is stored, once a task, fallbacks too', async () => {
  await using store = createMemoryStore();
  const rig = createRig({
    store,
    model: () => ({ text: 'x' }),
    deps: {
      providerFor: async ({ package: name }) => {
        throw new DelegateError('WIRE_UNAVAILABLE', `"${name}" is not installed.`, { hint: `npm install ${name}` });
      },
    },
  });
  const away = routeTo('away/m', { wire: 'ai-sdk', package: 'away-sdk' });
  const other = routeTo('other/m', { wire: 'ai-sdk', package: 'other-sdk' });
  const refused = rig.run([task({}, { ...away, fallback: [other] }), task({}, { ...other })]);
  await expect(refused).rejects.toMatchObject({
    code: 'WIRE_UNAVAILABLE',
    issues: [
      { path: 'tasks[0]', message: '"away-sdk" is not installed.' },
      { path: 'tasks[1]', message: '"other-sdk" is not installed.' },
    ],
  });
  expect(await store.tasks()).toEqual([]);
});

describe('a batch', () => {
  test('results come in the order asked, whatever the order they end in', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: async ({ goal }) => {
        await new Promise((resolve) => setTimeout(resolve, goal === '0' ? 20 : 0));
        return { text: `answer ${goal}` };
      },
    });
    const { results } = await rig.run(numbered(5));
    expect(results.map(({ index, summary }) => [index, summary])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [i, `answer ${i}`]),
    );
  });

  test('every task is stored before the first request leaves (F39)', async () => {
    await using store = createMemoryStore();
    const stored: number[] = [];
    const rig = createRig({
      store,
      model: async () => {
        stored.push((await store.tasks()).length);
        return { text: 'x' };
      },
    });
    await rig.run(numbered(3));
    expect(stored).toEqual([3, 3, 3]);
  });

  test('more tasks than max_concurrent_children wait their turn, and all run (F43)', async () => {
    await using store = createMemoryStore();
    let running = 0;
    let most = 0;
    const rig = createRig({
      store,
      limits: { max_concurrent_children: 4, max_children_per_call: 100 },
      model: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running -= 1;
        return { text: 'x' };
      },
    });
    const { results } = await rig.run(numbered(100));
    expect(most).toBe(4);
    expect(results.filter(({ status }) => status === 'completed')).toHaveLength(100);
  });

  test('one that hangs holds nobody back: eight results are there at once, told and stored (F36)', async () => {
    await using store = createMemoryStore();
    const stop = new AbortController();
    const ended: number[] = [];
    let stored: (string | undefined)[] = [];
    const rig = createRig({
      store,
      model: ({ goal, options }) => (goal === '3' ? untilAborted(options.signal) : { text: goal }),
    });
    const on = async (event: DelegationEvent): Promise<void> => {
      if (event.type === 'task-end') ended.push(event.index);
      if (ended.length !== 8 || event.type !== 'task-end') return;
      stored = (await store.tasks()).map(({ status }) => status);
      stop.abort();
    };
    const { results } = await rig.run(numbered(9), { signal: stop.signal, on });
    expect(ended).toHaveLength(9);
    expect(ended.at(-1)).toBe(3);
    expect(stored.filter((status) => status === 'completed')).toHaveLength(8);
    expect(results.map(({ status }) => status)).toEqual(
      Array.from({ length: 9 }, (_, i) => (i === 3 ? 'cancelled' : 'completed')),
    );
  });

  test('one that fails in any way leaves the others as they are', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ goal }) => {
        if (goal === '1') throw failed('auth', { status: 401, upstream: 'bad key' });
        if (goal === '2') throw new Error('defect');
        return { text: 'x' };
      },
    });
    const { results } = await rig.run(numbered(4));
    expect(results.map(({ status }) => status)).toEqual(['completed', 'failed', 'failed', 'completed']);
  });

  test('every result, event and record names the route of its own task (F12)', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }) });
    const labels = ['a/1', 'b/2', 'c/3'];
    const { results } = await rig.run(labels.map((label) => ({ ...task({}), route: routeTo(label) })));
    expect(results.map(({ route }) => `${route.resolved.provider}/${route.served.model}`)).toEqual(labels);
    for (const event of rig.events) {
      if ('task_id' in event) expect(`${event.route.provider}/${event.route.model}`).toBe(labels[event.index]);
    }
    for (const record of await store.tasks()) expect(record.route).toEqual(routeTo(labels[record.index]!));
  });

  test('the events of a child tell its life in order', async () => {
    await using store = createMemoryStore();
    const rig = createRig({
      store,
      model: ({ count, options }) => {
        if (count === 1) return { tool_calls: [call('echo', { text: 'hello' })] };
        options.onText?.('Do');
        options.onText?.('ne');
        return { text: 'Done' };
      },
    });
    await rig.run([task({})]);
    expect(rig.events.map(({ type }) => type)).toEqual([
      'delegation-start',
      'task-queued',
      'task-start',
      'turn-start',
      'usage',
      'tool-start',
      'tool-end',
      'turn-start',
      'text-delta',
      'text-delta',
      'usage',
      'task-end',
      'delegation-end',
    ]);
  });

  test('a listener that throws changes nothing', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }) });
    const { results } = await rig.run([task({})], {
      on: () => {
        throw new Error('no');
      },
    });
    expect(results[0]?.status).toBe('completed');
  });

  test('without a listener the adapter is given nothing to call for each delta', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, silent: true, model: () => ({ text: 'x' }) });
    await rig.run([task({})]);
    expect(rig.asked[0]?.options).not.toHaveProperty('onText');
  });
});

describe('what is refused is refused before anything is stored', () => {
  test.each([
    ['more tasks than max_children_per_call (F43)', { limits: { max_children_per_call: 2 } }, {}, /"3".*is 2/],
    ['a depth over max_spawn_depth (F44)', {}, { parent: { task_id: 't', root_id: 'd', depth: 2 } }, /"2".*is 1/],
  ])('%s', async (_, rigOptions, options, message) => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }), ...rigOptions });
    await expect(rig.run(numbered(3), options)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(message),
    });
    expect(await store.tasks()).toEqual([]);
    expect(rig.asked).toEqual([]);
  });

  test('images that cannot be read, all of them named', async () => {
    await using store = createMemoryStore();
    const { DelegateError } = await import('../core/errors.ts');
    const loadImage = async (ref: string): Promise<never> => {
      throw new DelegateError('REQUEST_INVALID', `"${ref}" is not there.`);
    };
    const rig = createRig({ store, deps: { loadImage }, model: () => ({ text: 'x' }) });
    await expect(rig.run([task({ images: ['a.png', 'b.png'] })])).rejects.toMatchObject({
      issues: [{ path: 'tasks[0].images[0]' }, { path: 'tasks[0].images[1]' }],
    });
    expect(await store.tasks()).toEqual([]);
  });
});

test('images reach the model with the goal, and stay out of the journal', async () => {
  await using store = createMemoryStore();
  const rig = createRig({ store, model: () => ({ text: 'x' }) });
  const [result] = (await rig.run([task({ images: ['a.png'] })])).results;
  expect(rig.asked[0]?.messages[0]).toMatchObject({ images: [{ media_type: 'image/png', data: 'a.png' }] });
  expect(JSON.stringify(await store.journal(result!.id))).not.toContain('a.png');
});

describe('tools', () => {
  test.each<[string, Partial<TaskInput>, string[]]>([
    ['nothing asked', {}, ['echo']],
    ['a toolset the operator does not allow', { toolsets: ['write'] }, []],
    ['none asked', { toolsets: [] }, []],
  ])('a task never has more than it asked for and the operator allows: %s', async (_, input, tools) => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }) });
    await rig.run([task(input)]);
    expect(rig.asked[0]?.tools).toEqual(tools);
  });
});

describe('stopping', () => {
  test('requests in flight are aborted, nothing queued starts, what exists is kept', async () => {
    await using store = createMemoryStore();
    const stop = new AbortController();
    const rig = createRig({
      store,
      limits: { max_concurrent_children: 2 },
      model: ({ messages, options }) => {
        if (messages.length === 1) return { text: 'So far.', tool_calls: [call('echo', { text: 'x' })] };
        if (rig.asked.length === 4) queueMicrotask(() => stop.abort());
        return untilAborted(options.signal);
      },
    });
    const { results } = await rig.run(numbered(5), { signal: stop.signal });
    expect(results.map(({ status, summary, turns }) => [status, summary, turns])).toEqual([
      ['cancelled', 'So far.', 1],
      ['cancelled', 'So far.', 1],
      ['cancelled', '', 0],
      ['cancelled', '', 0],
      ['cancelled', '', 0],
    ]);
    expect(rig.asked).toHaveLength(4);
    expect((await store.tasks()).map(({ status }) => status)).toEqual(Array(5).fill('cancelled'));
  });

  test('a call that is stopped before it starts asks nobody', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store, model: () => ({ text: 'x' }) });
    const { results } = await rig.run(numbered(3), { signal: AbortSignal.abort() });
    expect(results.map(({ status }) => status)).toEqual(Array(3).fill('cancelled'));
    expect(rig.asked).toEqual([]);
  });

  test('a call that is stopped while what it needs is looked for is not waited for, and has its results (F38)', async () => {
    await using store = createMemoryStore();
    const stop = new AbortController();
    const kit = () => {
      setTimeout(() => stop.abort(), 5);
      return new Promise<never>(() => {});
    };
    const rig = createRig({ store, model: () => ({ text: 'x' }), deps: { toolsFor: () => ({ kit }) } });
    const { results } = await rig.run(numbered(2), { signal: stop.signal });
    expect(results.map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect(rig.asked).toEqual([]);
    expect((await store.tasks()).map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
  });

  test('a tool that does not stop is not waited for; what ended before is in the journal', async () => {
    await using store = createMemoryStore();
    const stop = new AbortController();
    const rig = createRig({
      store,
      tools: [
        echoTool({
          run: ({ text }) => {
            if (text === 'quick') return Promise.resolve({ content: 'quick', is_error: false });
            setTimeout(() => stop.abort(), 5);
            return new Promise(() => {});
          },
        }),
      ],
      model: () => ({ tool_calls: [call('echo', { text: 'quick' }, 'a'), call('echo', { text: 'hang' }, 'b')] }),
    });
    const [result] = (await rig.run([task({})], { signal: stop.signal })).results;
    expect(result?.status).toBe('cancelled');
    expect(await rig.kinds(result!.id)).toEqual(['user', 'answer', 'tool-start', 'tool-start', 'tool-end']);
  });
});

describe('a store that says no', () => {
  const over = (store: Store, more: Partial<Store>): Store => ({ ...store, ...more });

  test.each([
    ['at once when its tool had effects', false, 1],
    ['after one more request when its tool only read', true, 2],
  ])('a child whose task another process took over stops without writing, %s (F39)', async (_, idempotent, asked) => {
    await using store = createMemoryStore();
    let appends = 0;
    const finished: string[] = [];
    const rig = createRig({
      store: over(store, {
        append: async (id, attempt, entries) => (++appends > 1 ? false : store.append(id, attempt, entries)),
        finish: async (id) => {
          finished.push(id);
          return true;
        },
      }),
      tools: [echoTool({ idempotent })],
      model: () => ({ text: 'So far.', tool_calls: [call('echo', { text: 'x' })] }),
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({
      status: 'lost',
      error: { code: 'LOST' },
      summary: 'So far.',
      cost: { complete: false },
    });
    expect(finished).toEqual([]);
    expect(rig.asked).toHaveLength(asked);
  });

  test('the first are claimed in the turn that stores them, and start when that is done', async () => {
    await using store = createMemoryStore();
    const done: string[] = [];
    const rig = createRig({
      store: over(store, {
        create: async (...args) => {
          await store.create(...args);
          await new Promise((resolve) => setImmediate(resolve));
          done.push('stored');
        },
        claim: (...args) => {
          done.push('claim');
          return store.claim(...args);
        },
      }),
      model: () => {
        done.push('request');
        return { text: 'x' };
      },
    });
    await rig.run(numbered(1));
    expect(done).toEqual(['claim', 'stored', 'request']);
  });

  test('tasks that cannot be stored are refused: nobody is asked, told or kept from a place', async () => {
    await using store = createMemoryStore();
    const { DelegateError } = await import('../core/errors.ts');
    let full = true;
    const rig = createRig({
      store: over(store, {
        create: async (...args) => {
          if (full) throw new DelegateError('STORE_FAILED', 'disk full');
          await store.create(...args);
        },
      }),
      limits: { max_concurrent_children: 1 },
      model: () => ({ text: 'x' }),
    });
    const told: string[] = [];
    await expect(rig.run(numbered(2), { on: ({ type }) => told.push(type) })).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
    expect([rig.asked, told]).toEqual([[], []]);
    full = false;
    expect((await rig.run(numbered(2))).results).toHaveLength(2);
  });

  test('a task that another process claimed first is not run', async () => {
    await using store = createMemoryStore();
    const rig = createRig({ store: over(store, { claim: async () => undefined }), model: () => ({ text: 'x' }) });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'lost' });
    expect(rig.asked).toEqual([]);
  });

  test('a full disk ends the child that could not write, before its tools run; the text is given back', async () => {
    await using store = createMemoryStore();
    const { DelegateError } = await import('../core/errors.ts');
    let runs = 0;
    const full = async (): Promise<never> => {
      throw new DelegateError('STORE_FAILED', 'disk full');
    };
    const rig = createRig({
      store: over(store, { append: full, finish: full }),
      tools: [
        echoTool({
          run: async () => {
            runs += 1;
            return { content: '', is_error: false };
          },
        }),
      ],
      model: ({ goal }) => ({ text: 'So far.', tool_calls: goal === '0' ? [call('echo', { text: 'x' })] : [] }),
    });
    const { results } = await rig.run(numbered(2));
    expect(results.map(({ status, error, summary }) => [status, error?.code, summary])).toEqual([
      ['failed', 'STORE_FAILED', 'So far.'],
      ['partial', 'STORE_FAILED', 'So far.'],
    ]);
    expect(runs).toBe(0);
  });

  test('an answer that could not be written at once is written with the result: it was paid for', async () => {
    await using store = createMemoryStore();
    const { DelegateError } = await import('../core/errors.ts');
    const rig = createRig({
      store: over(store, {
        append: async () => {
          throw new DelegateError('STORE_FAILED', 'locked');
        },
      }),
      tools: [echoTool()],
      model: () => ({ text: 'So far.', tool_calls: [call('echo', { text: 'x' })] }),
    });
    const [result] = (await rig.run([task({})])).results;
    expect(result).toMatchObject({ status: 'failed', error: { code: 'STORE_FAILED' } });
    expect((await store.journal(result!.id)).map(({ kind }) => kind)).toEqual(['message', 'answer', 'tool-start']);
  });
});

describe('long texts', () => {
  test('eight answers of 50 KB come back under their cap, each whole text kept byte for byte (F48)', async () => {
    await using store = createMemoryStore();
    const kept = new Map<string, string>();
    const text = (goal: string): string => `${goal}${'é'.repeat(50_000)}end`;
    const rig = createRig({
      store,
      deps: {
        transcripts: {
          open: () => ({ path: '/t', write: () => {}, end: () => {} }),
          remove: async () => {},
          saveFull: async (id, full) => {
            kept.set(`/full/${id}`, full);
            return `/full/${id}`;
          },
          async [Symbol.asyncDispose]() {},
        },
      },
      model: ({ goal }) => ({ text: text(goal) }),
    });
    const { results } = await rig.run(numbered(8));
    for (const { summary, full_ref, index } of results) {
      expect(summary.length).toBe(24_000);
      expect(summary).toMatch(/end$/);
      expect(summary).toContain(full_ref);
      expect(kept.get(full_ref!)).toBe(text(String(index)));
    }
  });
});

test('what another process ended while it was queued is told as it stands in the store, and does not run', async () => {
  await using store = createMemoryStore();
  const rig = createRig({
    store,
    limits: { max_concurrent_children: 1 },
    model: async () => {
      const queued = await store.tasks({ status: ['queued'] });
      for (const { id } of queued) await store.drop(id, aResult(id, { status: 'cancelled', summary: 'by another' }));
      return { text: 'x' };
    },
  });
  const { results } = await rig.run(numbered(2));
  expect(results.map(({ status, summary }) => [status, summary])).toEqual([
    ['completed', 'x'],
    ['cancelled', 'by another'],
  ]);
  expect(rig.asked).toHaveLength(1);
});

test('a thousand children start without holding the event loop up', async () => {
  await using store = createMemoryStore();
  let turns = 0;
  const rig = createRig({
    store,
    limits: { max_concurrent_children: 1_000, max_children_per_call: 1_000, max_descendants: 1_000 },
    model: () => ({ text: 'x' }),
  });
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const { results } = await rig.run(numbered(1_000));
  counting = false;
  expect(results.every(({ status }) => status === 'completed')).toBe(true);
  expect(turns).toBeGreaterThanOrEqual(1_000 / 16 - 1);
});
