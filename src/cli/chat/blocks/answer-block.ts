import { Markdown } from '@earendil-works/pi-tui';
import { plain } from '../../output.ts';
import { clip } from '../safe-text.ts';
import type { Theme } from '../theme.ts';
import type { Block } from './block.ts';
import { settledUpTo } from './settle.ts';

/** The model's words as they come, as markdown. What is settled is laid out once, however long the answer gets. */
export interface AnswerBlock extends Block {
  add(delta: string): void;
}

export function createAnswerBlock({ markdown }: Theme, text = ''): AnswerBlock {
  const settled: Block[] = [];
  let tail = '';
  let last = piece('', markdown);

  const add = (delta: string): void => {
    tail += delta;
    const end = delta.includes('\n') ? settledUpTo(tail) : 0;
    if (end > 0) {
      settled.push(piece(plain(tail.slice(0, end)), markdown));
      tail = tail.slice(end);
    }
    last = piece(plain(tail), markdown);
  };
  add(text);

  return {
    add,
    invalidate() {
      for (const one of settled) one.invalidate();
      last.invalidate();
    },
    render(width) {
      const parts = [...settled, last].map((one) => one.render(width)).filter((lines) => lines.length > 0);
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
