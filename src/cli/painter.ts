import type { DelegationEvent } from '../core/events.ts';
import type { Output } from './output.ts';
import type { LiveTree } from './render/live-tree.ts';

/** Fast enough to look alive, slow enough to cost nothing. */
const FRAME_MS = 100;

/** Repaints the tree of a running batch on stderr until it is disposed; then the screen is as it was. */
export function startPainter(output: Output): { on(event: DelegationEvent): void } & AsyncDisposable {
  const early: DelegationEvent[] = [];
  let tree: LiveTree | undefined;
  let loading: Promise<{ clear(): void } | undefined> | undefined;
  let running = true;
  let timer: NodeJS.Timeout | undefined;

  async function load(): Promise<{ clear(): void } | undefined> {
    const [{ createLogUpdate }, { createLiveTree }] = await Promise.all([
      import('log-update'),
      import('./render/live-tree.ts'),
    ]);
    if (!running) return undefined;
    const painted = createLiveTree(output.paintErr, Date.now);
    for (const event of early) painted.on(event);
    tree = painted;
    const paint = createLogUpdate(process.stderr);
    timer = setInterval(() => {
      const lines = painted.lines({
        now: Date.now(),
        columns: output.columnsErr,
        height: process.stderr.rows ?? 24,
      });
      if (lines.length > 0) paint(lines.join('\n'));
    }, FRAME_MS);
    return paint;
  }

  return {
    on(event) {
      if (tree === undefined) early.push(event);
      else tree.on(event);
      // What draws takes longer to load than all the rest: it waits until the first child has something to wait for.
      if (event.type === 'task-start') loading ??= load();
    },
    [Symbol.asyncDispose]: async () => {
      running = false;
      clearInterval(timer);
      (await loading)?.clear();
    },
  };
}
