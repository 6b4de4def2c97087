import type { StopCause } from '../core/ending.ts';
import type { ChildTools, ToolKit, ToolUser } from '../core/tool.ts';
import { startTimer } from './timer.ts';

interface Patience {
  /** Of the child; it aborts with `start` when the time is up. */
  readonly controller: AbortController;
  readonly seconds: number;
}

/**
 * Opens a child's tools, a worktree or a sandbox among them. Rejects as soon as the child is stopped or the time is up;
 * what opens later is closed again.
 */
export function openTools(
  kit: ToolKit,
  user: ToolUser,
  { controller, seconds }: Patience,
): ChildTools | Promise<ChildTools> {
  const opening = kit.open(user);
  if (!(opening instanceof Promise)) return opening;
  const { signal } = controller;
  return new Promise((resolve, reject) => {
    let over = false;
    const end = (): void => {
      over = true;
      stopTimer();
      signal.removeEventListener('abort', stop);
    };
    const stop = (): void => {
      end();
      reject(signal.reason);
    };
    const stopTimer = startTimer(seconds, () => controller.abort('start' satisfies StopCause));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    opening.then(
      (own) => {
        if (over) return void own.close?.({ lost: false });
        end();
        resolve(own);
      },
      (error: unknown) => {
        if (over) return;
        end();
        reject(error);
      },
    );
  });
}
