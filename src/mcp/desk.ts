import { setImmediate as nextTurn } from 'node:timers/promises';
import { SdkError } from '@modelcontextprotocol/server';
import type { Yardmaster } from '../app.ts';
import type { Progress } from './progress.ts';

/** Notes which results have reached a host, for all sessions of the process. */
interface Deliveries {
  /**
   * Acknowledges a delegation whose results are the answer to a call, once that has left. Not when `signal` has
   * aborted by then: a host that took the call back, or is gone, collects again.
   */
  note(delegation_id: string, yard: Yardmaster, signal: AbortSignal): void;
  /** Resolves when all that was noted is written. */
  settled(): Promise<void>;
}

function createDeliveries(log: (line: string) => void): Deliveries {
  const open = new Set<Promise<void>>();
  const acknowledge = async (id: string, yard: Yardmaster, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return;
    await nextTurn();
    // A connection of one request ends with its answer; what says otherwise is a host that takes the call back.
    if (signal.aborted && !(signal.reason instanceof SdkError)) return;
    // Given twice is better than lost: it only stays in the list.
    await yard.acknowledge(id).catch((error: unknown) => log(`"${id}" could not be acknowledged: ${String(error)}`));
  };
  return {
    note(id, yard, signal) {
      const written = acknowledge(id, yard, signal).finally(() => open.delete(written));
      open.add(written);
    },
    async settled() {
      await Promise.all(open);
    },
  };
}

/** What all sessions of a process share. */
export interface Desk {
  /** What the children of this process are doing, by delegation. */
  readonly running: Map<string, Progress>;
  readonly deliveries: Deliveries;
}

export function createDesk(log: (line: string) => void): Desk {
  return { running: new Map(), deliveries: createDeliveries(log) };
}
