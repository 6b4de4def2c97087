import { count, duration, money } from '../../core/budget/amounts.ts';
import type { DelegationEvent } from '../../core/events.ts';
import type { TaskStatus } from '../../core/result.ts';
import type { Paint } from '../output.ts';
import { foreignName, oneLine } from '../output.ts';
import { sourceShort } from './receipt.ts';
import { routeName } from './route-name.ts';
import { statusMark } from './status-mark.ts';
import { type Column, table } from './table.ts';

interface Row {
  readonly parent_id: string | undefined;
  readonly depth: number;
  readonly goal: string;
  readonly label: string;
  readonly effort: string;
  readonly source: string;
  status: TaskStatus;
  turns: number;
  tokens: number;
  cost: string;
  started: number | undefined;
  ended: number | undefined;
  doing: string;
}

/** What a child waits for before its request may leave. */
const WAITS_FOR = { rate: 'waiting for the rate limit', budget: 'waiting for budget others hold' } as const;

/** The state of a batch as its events tell it, and its picture as lines. Painting is somebody else's. */
export interface LiveTree {
  on(event: DelegationEvent): void;
  /** `now` in milliseconds; `height` caps the lines (running children are kept, the rest is counted). */
  lines(size: { readonly now: number; readonly columns: number; readonly height: number }): string[];
}

export function createLiveTree(paint: Paint, now: () => number): LiveTree {
  const rows = new Map<string, Row>();

  function on(event: DelegationEvent): void {
    if (event.type === 'delegation-start' || event.type === 'delegation-end') return;
    if (event.type === 'task-queued') {
      rows.set(event.task_id, {
        parent_id: event.parent_id,
        depth: event.depth,
        goal: oneLine(event.goal).slice(0, 200),
        label: routeName(event.route, paint),
        effort: event.route.reasoning_effort ?? '–',
        source: sourceShort(event.source),
        status: 'queued',
        turns: 0,
        tokens: 0,
        cost: '',
        started: undefined,
        ended: undefined,
        doing: 'waiting for a place',
      });
      return;
    }
    const row = rows.get(event.task_id);
    if (row === undefined) return;
    switch (event.type) {
      case 'task-start':
        row.status = 'running';
        row.started = now();
        row.doing = 'starting';
        break;
      case 'turn-start':
        row.turns = event.turn;
        row.doing = 'waiting for the model';
        break;
      case 'reasoning-delta':
        row.doing = 'thinking';
        break;
      case 'text-delta':
        row.doing = 'answering';
        break;
      case 'tool-start':
        row.doing = oneLine(`${event.tool} ${event.about}`);
        break;
      case 'tool-end':
        row.doing = event.is_error ? `${event.tool} failed` : 'tool done';
        break;
      case 'retry':
        row.doing = `${event.class}: again in ${duration(event.wait_ms)}`;
        break;
      case 'waiting':
        row.doing = event.state === 'over' ? 'waiting for the model' : WAITS_FOR[event.reason];
        break;
      case 'fallback':
        row.doing = `${event.because}: on to ${routeName(event.to)}`;
        break;
      case 'usage':
        row.tokens = event.usage.input + event.usage.output;
        row.cost = money(event);
        break;
      case 'task-end':
        row.status = event.result.status;
        row.ended = now();
        row.turns = event.result.turns;
        row.tokens = event.result.usage.input + event.result.usage.output;
        row.cost = money(event.result.cost);
        row.doing =
          event.result.error === undefined
            ? `served ${foreignName(event.result.route.served.model ?? 'unreported')} ${event.result.route.served.verified === 'match' ? '✔' : `(${event.result.route.served.verified})`}`
            : event.result.error.code;
        break;
      case 'steer':
        row.doing = `steer ${event.state}`;
        break;
    }
  }

  function lines(size: { readonly now: number; readonly columns: number; readonly height: number }): string[] {
    const all = inTree(rows);
    const room = Math.max(3, size.height - 2);
    const shown = all.length <= room ? all : pick(all, room - 1);
    const columns = layoutFor(size.columns);
    const body = table(
      columns.map(({ column }) => ({ ...column, title: column.title === '' ? '' : paint.dim(column.title) })),
      shown.map((row) => columns.map(({ cell }) => cell(row, paint, size.now))),
      size.columns,
    );
    if (shown.length < all.length) body.push(paint.dim(`  … and ${all.length - shown.length} more: ${tally(all)}`));
    return body;
  }

  return { on, lines };
}

/** Each row under the one it belongs to, in the order they came. */
function inTree(rows: ReadonlyMap<string, Row>): Row[] {
  const below = new Map<string | undefined, string[]>();
  for (const [id, { parent_id }] of rows) {
    const above = parent_id !== undefined && rows.has(parent_id) ? parent_id : undefined;
    below.set(above, [...(below.get(above) ?? []), id]);
  }
  const walk = (id: string): Row[] => [rows.get(id)!, ...(below.get(id) ?? []).flatMap(walk)];
  return (below.get(undefined) ?? []).flatMap(walk);
}

interface Cell {
  readonly column: Column;
  readonly cell: (row: Row, paint: Paint, now: number) => string;
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
function pick(rows: readonly Row[], room: number): Row[] {
  const rank = (row: Row) =>
    row.status === 'running' ? 0 : row.status === 'completed' ? 3 : row.status === 'queued' ? 2 : 1;
  const kept = new Set([...rows].sort((a, b) => rank(a) - rank(b)).slice(0, room));
  return rows.filter((row) => kept.has(row));
}

function tally(rows: readonly Row[]): string {
  const by = new Map<TaskStatus, number>();
  for (const { status } of rows) by.set(status, (by.get(status) ?? 0) + 1);
  return [...by].map(([status, n]) => `${n} ${status}`).join(', ');
}
