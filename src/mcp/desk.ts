import { setImmediate as nextTurn } from 'node:timers/promises';
import { SdkError } from '@modelcontextprotocol/server';
import type { Yardmaster } from '../yardmaster.ts';
import type { Caller } from './caller.ts';
import type { Progress } from './progress.ts';

/** Notes which results have reached a host, for all sessions of the process. */
interface Deliveries {
  /**
   * Acknowledges a delegation whose results are the answer to a call, once that has left. Not when the host took the
   * call back, or nobody is at the other end any more: then it collects again.
   */
  note(delegation_id: string, yard: Yardmaster, caller: Pick<Caller, 'signal' | 'connection'>): void;
  /** Resolves when all that was noted is written. */
  settled(): Promise<void>;
}

function createDeliveries(log: (line: string) => void): Deliveries {
  const open = new Set<Promise<void>>();
  const acknowledge: (...noted: Parameters<Deliveries['note']>) => Promise<void> = async (id, yard, caller) => {
    const { signal, connection } = caller;
    if (signal.aborted) return;
    await nextTurn();
    // A session of one request ends with its answer; what says otherwise is a host that takes the call back.
    if (connection?.aborted === true || (signal.aborted && !(signal.reason instanceof SdkError))) return;
    // Given twice is better than lost: it only stays in the list.
    await yard.acknowledge(id).catch((error: unknown) => log(`"${id}" could not be acknowledged: ${String(error)}`));
  };
  return {
    note(id, yard, caller) {
      const written = acknowledge(id, yard, caller).finally(() => open.delete(written));
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
