import pc from 'picocolors';
import { expect, test } from 'vitest';
import type { TaskResult } from '../../core/result.ts';
import type { Output } from '../output.ts';
import { renderResults } from './results.ts';

const usage = { input: 1, output: 1, cache_read: 0, cache_write: 0, reasoning: 0 };
const done: TaskResult = {
  index: 0,
  id: 't_1',
  status: 'completed',
  summary: '',
  route: {
    requested: {},
    resolved: { provider: 'lab', model: 'm', wire: 'openai-chat', authority: 'http://127.0.0.1:1' },
    source: { provider: 'config', model: 'config' },
    served: { model: 'm', verified: 'match', request_ids: [] },
    hops: [],
    notes: [],
  },
  usage,
  cost: { usd: 0, complete: true },
  turns: 1,
  tool_calls: 0,
  timing: { queued_ms: 0, total_ms: 10 },
  exit_reason: 'answered',
  artifacts: [],
};

/** The lines that say what it left behind. */
function left(more: Partial<TaskResult>): string[] {
  const result = { delegation_id: 'd_1', results: [{ ...done, ...more }], usage, cost: done.cost, duration_ms: 10 };
  const output = { paint: pc.createColors(false), columns: 100 } as Output;
  return renderResults(result, ['Do it.'], output)
    .split('\n')
    .filter((line) => /^ {3}(files|branch)/.test(line));
}
const files = (count: number): TaskResult['artifacts'] =>
  Array.from({ length: count }, (_, i) => ({ path: `${i}.txt`, bytes: 1, sha256: 'x' }));

test.each<[Partial<TaskResult>, string[]]>([
  [{}, []],
  [{ artifacts: files(2) }, ['   files  0.txt, 1.txt']],
  [{ artifacts: files(9) }, ['   files  0.txt, 1.txt, 2.txt, 3.txt, 4.txt, 5.txt, 6.txt, 7.txt, and 1 more']],
  [{ artifacts: files(1), artifacts_incomplete: true }, ['   files  0.txt, and some more']],
  [
    { worktree: { path: '/w/t_1', branch: 'yardmaster/t_1', commits: 1, dirty: true } },
    ['   branch yardmaster/t_1 (1 commit, uncommitted changes) in /w/t_1'],
  ],
  [
    { worktree: { path: '/w/t_1', branch: 'yardmaster/t_1', commits: 0, dirty: true, problem: 'index file corrupt' } },
    ['   branch yardmaster/t_1 (index file corrupt) in /w/t_1'],
  ],
])('what a child left behind is told to people: %j', (more, lines) => {
  expect(left(more)).toEqual(lines);
});
