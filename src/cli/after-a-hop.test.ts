import pc from 'picocolors';
import { expect, test } from 'vitest';
import { stateOf } from '../core/answer.ts';
import { handBack } from '../core/hand-back.ts';
import type { TaskResult } from '../core/result.ts';
import type { ReceiptRoute } from '../core/route.ts';
import type { TaskRecord } from '../core/store.ts';
import { proofLine } from './render/receipt.ts';
import { spentBy } from './sums.ts';

const route = (provider: string): ReceiptRoute => ({
  provider,
  model: 'm',
  wire: 'openai-chat',
  authority: `http://${provider}.test`,
});
const usage = { input: 10, output: 1, cache_read: 0, cache_write: 0, reasoning: 0 };
const spend = (provider: string, usd: number) => ({
  route: route(provider),
  usage,
  cost: { usd, complete: true },
  turns: 1,
});

/** It began on `lab`, was refused there, and ended on `spare`; below it something else was spent. */
const result: TaskResult = {
  index: 0,
  id: 't_1',
  status: 'completed',
  summary: 'Done.',
  route: {
    requested: { task: { model: 'm' } },
    resolved: route('lab'),
    source: { provider: 'catalog', model: 'task' },
    ran_on: route('spare'),
    sent: { model: 'm', reasoning: null },
    served: { model: 'm', verified: 'match', request_ids: [] },
    hops: [{ from: 'lab/m', to: 'spare/m', because: 'quota' }],
    notes: [],
  },
  usage,
  cost: { usd: 9, complete: true },
  own: { usage, cost: { usd: 3, complete: true } },
  by_route: [spend('lab', 1), spend('spare', 2)],
  turns: 2,
  tool_calls: 0,
  timing: { queued_ms: 0, total_ms: 1 },
  exit_reason: 'answered',
  artifacts: [],
};
const task = { route: { ...route('lab'), fallback: [] }, input: { goal: '' }, result } as unknown as TaskRecord;

test('what was spent is booked under the route that it was spent on (F26)', () => {
  expect(spentBy(task).map(({ route, cost }) => [route.provider, cost.usd])).toEqual([
    ['lab', 1],
    ['spare', 2],
  ]);
  const { by_route: _, ...whole } = result;
  expect(spentBy({ ...task, result: whole }).map(({ route, cost }) => [route.provider, cost.usd])).toEqual([
    ['lab', 3],
  ]);
});

test('people, agents and lists are told the route that it ran on, and the one that was decided', () => {
  expect(proofLine(result.route, pc.createColors(false))).toBe(
    'asked "m" → resolved lab/m → ran on spare/m → sent m → served m ✔ match',
  );
  const handed = handBack(
    { delegation_id: 'd_1', results: [result], usage, cost: result.cost, duration_ms: 1 },
    10_000,
  );
  expect(handed).toContain('spare/m instead of lab/m, served m (match)');
  expect(stateOf(task)).toMatchObject({ route: { provider: 'lab' }, ran_on: { provider: 'spare' } });
});
