import { visibleWidth } from '@earendil-works/pi-tui';
import { describe, expect, test } from 'vitest';
import type { DelegationEvent } from '../../../core/events.ts';
import { createTaskRows } from '../../render/task-rows.ts';
import { route, theme } from '../test-session.ts';
import { createAgentsPanel } from './agents.ts';

const source = { provider: 'call', model: 'task' } as const;
const of = (id: number, depth = 1) => ({ delegation_id: `d_${depth}`, task_id: `t_${id}`, depth, index: id, route });

function agents() {
  const children = createTaskRows(theme.paint, () => 1000);
  const events: DelegationEvent[] = [
    { ...of(0), type: 'task-queued', goal: 'Look around', source, notes: [] },
    { ...of(1), type: 'task-queued', goal: 'Read all', source, notes: [] },
    { ...of(2, 2), parent_id: 't_0', type: 'task-queued', goal: 'A grandchild', source, notes: [] },
    { ...of(0), type: 'task-start' },
    { ...of(0), type: 'tool-start', tool: 'read_file', call_id: 'c', about: 'a.md' },
  ];
  events.forEach(children.on);
  const asked: string[] = [];
  const panel = createAgentsPanel({
    children,
    theme,
    now: () => 2000,
    height: () => 16,
    open: ({ id }) => asked.push(`open ${id}`),
    steer: async ({ id }, text) => `${asked.push(`steer ${id} ${text}`)}`,
    stop: async (id) => `${asked.push(`stop ${id}`)}`,
    repaint: () => {},
    close: () => asked.push('close'),
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how weight is written.
  const shown = (width = 120) => panel.render(width).map((line) => line.replace(/\u001b\[[\d;]*m/g, '').trimEnd());
  const type = (...keys: readonly string[]) => keys.forEach(panel.handleInput);
  return { shown, type, asked, render: panel.render };
}

const DOWN = '\u001b[B';
const ENTER = '\r';
const ESC = '\u001b';

describe('the tree of children', () => {
  test('has grandchildren under their parents, and all of the selected one below', () => {
    const { shown } = agents();
    const lines = shown();
    expect(lines[0]).toBe('children 3 of 3 at work');
    expect(lines.slice(2, 5).map((line) => line.slice(0, 20).trimEnd())).toEqual([
      '❯ ● Look around',
      '    · A grandchild',
      '  · Read all',
    ]);
    expect(lines.slice(-4)).toEqual([
      'Look around',
      'lab/small-1 simulated · effort low · from call/task · 0 turns · t_0',
      'running: read_file a.md',
      '↑↓ · enter transcript · s steer · x stop with all below · X stop its delegation · esc back',
    ]);
  });

  test.each([40, 60, 80, 120])('fills the screen and is no wider, in %i columns', (width) => {
    const lines = agents().render(width);
    expect(lines).toHaveLength(16);
    for (const line of lines) expect(visibleWidth(line)).toBeLessThanOrEqual(width);
  });

  test.each([
    ['enter opens the transcript', [DOWN, ENTER], ['open t_2']],
    ['s tells a child something', [DOWN, DOWN, 's', 'h', 'i', ENTER], ['steer t_1 hi']],
    ['nothing said is nothing told', ['s', ENTER], []],
    ['x stops a child once that is confirmed', ['x', 'y'], ['stop t_0']],
    ['any other key does not', ['x', 'n', 'y'], []],
    ['X stops the whole delegation', ['X', 'y'], ['stop d_1']],
    ['esc leaves what is being said first', ['s', 'h', ESC, ESC], ['close']],
  ])('%s', (_, keys, asked) => {
    const made = agents();
    made.type(...keys);
    expect(made.asked).toEqual(asked);
  });
});
