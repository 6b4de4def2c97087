import type { ServerResponse } from 'node:http';
import type { SeenRequest } from './seen-request.ts';

/** What goes over the socket, decided before the first byte. */
export interface Script {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `wait_ms` is the pause before it; null = in the next loop turn. */
  readonly pieces: readonly { readonly bytes: Buffer; readonly wait_ms: number | null }[];
  /** `hang` without pieces and with `silent` sends not even the headers. */
  readonly end: 'end' | 'cut' | 'hang';
  readonly silent?: boolean;
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Plays a script; leaves no timer behind when the connection ends. */
export function play(script: Script, response: ServerResponse, seen: Mutable<SeenRequest>): void {
  if (response.destroyed) {
    seen.aborted = true;
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  response.on('close', () => {
    clearTimeout(timer);
    if (!over) seen.aborted = true;
    over = true;
  });
  step(0);

  function step(at: number): void {
    const piece = script.pieces[at];
    if (over) return;
    if (piece === undefined) finish();
    else if (piece.wait_ms === null) setImmediate(write, at);
    else if (piece.wait_ms > 0) timer = setTimeout(write, piece.wait_ms, at);
    else write(at);
  }

  function write(at: number): void {
    if (over) return;
    const { bytes } = script.pieces[at]!;
    if (!response.headersSent) response.writeHead(script.status, script.headers);
    if (at === script.pieces.length - 1 && script.end === 'end') finish(bytes);
    else {
      response.write(bytes);
      step(at + 1);
    }
  }

  function finish(last?: Buffer): void {
    if (!response.headersSent && !script.silent) response.writeHead(script.status, script.headers);
    if (script.end === 'hang') {
      if (!script.silent) response.flushHeaders();
      return;
    }
    over = true;
    if (script.end === 'cut') {
      // Once what was written is with the system; without a byte written there is nothing to wait for.
      if (script.pieces.length > 0) response.socket?.destroySoon();
      else response.destroy();
      return;
    }
    seen.done = true;
    response.end(last);
  }
}
