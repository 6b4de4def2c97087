import type { Control, Store } from '../core/store.ts';

/** How often the store is looked at while children run: one query for all of them, tens of microseconds. */
const LOOK_MS = 250;

export interface Watched {
  readonly delegation_id: string;
  readonly task_ids: readonly string[];
  readonly on: (control: Control) => void;
}

/** How the children of this process hear what anybody, in any process, asks of them, and tell that they ended. */
export interface Controls {
  /** `on` hears what is asked of these tasks until the returned function is called. Before they are stored. */
  watch(delegation: Watched): () => void;
  /** Stops what of it runs in this process, a task or a delegation, without asking the store. */
  stopHere(id: string): void;
  /** Looks now: what this process has asked itself need not wait. */
  look(): Promise<void>;
  /** A child of this process ended. */
  ended(): void;
  /** Resolves when one does, `ms` have passed, or `signal` aborts. */
  nextEnd(ms: number, signal?: AbortSignal): Promise<void>;
}

/** `owner` is that of the leases (see `createLeases`). */
export function createControls(store: Store, owner: string): Controls {
  const watched = new Map<string, Watched>();
  const waiting = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let seen = 0;
  let looking: Promise<void> | undefined;

  const readNew = async (): Promise<void> => {
    try {
      for (const control of await store.controls(owner, seen)) {
        seen = control.id;
        watched.get(control.task_id)?.on(control);
      }
    } catch {
      // The next look reads on from the same place.
    } finally {
      looking = undefined;
    }
  };
  const lookOnce = (): Promise<void> => {
    looking ??= readNew();
    return looking;
  };

  return {
    watch(delegation) {
      const { task_ids } = delegation;
      for (const id of task_ids) watched.set(id, delegation);
      timer ??= setInterval(lookOnce, LOOK_MS).unref();
      return () => {
        for (const id of task_ids) watched.delete(id);
        if (watched.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    stopHere(id) {
      for (const [task_id, { delegation_id, on }] of watched) {
        if (task_id === id || delegation_id === id) on({ kind: 'stop', id: 0, task_id });
      }
    },
    async look() {
      // A look that is under way may have read before what is looked for was written.
      await looking;
      await lookOnce();
    },
    ended() {
      for (const wake of [...waiting]) wake();
    },
    nextEnd: (ms, signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(limit);
          waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const limit = setTimeout(wake, ms);
        waiting.add(wake);
        if (signal?.aborted) wake();
        else signal?.addEventListener('abort', wake);
      }),
  };
}
