import type { HostParent } from './parent-of-host.ts';

/** Who makes one call of a tool, and how to talk to it while the call runs. */
export interface Caller extends HostParent {
  /** How long it is made to wait for children before it gets their id. */
  readonly wait_seconds: number;
  /** Tells what is going on; absent when the host did not ask for it. */
  readonly tell?: (message: string) => void;
  /** Takes the protocol's task in place of results. */
  readonly takes_tasks: boolean;
  /** Aborts when the host takes its call back, with why; and when the connection ends. */
  readonly signal: AbortSignal;
  /** Aborts when the connection that the answer goes over has broken, though the call goes on; absent = the session's own. */
  readonly connection?: AbortSignal;
  /** Whether the call was taken back because nobody wants the work; false for a host that only stopped waiting. */
  readonly wasStopped: () => boolean;
}
