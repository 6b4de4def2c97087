import { Input, matchesKey } from '@earendil-works/pi-tui';
import { type Column, table } from '../../render/table.ts';
import { clip } from '../safe-text.ts';
import type { Theme } from '../theme.ts';
import type { Panel } from './panel.ts';

export interface Choice<Value> {
  readonly value: Value;
  /** What typed words are looked for in, lower case. */
  readonly search: string;
  readonly cells: readonly string[];
  /** It is shown, and cannot be picked: why. */
  readonly barred?: string;
}

interface Options<Value> {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly choices: readonly Choice<Value>[];
  /** The one to begin at. */
  readonly current?: Value;
  readonly theme: Theme;
  /** Rows of choices that there is room for. */
  readonly room: () => number;
  /** Undefined = nothing was picked. */
  readonly done: (value: Value | undefined) => void;
}

/** A list to pick from; typing searches it, every word has to be there. */
export function createPicker<Value>({ title, columns, choices, current, theme, room, done }: Options<Value>): Panel {
  const { paint } = theme;
  const query = new Input();
  query.focused = true;
  let found = choices;
  let at = Math.max(
    0,
    choices.findIndex(({ value }) => value === current),
  );
  let refused: string | undefined;

  const search = (): void => {
    const words = query.getValue().toLowerCase().split(/\s+/);
    found = choices.filter((choice) => words.every((word) => choice.search.includes(word)));
    at = 0;
  };
  const move = (by: number): void => {
    at = Math.max(0, Math.min(found.length - 1, at + by));
  };

  return {
    invalidate() {},
    handleInput(data) {
      refused = undefined;
      if (matchesKey(data, 'escape') || matchesKey(data, 'ctrl+c')) return done(undefined);
      if (matchesKey(data, 'enter')) {
        const choice = found[at];
        if (choice === undefined) return;
        if (choice.barred === undefined) return done(choice.value);
        refused = choice.barred;
        return;
      }
      if (matchesKey(data, 'up') || matchesKey(data, 'ctrl+p')) return move(-1);
      if (matchesKey(data, 'down') || matchesKey(data, 'ctrl+n')) return move(1);
      if (matchesKey(data, 'pageUp')) return move(-room());
      if (matchesKey(data, 'pageDown')) return move(room());
      query.handleInput(data);
      search();
    },
    render(width) {
      const rows = Math.max(1, room());
      const first = Math.max(0, Math.min(at - Math.floor(rows / 2), found.length - rows));
      const shown = found.slice(first, first + rows);
      const lines = table(
        [{ title: ' ' }, ...columns],
        shown.map(({ cells, barred }, index) => {
          const selected = first + index === at;
          return [
            selected ? paint.cyan('❯') : ' ',
            ...cells.map((cell, n) =>
              barred !== undefined ? paint.dim(cell) : selected && n === 0 ? paint.bold(paint.cyan(cell)) : cell,
            ),
          ];
        }),
        width,
      );
      const place = found.length === 0 ? 'nothing fits' : `${at + 1} of ${found.length}`;
      return [
        paint.dim('─'.repeat(width)),
        `${paint.bold(title)} ${paint.dim(place)}`,
        `${paint.cyan('search')} ${query.render(Math.max(4, width - 7))[0] ?? ''}`,
        ...lines.map((line, index) => (index === 0 ? paint.dim(line) : line)),
        refused === undefined
          ? paint.dim('type to search · ↑↓ move · enter picks · esc leaves it as it is')
          : paint.yellow(refused),
      ].map((line) => clip(line, width));
    },
  };
}
