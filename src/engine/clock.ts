/** The clock and chance, so that everything here can be run in a test without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `step` every `ms` until the returned function is called. Keeps no process running. */
  every(ms: number, step: () => void): () => void;
  /** In [0, 1). */
  random(): number;
}
