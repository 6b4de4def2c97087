// Run it with: node --test examples/test-your-delegation.mjs
import assert from 'node:assert/strict';
import test from 'node:test';
import { createYardmaster } from 'yardmaster';
import { scriptedModel, startProvider, wireRecord } from 'yardmaster/testing';

test('the summary goes to the small model, the review to the large one', async (t) => {
  const small = await startProvider({
    wire: 'openai-chat',
    key: 'sk-small',
    models: ['small-1'],
    reply: scriptedModel([
      { tool_calls: [{ name: 'read_file', arguments: { path: 'package.json' } }] },
      ({ tool_results }) => ({ text: `It is called ${JSON.parse(tool_results[0].content).name}.` }),
    ]),
  });
  const large = await startProvider({
    wire: 'anthropic-messages',
    key: 'sk-large',
    models: ['large-1'],
    reply: { reasoning: 'Let me think.', text: 'No objections.', usage: { input: 900, output: 40 } },
  });
  const yard = await createYardmaster({
    env: {},
    store: 'memory',
    config: { providers: { small: small.config, large: large.config } },
  });
  t.after(() => Promise.all([yard, small, large].map((one) => one[Symbol.asyncDispose]())));

  const { results } = await yard.delegate({
    tasks: [
      { goal: 'task-1: say what package.json is called', provider: 'small', model: 'small-1' },
      { goal: 'task-2: review the naming of it', provider: 'large', model: 'large-1', reasoning_effort: 'high' },
    ],
  });

  // What came back …
  assert.deepEqual(
    results.map(({ status, summary }) => [status, summary]),
    [
      ['completed', 'It is called yardmaster.'],
      ['completed', 'No objections.'],
    ],
  );
  // … what was on the wire: each task with its own key and model, whatever anybody claims …
  const seen = wireRecord([small, large]);
  assert.deepEqual(
    ['task-1', 'task-2'].map((task) => {
      const [{ key, model, effort }] = seen.filter((record) => record.task === task);
      return { key, model, thinks: effort !== null };
    }),
    [
      { key: 'sk-small', model: 'small-1', thinks: false },
      { key: 'sk-large', model: 'large-1', thinks: true },
    ],
  );
  // … and that the receipts say the same.
  for (const { route } of results) {
    assert.equal(route.served.verified, 'match');
    assert.ok(route.served.request_ids.every((id) => seen.some(({ request_id }) => request_id === id)));
  }
});

test('a provider that serves another model than it was asked for is found out', async (t) => {
  const liar = await startProvider({ wire: 'openai-chat', reply: { text: 'Trust me.', served_model: 'cheaper-0' } });
  const yard = await createYardmaster({
    env: {},
    store: 'memory',
    config: { providers: { liar: { ...liar.config, models: ['fine-1'] } } },
  });
  t.after(() => Promise.all([yard, liar].map((one) => one[Symbol.asyncDispose]())));

  const { results } = await yard.delegate({ goal: 'Say something true.', provider: 'liar', model: 'fine-1' });
  assert.equal(results[0].route.served.verified, 'mismatch');
  assert.notEqual(results[0].status, 'completed');
  assert.equal(results[0].error.code, 'SERVED_MISMATCH');
});
