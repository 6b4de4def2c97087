import { count, duration } from '../../core/budget/amounts.ts';
import type { DelegationEvent } from '../../core/events.ts';
import type { TaskStatus } from '../../core/result.ts';
import type { Paint } from '../output.ts';
import { statusMark } from './status-mark.ts';
import { type Column, table } from './table.ts';
import { createTaskRows, type TaskRow } from './task-rows.ts';

/** The state of a batch as its events tell it, and its picture as lines. Painting is somebody else's. */
export interface LiveTree {
  on(event: DelegationEvent): void;
  /** `now` in milliseconds; `height` caps the lines (running children are kept, the rest is counted). */
  lines(size: { readonly now: number; readonly columns: number; readonly height: number }): string[];
}

export function createLiveTree(paint: Paint, now: () => number): LiveTree {
  const rows = createTaskRows(paint, now);
  return { on: rows.on, lines: (size) => treeLines(rows.inTree(), { ...size, paint }) };
}

/** The picture of these rows, under titles. */
export function treeLines(
  all: readonly TaskRow[],
  size: { readonly now: number; readonly columns: number; readonly height: number; readonly paint: Paint },
): string[] {
  const { paint } = size;
  const room = Math.max(3, size.height - 2);
  const shown = all.length <= room ? all : pick(all, room - 1);
  const body = treeRows(shown, size);
  if (shown.length < all.length) body.push(paint.dim(`  … and ${all.length - shown.length} more: ${tally(all)}`));
  return body;
}

/** One line a row, under titles. */
export function treeRows(
  rows: readonly TaskRow[],
  { paint, now, columns }: { readonly now: number; readonly columns: number; readonly paint: Paint },
): string[] {
  const cells = layoutFor(columns);
  return table(
    cells.map(({ column }) => ({ ...column, title: column.title === '' ? '' : paint.dim(column.title) })),
    rows.map((row) => cells.map(({ cell }) => cell(row, paint, now))),
    columns,
  );
}

interface Cell {
  readonly column: Column;
  readonly cell: (row: TaskRow, paint: Paint, now: number) => string;
}

const CELLS = {
  goal: {
    column: { title: 'task', min: 12 },
    cell: (row, paint) => `${'  '.repeat(row.depth - 1)}${statusMark(row.status, paint)} ${row.goal}`,
  },
  route: {
    column: { title: 'provider/model', min: 14 },
    cell: (row) => row.label,
  },
  effort: { column: { title: 'effort' }, cell: (row) => row.effort },
  source: { column: { title: 'from', min: 6 }, cell: (row, paint) => paint.dim(row.source) },
  turns: { column: { title: 'turns', align: 'right' }, cell: (row) => (row.turns === 0 ? '' : String(row.turns)) },
  tokens: { column: { title: 'tokens', align: 'right' }, cell: (row) => (row.tokens === 0 ? '' : count(row.tokens)) },
  cost: { column: { title: 'cost', align: 'right' }, cell: (row) => row.cost },
  time: {
    column: { title: 'time', align: 'right' },
    cell: (row, _paint, now) => (row.started === undefined ? '' : duration((row.ended ?? now) - row.started)),
  },
  doing: { column: { title: 'doing', min: 10 }, cell: (row, paint) => paint.dim(row.doing) },
} satisfies Record<string, Cell>;

/** What a width has room for: the goal, the route and what happens always; the figures as they fit. */
function layoutFor(columns: number): readonly Cell[] {
  const { goal, route, effort, source, turns, tokens, cost, time, doing } = CELLS;
  if (columns >= 110) return [goal, route, effort, source, turns, tokens, cost, time, doing];
  if (columns >= 80) return [goal, route, effort, tokens, cost, time, doing];
  if (columns >= 60) return [goal, route, time, doing];
  return [goal, route];
}

/** Those that run, then those that ended badly, then the rest, in their own order. */
function pick(rows: readonly TaskRow[], room: number): TaskRow[] {
  const rank = (row: TaskRow) =>
    row.status === 'running' ? 0 : row.status === 'completed' ? 3 : row.status === 'queued' ? 2 : 1;
  const kept = new Set([...rows].sort((a, b) => rank(a) - rank(b)).slice(0, room));
  return rows.filter((row) => kept.has(row));
}

function tally(rows: readonly TaskRow[]): string {
  const by = new Map<TaskStatus, number>();
  for (const { status } of rows) by.set(status, (by.get(status) ?? 0) + 1);
  return [...by].map(([status, n]) => `${n} ${status}`).join(', ');
}
