import type { DelegationEvent } from '../core/events.ts';
import type { Output } from './output.ts';
import { createLiveTree } from './render/live-tree.ts';

/** Fast enough to look alive, slow enough to cost nothing. */
const FRAME_MS = 100;

/** Repaints the tree of a running batch on stderr until it is disposed; then the screen is as it was. */
export function startPainter(output: Output): { on(event: DelegationEvent): void } & AsyncDisposable {
  const tree = createLiveTree(output.paintErr, Date.now);
  let running = true;
  let timer: NodeJS.Timeout | undefined;
  // Loaded while the first requests are under way, so that it delays none of them.
  const loaded = import('log-update').then(({ createLogUpdate }) => {
    const paint = createLogUpdate(process.stderr);
    const frame = () => {
      const lines = tree.lines({ now: Date.now(), columns: output.columnsErr, height: process.stderr.rows ?? 24 });
      if (lines.length > 0) paint(lines.join('\n'));
    };
    if (!running) return undefined;
    timer = setInterval(frame, FRAME_MS);
    return paint;
  });
  return {
    on: tree.on,
    [Symbol.asyncDispose]: async () => {
      running = false;
      clearInterval(timer);
      (await loaded)?.clear();
    },
  };
}
