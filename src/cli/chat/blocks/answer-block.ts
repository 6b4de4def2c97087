import { Markdown } from '@earendil-works/pi-tui';
import { plain } from '../../output.ts';
import { clip } from '../safe-text.ts';
import type { Theme } from '../theme.ts';
import type { Block } from './block.ts';
import { settledUpTo } from './settle.ts';

/** The model's words as they come, as markdown. What is settled is laid out once, however long the answer gets. */
export interface AnswerBlock extends Block {
  add(delta: string): void;
  /** Nothing more comes. */
  end(): void;
}

/** Of the time that laying out takes at most this share: a list of a thousand items has no settled part. */
const SHARE = 0.2;

export function createAnswerBlock({ markdown }: Theme, text = ''): AnswerBlock {
  const settled: Block[] = [];
  let tail = '';
  /** What grows, as it was last laid out. */
  let last:
    | { readonly width: number; readonly lines: string[]; readonly at: number; readonly took: number }
    | undefined;
  let fresh = true;
  let ended = false;

  const add = (delta: string): void => {
    tail += delta;
    fresh = false;
    const end = delta.includes('\n') ? settledUpTo(tail) : 0;
    if (end === 0) return;
    settled.push(piece(plain(tail.slice(0, end)), markdown));
    tail = tail.slice(end);
    last = undefined;
  };
  add(text);

  const grown = (width: number): string[] => {
    const now = performance.now();
    if (last?.width === width && (fresh || (!ended && now - last.at < last.took / SHARE))) return last.lines;
    const lines = piece(plain(tail), markdown).render(width);
    last = { width, lines, at: now, took: performance.now() - now };
    fresh = true;
    return lines;
  };

  return {
    add,
    end() {
      ended = true;
    },
    invalidate() {
      for (const one of settled) one.invalidate();
      last = undefined;
    },
    render(width) {
      const parts = [...settled.map((one) => one.render(width)), grown(width)].filter((lines) => lines.length > 0);
      return parts.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]));
    },
  };
}

function piece(text: string, theme: Theme['markdown']): Block {
  let made: { readonly width: number; readonly lines: string[] } | undefined;
  return {
    invalidate() {
      made = undefined;
    },
    render(width) {
      if (made?.width !== width) {
        const lines = new Markdown(text, 0, 0, theme).render(width).map((line) => clip(line.trimEnd(), width));
        while (lines.at(-1) === '') lines.pop();
        made = { width, lines };
      }
      return made.lines;
    },
  };
}
