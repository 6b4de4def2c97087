import { expect, test } from 'vitest';
import { createMemoryStore } from '../store/memory-store.ts';
import { aDelegation, anAnswer, aResult } from '../store/test-records.ts';
import { loseTasks } from './lose-tasks.ts';
import { createRig } from './test-rig.ts';

test('a lost task counts what those below it used, and takes its budget out of the store (F39, F52)', async () => {
  let now = 1_000;
  await using store = createMemoryStore({ now: () => now });
  const { deps } = createRig({ store, model: () => ({}) });
  const hold = { owner: 'p', lease_ms: 1_000 };
  await store.create(aDelegation('d', ['t']), hold);
  await store.claim('t', 'p', 1_000);
  await store.append('t', 1, [{ kind: 'answer', turn: 1, answer: anAnswer() }]);
  await store.create({ ...aDelegation('e', ['ended', 'open']), parent_id: 't', root_id: 'd', depth: 2 }, hold);
  for (const id of ['ended', 'open']) await store.claim(id, 'p', 1_000);
  await store.finish('ended', 1, aResult('ended'));
  await store.append('open', 1, [{ kind: 'answer', turn: 1, answer: anAnswer() }]);
  for (const id of ['t', 'd', 'open', 'e']) await store.change(`budget ${id}`, () => [{}, undefined]);

  now += 1_001;
  expect(await loseTasks(await store.expired(), deps)).toHaveLength(2);
  const own = anAnswer().usage!;
  const { usage } = aResult('ended');
  expect((await store.task('t'))?.result).toMatchObject({
    status: 'lost',
    usage: { input: 2 * own.input + usage.input, output: 2 * own.output + usage.output },
    own: { usage: own },
    cost: { complete: false },
  });
  for (const id of ['t', 'd', 'open', 'e']) expect(await store.shared(`budget ${id}`), id).toBeUndefined();
});
