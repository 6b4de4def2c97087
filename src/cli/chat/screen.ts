import { type Component, Editor, isKeyRelease, TUI } from '@earendil-works/pi-tui';
import { CoveredTerminal, createCover } from './cover.ts';
import type { Panel } from './panels/panel.ts';
import type { Theme } from './theme.ts';

/** Fast enough to look alive, slow enough to cost nothing. */
const FRAME_MS = 125;

/** What the screen shows, from top to bottom; each is asked for its lines with every frame. */
export interface Parts {
  readonly header: Component;
  readonly conversation: Component;
  /** Between the conversation and the input: children at work, what waits to be sent, what goes on. */
  readonly below: (width: number) => readonly string[];
  readonly status: (width: number) => string;
}

/** The terminal while the chat has it. */
export interface Screen {
  readonly editor: Editor;
  readonly rows: number;
  readonly columns: number;
  /** Resolves when all of it is on the terminal. `lost` is called when that is gone: the person closed it. */
  start(lost: () => void): Promise<void>;
  /** Gives the terminal back as it was, below what was said, or with nothing of the chat left on it. */
  stop(options: { readonly erase: boolean }): Promise<void>;
  /** To the shell, until the job is brought to the front again. */
  suspend(): void;
  repaint(): void;
  /** Paints everything again. */
  clear(): void;
  /** Something moves by itself: paint regularly. */
  animate(on: boolean): void;
  /** A panel in place of the input; the function it gives takes it away again. */
  ask(panel: Panel): () => void;
  /** A panel over everything. */
  cover(panel: Panel): () => void;
  /** Nothing is in the way of the input. */
  readonly free: boolean;
  /** Hears every key first; true = it was meant for nobody else. */
  onKey(listener: (data: string) => boolean): void;
}

export function createScreen(parts: Parts, theme: Theme): Screen {
  const terminal = new CoveredTerminal();
  const tui = new TUI(terminal);
  const editor = new Editor(tui, theme.editor, { paddingX: 1, autocompleteMaxVisible: 8 });
  const panels: Panel[] = [];
  const cover = createCover({
    terminal,
    notice: () => (panels.length === 0 ? undefined : theme.paint.yellow('A question waits: esc goes back to it.')),
    uncovered: () => tui.requestRender(),
  });
  let timer: NodeJS.Timeout | undefined;

  /** Its borders are coloured character by character, which is more to write and to compare than all the rest. */
  const border = theme.editor.borderColor('─');
  const input = (width: number): string[] =>
    editor
      .render(width)
      .map((line) => (line === border.repeat(width) ? theme.editor.borderColor('─'.repeat(width)) : line));

  const still = (render: (width: number) => string[]): Component => ({ render, invalidate() {} });
  tui.addChild(parts.header);
  tui.addChild(parts.conversation);
  tui.addChild(still((width) => ['', ...parts.below(width)]));
  tui.addChild(still((width) => (panels.at(-1) ?? { render: input }).render(width)));
  let paintedAll: () => void = () => {};
  const painted = new Promise<void>((resolve) => {
    paintedAll = resolve;
  });
  tui.addChild(
    still((width) => {
      // The frame is written before anybody who waits for it goes on.
      paintedAll();
      return [parts.status(width)];
    }),
  );
  tui.setFocus(editor);

  const repaint = (): void => {
    if (cover.up) cover.paint();
    else tui.requestRender();
  };
  const restore = (): void => {
    process.stdout.write('\u001b[?1049l\u001b[?2004l\u001b[?25h');
  };

  return {
    editor,
    get rows() {
      return terminal.rows;
    },
    get columns() {
      return terminal.columns;
    },
    start(lost) {
      process.once('exit', restore);
      process.once('SIGHUP', lost);
      // Writing to a terminal that is gone is no fault of ours, here and on the way out.
      for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on('error', lost);
      process.stdout.on('resize', repaint);
      tui.start();
      return painted;
    },
    async stop({ erase }) {
      clearInterval(timer);
      if (erase) {
        tui.clear();
        // The last line that is painted is the one that is not erased.
        tui.addChild(still(() => ['']));
      }
      tui.requestRender();
      process.stdout.off('resize', repaint);
      if (cover.up) terminal.uncover();
      await terminal.drainInput(200, 20);
      tui.stop();
      if (erase) process.stdout.write('\u001b[2A\r');
      process.off('exit', restore);
    },
    suspend() {
      if (cover.up) return;
      tui.stop();
      // Without its input nothing else keeps the process alive until it is brought back.
      const alive = setInterval(() => {}, 60_000);
      process.once('SIGCONT', () => {
        clearInterval(alive);
        tui.start();
        tui.requestRender(true);
      });
      // The whole job: what started this one is stopped with it, as the shell expects.
      process.kill(0, 'SIGTSTP');
    },
    repaint,
    clear() {
      tui.invalidate();
      if (!cover.up) tui.requestRender(true);
    },
    animate(on) {
      if (on === (timer !== undefined)) return;
      clearInterval(timer);
      timer = on ? setInterval(repaint, FRAME_MS) : undefined;
    },
    ask(panel) {
      panels.push(panel);
      tui.setFocus(panel);
      repaint();
      return () => {
        const at = panels.indexOf(panel);
        if (at < 0) return;
        panels.splice(at, 1);
        tui.setFocus(panels.at(-1) ?? editor);
        repaint();
      };
    },
    cover: (panel) => cover.put(panel),
    get free() {
      return panels.length === 0 && !cover.up;
    },
    onKey(listener) {
      tui.addInputListener((data) => {
        // The key that takes a cover away means nothing to what is below it.
        const covered = cover.up;
        if (covered && !isKeyRelease(data)) cover.handleInput(data);
        return covered || listener(data) ? { consume: true } : undefined;
      });
    },
  };
}
