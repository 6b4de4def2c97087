import { wrapTextWithAnsi } from '@earendil-works/pi-tui';
import { duration } from '../../../core/budget/amounts.ts';
import { plain } from '../../output.ts';
import type { Theme } from '../theme.ts';
import { type Block, createBlock } from './block.ts';

/** Lines of thinking that are shown while it goes on. */
const LIVE_LINES = 3;

/** Of unfolded thinking, its end. */
const MOST_LINES = 400;
const MOST_CHARACTERS = 60_000;

/** What the model thinks: its last lines while it does, then one line that can be unfolded. */
export interface ReasoningBlock extends Block {
  add(delta: string): void;
  /** It has stopped thinking, after so many milliseconds; undefined = nobody measured. */
  end(ms: number | undefined): void;
  fold(folded: boolean): void;
}

export function createReasoningBlock({ paint }: Theme, folded: boolean): ReasoningBlock {
  let text = '';
  let open = !folded;
  let ended: { readonly ms: number | undefined } | undefined;
  const block = createBlock((width) => {
    const lines = (most: number, characters: number) =>
      wrapTextWithAnsi(plain(text.slice(-characters)).trim().replaceAll('\t', '    '), Math.max(1, width - 2))
        .slice(-most)
        .map((line) => `  ${paint.dim(paint.italic(line))}`);
    if (ended === undefined)
      return [paint.dim('▾ thinking'), ...(open ? lines(MOST_LINES, MOST_CHARACTERS) : lines(LIVE_LINES, 40 * width))];
    const title = `thought${ended.ms === undefined ? '' : ` for ${duration(ended.ms)}`}`;
    if (!open) return [paint.dim(`▸ ${title}`)];
    return [paint.dim(`▾ ${title}`), ...lines(MOST_LINES, MOST_CHARACTERS)];
  });
  return {
    ...block,
    add(delta) {
      text += delta;
      block.invalidate();
    },
    end(ms) {
      ended ??= { ms };
      block.invalidate();
    },
    fold(closed) {
      open = !closed;
      block.invalidate();
    },
  };
}
