import { ProcessTerminal } from '@earendil-works/pi-tui';
import type { Panel } from './panels/panel.ts';
import { clip } from './safe-text.ts';

const ENTER = '\u001b[?1049h\u001b[2J\u001b[?25l';
const LEAVE = '\u001b[?1049l';

/** A terminal whose second screen can cover the first: what is written to that one meanwhile waits. */
export class CoveredTerminal extends ProcessTerminal {
  #held: string[] | undefined;

  override write(data: string): void {
    if (this.#held === undefined) super.write(data);
    else this.#held.push(data);
  }

  override hideCursor(): void {
    this.write('\u001b[?25l');
  }

  override showCursor(): void {
    this.write('\u001b[?25h');
  }

  /** To the second screen. */
  cover(): void {
    this.#held ??= [];
    super.write(ENTER);
  }

  /** On whichever screen is seen. */
  paint(data: string): void {
    super.write(data);
  }

  uncover(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    super.write(LEAVE + held.join(''));
  }
}

/** Panels over the whole screen, the last one on top. Only lines that changed are written. */
export interface Cover {
  readonly up: boolean;
  put(panel: Panel): () => void;
  paint(): void;
  /** The key is the topmost panel's. */
  handleInput(data: string): void;
}

interface Options {
  readonly terminal: CoveredTerminal;
  /** What the person should know that is below; it stands in the last line. */
  readonly notice: () => string | undefined;
  readonly uncovered: () => void;
}

export function createCover({ terminal, notice, uncovered }: Options): Cover {
  const panels: Panel[] = [];
  let painted: readonly string[] = [];
  let size = '';

  function paint(): void {
    const top = panels.at(-1);
    if (top === undefined) return;
    const { columns, rows } = terminal;
    const fresh = size !== `${columns}x${rows}`;
    if (fresh) painted = [];
    size = `${columns}x${rows}`;
    const lines = top.render(columns).slice(0, rows);
    const told = notice();
    if (told !== undefined) lines[lines.length - 1] = clip(told, columns);
    const changed = lines.flatMap((line, at) =>
      line === painted[at] ? [] : [`\u001b[${at + 1};1H${line}\u001b[0m\u001b[K`],
    );
    // Every panel fills the screen, so nothing of another is left below it.
    if (changed.length > 0) terminal.paint(`\u001b[?2026h${fresh ? '\u001b[2J' : ''}${changed.join('')}\u001b[?2026l`);
    painted = lines;
  }

  return {
    get up() {
      return panels.length > 0;
    },
    paint,
    put(panel) {
      if (panels.length === 0) terminal.cover();
      panels.push(panel);
      size = '';
      paint();
      return () => {
        const at = panels.indexOf(panel);
        if (at < 0) return;
        panels.splice(at, 1);
        size = '';
        if (panels.length > 0) paint();
        else {
          terminal.uncover();
          uncovered();
        }
      };
    },
    handleInput(data) {
      panels.at(-1)?.handleInput(data);
      paint();
    },
  };
}
