import { expect, test } from 'vitest';
import { DelegateError } from '../src/core/errors.ts';
import type { Yardmaster } from '../src/index.ts';
import { createMemoryStore } from '../src/testing.ts';
import { keyOf, startLab } from './lab.ts';
import { sandbox } from './sandbox.ts';

const KEY = keyOf('messages');
const GOAL = 'Do as you are told.';

test.each<[string, object, readonly string[]]>([
  ['a goal', { goal: `Call the API with ${KEY} please.` }, ['tasks[1].goal']],
  ['a context', { goal: GOAL, context: `The key is ${KEY}.` }, ['tasks[1].context']],
  [
    'an output_schema',
    { goal: GOAL, output_schema: { type: 'object', description: `with ${KEY}` } },
    ['tasks[1].output_schema'],
  ],
  ['all of it', { goal: `a ${KEY}`, context: KEY }, ['tasks[1].goal', 'tasks[1].context']],
  ['a URL', { goal: `Fetch https://example.com/?key=${encodeURIComponent(KEY)}` }, ['tasks[1].goal']],
])(
  '%s with a key of this configuration is refused before anything starts, and not repeated',
  async (_, task, paths) => {
    const lab = await startLab();
    const store = createMemoryStore();
    const yard = await lab.open({ model: 'chat/chat-1' }, { store });
    const args = { tasks: [{ goal: GOAL }, task] };
    const ways: readonly ((yard: Yardmaster) => unknown)[] = [
      () => yard.delegate(args as unknown),
      () => yard.call({ ...args, background: true }),
      () => yard.call({ ...args, dry_run: true }),
      async () => yard.explain(args as unknown),
    ];
    for (const ask of ways) {
      const error: unknown = await (async () => ask(yard))().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DelegateError);
      const { code, issues } = error as DelegateError;
      expect([code, issues.map(({ path }) => path)]).toEqual(['REQUEST_INVALID', paths]);
      expect(JSON.stringify(error) + String(error)).not.toContain('canary');
    }
    expect(lab.requests()).toEqual([]);
    expect(await store.tasks({ limit: 10 })).toEqual([]);
  },
);

test('a word that looks like a key and is none of ours is a word', async () => {
  const lab = await startLab();
  const yard = await lab.open({ model: 'chat/chat-1' });
  const { results } = await yard.delegate({ goal: 'Say why sk-0123456789abcdef0123456789 is no good key.' });
  expect(results.map(({ status }) => status)).toEqual(['completed']);
});

test('on the command line it is exit code 2, and the key is in neither stream', async () => {
  using box = sandbox({ model: 'openai/gpt' }, { OPENAI_API_KEY: KEY, ANTHROPIC_API_KEY: KEY });
  const { code, stdout, stderr } = await box.run(['delegate', '-g', `Use ${KEY} for it.`]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('tasks[0].goal');
  expect(stderr).not.toContain('canary');
});
