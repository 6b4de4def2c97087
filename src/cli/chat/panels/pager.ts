import { matchesKey, wrapTextWithAnsi } from '@earendil-works/pi-tui';
import { clip } from '../safe-text.ts';
import type { Theme } from '../theme.ts';
import type { Panel } from './panel.ts';

interface Options {
  readonly title: string;
  /** The text as it is now, safe for a terminal. Read with every frame. */
  readonly text: () => string;
  readonly theme: Theme;
  readonly height: () => number;
  readonly close: () => void;
}

/** A long text over the whole screen; it stays at its end while that grows, until it is scrolled. */
export function createPager({ title, text, theme, height, close }: Options): Panel {
  const { paint } = theme;
  /** Lines from the end. */
  let up = 0;
  let laid: { readonly text: string; readonly width: number; readonly lines: string[] } | undefined;
  const body = (): number => Math.max(1, height() - 2);

  return {
    invalidate() {
      laid = undefined;
    },
    handleInput(data) {
      if (matchesKey(data, 'escape') || matchesKey(data, 'ctrl+c') || matchesKey(data, 'q')) return close();
      if (matchesKey(data, 'up') || matchesKey(data, 'k')) up += 1;
      else if (matchesKey(data, 'down') || matchesKey(data, 'j')) up -= 1;
      else if (matchesKey(data, 'pageUp')) up += body();
      else if (matchesKey(data, 'pageDown') || matchesKey(data, 'space')) up -= body();
      else if (matchesKey(data, 'g') || matchesKey(data, 'home')) up = Number.MAX_SAFE_INTEGER;
      else if (matchesKey(data, 'shift+g') || matchesKey(data, 'end')) up = 0;
    },
    render(width) {
      const now = text();
      if (laid?.text !== now || laid.width !== width)
        laid = { text: now, width, lines: now.split('\n').flatMap((line) => wrapTextWithAnsi(line, width)) };
      const { lines } = laid;
      up = Math.max(0, Math.min(up, lines.length - body()));
      const end = lines.length - up;
      const shown = lines.slice(Math.max(0, end - body()), end);
      while (shown.length < body()) shown.push('');
      return [
        `${paint.bold(title)} ${paint.dim(up === 0 ? '' : `${up} lines below`)}`,
        ...shown,
        paint.dim('↑↓ PgUp PgDn · g top · G end · esc back'),
      ].map((line) => clip(line, width));
    },
  };
}
