import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Answer, ERROR_CLASSES } from '../core/provider.ts';
import { TERMINAL_STATUSES } from '../core/result.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { createRig, failed, routeTo, task } from './test-rig.ts';

/** One thing a model or its server may do when it is asked. */
const behaviour = fc.oneof(
  { weight: 4, arbitrary: fc.record({ answer: anyAnswer() }) },
  { weight: 1, arbitrary: fc.record({ failure: fc.constantFrom(...ERROR_CLASSES) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      thrown: fc.oneof(
        fc.string().map((text) => new Error(text)),
        fc.anything(),
      ),
    }),
  },
);

function anyAnswer(): fc.Arbitrary<Partial<Answer>> {
  return fc.record(
    {
      text: fc.oneof(fc.constant(''), fc.string({ unit: 'binary' })),
      stop: fc.constantFrom('end', 'tool_calls', 'length', 'refusal', 'other'),
      served_model: fc.constantFrom('m', 'spare', 'something-else', ''),
      tool_calls: fc.array(
        fc.record({
          id: fc.string({ maxLength: 3 }),
          name: fc.constantFrom('echo', 'rm', '__proto__', ''),
          arguments: fc.oneof(fc.json(), fc.string(), fc.constant('{"text":"x"}')),
        }),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: [] },
  );
}

test('whatever a model does, every task ends once, told and stored alike, and completed only by a whole answer (F20)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(behaviour, { minLength: 1, maxLength: 12 }), fc.boolean(), async (script, chain) => {
      await using store = createMemoryStore();
      let asked = 0;
      let last: Partial<Answer> = {};
      const rig = createRig({
        store,
        limits: { max_turns: 6 },
        model: () => {
          const next = script[asked++ % script.length]!;
          if ('failure' in next) throw failed(next.failure);
          if ('thrown' in next) throw next.thrown;
          last = next.answer;
          return next.answer;
        },
      });
      const fallback = chain ? [routeTo('second/spare')] : [];
      const [result] = (await rig.run([task({}, { fallback })])).results;
      const record = await store.task(result!.id);
      expect(TERMINAL_STATUSES).toContain(result!.status);
      expect(record?.result).toEqual(JSON.parse(JSON.stringify(result)));
      expect(result!.error === undefined).toBe(result!.status === 'completed');
      if (result!.status === 'completed') {
        expect(last.text?.trim()).toBeTruthy();
        expect(last.tool_calls ?? []).toEqual([]);
        expect(result!.route.served.verified).not.toBe('mismatch');
      }
      if (!chain) expect(new Set(rig.asked.map(({ route }) => route.authority)).size).toBe(1);
    }),
    { numRuns: 200 },
  );
});
