import pc from 'picocolors';
import width from 'string-width';
import { describe, expect, test } from 'vitest';
import type { DelegationEvent } from '../../core/events.ts';
import type { TaskResult } from '../../core/result.ts';
import type { Route } from '../../core/route.ts';
import { createLiveTree } from './live-tree.ts';

const paint = pc.createColors(false);
const route: Route = {
  provider: 'lab',
  model: 'small-1',
  wire: 'openai-chat',
  base_url: 'http://127.0.0.1:1/v1',
  authority: 'http://127.0.0.1:1',
  credential: { kind: 'none', authority: 'http://127.0.0.1:1' },
  reasoning_effort: 'low',
  simulated: true,
  fallback: [],
};

function of(index: number) {
  return { delegation_id: 'd_1', task_id: `t_${index}`, depth: 1, index, route };
}

function queued(index: number, goal: string): DelegationEvent {
  return {
    ...of(index),
    type: 'task-queued',
    goal,
    source: { provider: 'call', model: 'task', reasoning_effort: 'config' },
    notes: [],
  };
}

function ended(index: number): DelegationEvent {
  const result: TaskResult = {
    index,
    id: `t_${index}`,
    status: 'completed',
    summary: 'done',
    route: {
      requested: {},
      resolved: route,
      source: { provider: 'call', model: 'task' },
      served: { model: 'small-1', verified: 'match', request_ids: [] },
      hops: [],
      notes: [],
    },
    usage: { input: 1200, output: 300, cache_read: 0, cache_write: 0, reasoning: 0 },
    cost: { usd: 0, complete: false },
    turns: 2,
    tool_calls: 1,
    timing: { queued_ms: 0, total_ms: 1500 },
    exit_reason: 'answered',
    artifacts: [],
  };
  return { ...of(index), type: 'task-end', result };
}

describe('the live tree', () => {
  test('shows for each child its goal, route, effort, sources, turns, tokens, cost, time and activity', () => {
    const tree = createLiveTree(paint, () => 1_000);
    tree.on(queued(0, 'Read the routing page'));
    tree.on(queued(1, 'Read the README'));
    tree.on(queued(2, 'Count the tests'));
    tree.on({ ...of(0), type: 'task-start' });
    tree.on({ ...of(0), type: 'turn-start', turn: 1 });
    tree.on({ ...of(0), type: 'tool-start', tool: 'read_file', call_id: 'c1', about: 'docs/routing.md' });
    tree.on({ ...of(1), type: 'task-start' });
    tree.on(ended(1));
    expect(tree.lines({ now: 3_500, columns: 140, height: 24 }).join('\n')).toMatchInlineSnapshot(`
      "task                     provider/model         effort  from              turns  tokens       cost   time  doing
      ● Read the routing page  lab/small-1 simulated  low     call/task/config      1                     2.5 s  read_file docs/routing.md
      ✔ Read the README        lab/small-1 simulated  low     call/task/config      2    1.5k  $ unknown   0 ms  served small-1 ✔
      · Count the tests        lab/small-1 simulated  low     call/task/config                                   waiting for a place"
    `);
  });

  test.each([40, 60, 80, 110, 200])('never is wider than a terminal of %i columns', (columns) => {
    const tree = createLiveTree(paint, () => 0);
    for (let at = 0; at < 5; at++)
      tree.on(queued(at, 'A goal that is far too long for any row of a narrow terminal to hold'));
    const widest = Math.max(...tree.lines({ now: 0, columns, height: 24 }).map((line) => width(line)));
    expect(widest).toBeLessThanOrEqual(columns);
  });

  test('keeps the children that run when there are more than lines, and counts the rest', () => {
    const tree = createLiveTree(paint, () => 0);
    for (let at = 0; at < 100; at++) tree.on(queued(at, `task number ${at}`));
    tree.on({ ...of(77), type: 'task-start' });
    const lines = tree.lines({ now: 0, columns: 100, height: 12 });
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines.join('\n')).toContain('task number 77');
    expect(lines.at(-1)).toContain('1 running');
  });

  test('shows a hostile goal or tool as harmless text', () => {
    const tree = createLiveTree(paint, () => 0);
    tree.on(queued(0, 'x\u001b[2J\r✔ completed'));
    tree.on({ ...of(0), type: 'tool-start', tool: 'read_file', call_id: 'c', about: '\u001b]0;owned\u0007a' });
    expect(tree.lines({ now: 0, columns: 100, height: 24 }).join('')).not.toMatch(/\p{Cc}/u);
  });
});
