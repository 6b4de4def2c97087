import type { DelegationEvent } from '../core/events.ts';

/** So many events, and characters in them, wait for a slow reader before progress is left out. */
const MAX_UNREAD = 1_000;
const MAX_CHARACTERS = 1_000_000;

/** Between children, which must not wait, and a reader, which may be slow. */
export interface EventQueue {
  /** Never waits and never throws. */
  push(event: DelegationEvent): void;
  /** Nothing more comes; given an error, whoever reads gets that after the last event. */
  end(failure?: { readonly error: unknown }): void;
  /** Every event goes to one reader; what one leaves, the next one gets. */
  read(): AsyncGenerator<DelegationEvent, void, undefined>;
  /** Events that were left out so far. */
  readonly missed: number;
}

/**
 * Unread pieces of one child's text are put together, so that a slow reader gets fewer and longer ones. Beyond the
 * bounds above, what happens within a child is left out and counted; beginnings, hops and ends always come.
 */
export function createEventQueue(): EventQueue {
  const unread: DelegationEvent[] = [];
  const readers = new Set<() => void>();
  /** The last unread event of each child, where that is a piece of text. */
  const growing = new Map<string, Piece>();
  let characters = 0;
  let missed = 0;
  let ended: { readonly failure: { readonly error: unknown } | undefined } | undefined;

  const wake = (): void => {
    for (const resume of readers) resume();
    readers.clear();
  };
  const next = (): DelegationEvent | undefined => {
    const event = unread.shift();
    if (event === undefined || !isDelta(event)) return event;
    characters -= event.text.length;
    if (growing.get(event.task_id) === event) growing.delete(event.task_id);
    return event;
  };

  return {
    get missed() {
      return missed;
    },
    push(event) {
      const full = unread.length >= MAX_UNREAD || characters >= MAX_CHARACTERS;
      if (isDelta(event)) {
        const last = growing.get(event.task_id);
        const grows = last !== undefined && last.type === event.type && characters < MAX_CHARACTERS;
        if (full && !grows) {
          missed += 1;
          return;
        }
        characters += event.text.length;
        if (grows) {
          last.text += event.text;
          return;
        }
        const piece: Piece = { ...event };
        growing.set(event.task_id, piece);
        unread.push(piece);
      } else {
        if (full && !ALWAYS[event.type]) {
          missed += 1;
          return;
        }
        if ('task_id' in event) growing.delete(event.task_id);
        unread.push(event);
      }
      wake();
    },
    end(failure) {
      ended ??= { failure };
      wake();
    },
    async *read() {
      for (;;) {
        for (let event = next(); event !== undefined; event = next()) yield event;
        if (ended?.failure !== undefined) throw ended.failure.error;
        if (ended !== undefined) return;
        await new Promise<void>((resume) => readers.add(resume));
      }
    },
  };
}

type Delta = Extract<DelegationEvent, { readonly type: 'text-delta' | 'reasoning-delta' }>;
type Piece = Delta & { text: string };

function isDelta(event: DelegationEvent): event is Delta {
  return event.type === 'text-delta' || event.type === 'reasoning-delta';
}

/** What comes however slow the reader is: few of them, and a view that lacks one is wrong ever after. */
const ALWAYS: Readonly<Record<DelegationEvent['type'], boolean>> = {
  'delegation-start': true,
  'task-queued': true,
  'task-start': true,
  fallback: true,
  'task-end': true,
  'delegation-end': true,
  'turn-start': false,
  'text-delta': false,
  'reasoning-delta': false,
  'tool-start': false,
  'tool-end': false,
  retry: false,
  waiting: false,
  steer: false,
  usage: false,
};
