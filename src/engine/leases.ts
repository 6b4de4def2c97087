import type { Store } from '../core/store.ts';

/** How long a claim holds without a heartbeat: a dead process's tasks are known as such after it. */
const LEASE_MS = 30_000;

/** The leases of one process: one owner, one heartbeat for all its children. */
export interface Leases {
  readonly owner: string;
  readonly lease_ms: number;
  /** Beats until the returned function is called; as many may be held at once as there are delegations. */
  keep(): () => void;
}

/** `owner` names this process, uniquely among all that share the store. */
export function createLeases(store: Store, owner: string, lease_ms: number = LEASE_MS): Leases {
  let held = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  // A heartbeat that fails needs no answer here: when the lease is lost, the next append says so.
  const beat = (): void => void store.heartbeat(owner, lease_ms).catch(() => {});
  return {
    owner,
    lease_ms,
    keep() {
      if (held++ === 0) timer = setInterval(beat, lease_ms / 3).unref();
      return () => {
        if (--held === 0) clearInterval(timer);
      };
    },
  };
}
