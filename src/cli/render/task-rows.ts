import { duration, money } from '../../core/budget/amounts.ts';
import type { DelegationEvent } from '../../core/events.ts';
import type { TaskStatus } from '../../core/result.ts';
import type { Paint } from '../output.ts';
import { foreignName, oneLine } from '../output.ts';
import { sourceShort } from './receipt.ts';
import { routeName } from './route-name.ts';

/** How one task stands, as its events tell it. Texts from outside are safe for a terminal. */
export interface TaskRow {
  readonly id: string;
  readonly delegation_id: string;
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

export interface TaskRows {
  on(event: DelegationEvent): void;
  /** Each row under the one it belongs to, in the order they came. */
  inTree(): readonly TaskRow[];
}

export function createTaskRows(paint: Paint, now: () => number): TaskRows {
  const rows = new Map<string, TaskRow>();
  let tree: readonly TaskRow[] | undefined;

  function on(event: DelegationEvent): void {
    if (event.type === 'delegation-start' || event.type === 'delegation-end') return;
    if (event.type === 'task-queued') {
      tree = undefined;
      rows.set(event.task_id, {
        id: event.task_id,
        delegation_id: event.delegation_id,
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

  return {
    on,
    inTree() {
      tree ??= treeOf(rows);
      return tree;
    },
  };
}

function treeOf(rows: ReadonlyMap<string, TaskRow>): TaskRow[] {
  const below = new Map<string | undefined, TaskRow[]>();
  for (const row of rows.values()) {
    const above = row.parent_id !== undefined && rows.has(row.parent_id) ? row.parent_id : undefined;
    const siblings = below.get(above);
    if (siblings === undefined) below.set(above, [row]);
    else siblings.push(row);
  }
  const walk = (row: TaskRow): TaskRow[] => [row, ...(below.get(row.id) ?? []).flatMap(walk)];
  return (below.get(undefined) ?? []).flatMap(walk);
}
