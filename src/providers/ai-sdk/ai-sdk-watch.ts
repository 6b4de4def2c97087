import type { SendOptions } from '../../core/provider.ts';
import type { Deadlines, Watched } from '../http/deadlines.ts';
import type { StreamFailure } from '../stream.ts';
import type { Traffic } from './ai-sdk-fetch.ts';

/** One turn under its limits. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly first_token_ms: number;
  readonly onBytes: (count: number) => void;
  onPart(): void;
  /** Rejects when the turn is to end early. */
  readonly aborted: Promise<never>;
  end(): void;
}

interface Watching {
  readonly options: SendOptions;
  readonly deadlines: Deadlines;
  readonly traffic: Traffic;
}

/** The limits of one turn and the caller's signal, as one signal. */
export function watchTurn({ options, deadlines, traffic }: Watching): Watch {
  const controller = new AbortController();
  const started = performance.now();
  let first_token_ms = -1;
  let reject: (reason: Error) => void = () => {};
  const aborted = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  // It is awaited only while a turn reads.
  aborted.catch(() => {});

  function stop(failure: StreamFailure): void {
    traffic.failure ??= failure;
    const reason = new Error(failure.class);
    controller.abort(reason);
    reject(reason);
  }

  const watched: Watched = {
    due: started + options.first_token_timeout_ms,
    expired() {
      stop({ class: first_token_ms < 0 ? 'timeout_first_token' : 'timeout_idle' });
      deadlines.delete(watched);
    },
  };
  function cancelled(): void {
    stop({ class: 'cancelled' });
  }
  function alive(): void {
    watched.due = performance.now() + options.idle_timeout_ms;
  }

  deadlines.add(watched);
  if (options.signal.aborted) cancelled();
  else options.signal.addEventListener('abort', cancelled, { once: true });
  return {
    signal: controller.signal,
    get first_token_ms() {
      return first_token_ms;
    },
    onBytes(count) {
      options.onBytes?.(count);
      if (first_token_ms >= 0) alive();
    },
    onPart() {
      if (first_token_ms < 0) first_token_ms = performance.now() - started;
      alive();
      deadlines.nearer(watched);
    },
    aborted,
    end() {
      deadlines.delete(watched);
      options.signal.removeEventListener('abort', cancelled);
    },
  };
}
