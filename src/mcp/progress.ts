import { duration } from '../core/budget/amounts.ts';
import type { DelegationEvent } from '../core/events.ts';
import { routeLabel } from '../core/route.ts';

/** Longest line about one child, in characters. */
const MAX_LINE = 100;
/** So many running children are told of one by one; the rest are counted. */
const SHOWN = 5;

/** What the children of one delegation are doing, for people and hosts that wait. */
export interface Progress {
  on(event: DelegationEvent): void;
  /** One short text; never empty. */
  text(): string;
}

interface ChildState {
  readonly label: string;
  readonly doing: string;
  readonly state: 'queued' | 'running' | 'ended';
}

export function createProgress(): Progress {
  const children = new Map<string, ChildState>();
  let id = '';

  const set = (task_id: string, change: Partial<ChildState>): void => {
    const child = children.get(task_id);
    if (child !== undefined) children.set(task_id, { ...child, ...change });
  };

  return {
    on(event) {
      switch (event.type) {
        case 'delegation-start':
          if (id === '') id = event.delegation_id;
          return;
        case 'task-queued':
          // Children of children are told of by their parent's tool call.
          if (event.delegation_id !== id) return;
          children.set(event.task_id, {
            label: `[${event.index + 1}] ${routeLabel(event.route)}`,
            doing: '',
            state: 'queued',
          });
          return;
        case 'task-start':
          return set(event.task_id, { state: 'running', doing: 'starts' });
        case 'turn-start':
          return set(event.task_id, { doing: `turn ${event.turn}` });
        case 'tool-start':
          return set(event.task_id, { doing: `${event.tool} ${event.about}` });
        case 'retry':
          return set(event.task_id, { doing: `${event.class}, again in ${duration(event.wait_ms)}` });
        case 'fallback':
          return set(event.task_id, { doing: `falls back to ${routeLabel(event.to)}` });
        case 'task-end':
          return set(event.task_id, { state: 'ended', doing: event.result.status });
      }
    },
    text() {
      const all = [...children.values()];
      const running = all.filter(({ state }) => state === 'running');
      const queued = all.filter(({ state }) => state === 'queued').length;
      const ended = all.length - running.length - queued;
      const head = `${id}: ${ended} of ${all.length} ended${queued === 0 ? '' : `, ${queued} queued`}`;
      const lines = running.slice(0, SHOWN).map(({ label, doing }) => `${label} ${doing}`.slice(0, MAX_LINE));
      const more = running.length > SHOWN ? [`and ${running.length - SHOWN} more run`] : [];
      return [head, ...lines, ...more].join(' · ').replace(/\s+/g, ' ');
    },
  };
}
