import { cutTo, widthOf } from './cell.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** It gives way first when the terminal is narrow, never below this many columns. Absent = it never shrinks. */
  readonly min?: number;
  /** Left out, the last such column first, where the terminal has no room for all. */
  readonly spare?: boolean;
}

/**
 * Rows under titles, as wide as the terminal allows. Columns with a `min` shrink, widest first, then spare ones go;
 * nothing wraps. Cells may hold colour. Of a cell that ends in `simulated` that word is never cut.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], limit: number): string[] {
  const gap = 2;
  const widths = columns.map(({ title }, at) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[at] ?? ''))));
  const mins = columns.map(({ min }, at) => min && Math.max(min, ...rows.map((row) => keptOf(row[at] ?? ''))));
  const least = widths.map((most, at) => Math.min(most, mins[at] ?? most));
  const last = columns.findLastIndex(({ spare }) => spare);
  if (last >= 0 && sum(least) + gap * (columns.length - 1) > limit) {
    const without = <T>(cells: readonly T[]): readonly T[] => cells.toSpliced(last, 1);
    return table(without(columns), rows.map(without), limit);
  }
  const total = () => sum(widths) + gap * (columns.length - 1);
  while (total() > limit) {
    const widest = columns
      .map((_, at) => ({ at, room: widths[at]! - (mins[at] ?? widths[at]!) }))
      .sort((a, b) => b.room - a.room)[0];
    if (widest === undefined || widest.room <= 0) break;
    widths[widest.at]! -= Math.min(widest.room, total() - limit);
  }
  const line = (cells: readonly string[]) =>
    columns
      .map((column, at) => pad(shorten(cells[at] ?? '', widths[at]!), widths[at]!, column.align))
      .join(' '.repeat(gap))
      .trimEnd();
  const titled = columns.some((column) => column.title !== '');
  return [...(titled ? [line(columns.map((column) => column.title))] : []), ...rows.map(line)];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colour is written.
const MARK = / (?:\u001b\[[\d;]*m)*\(?simulated\)?(?:\u001b\[[\d;]*m)*$/;

/** Columns that a cell's last word needs with a letter and a dot before it; 0 where it is not the mark. */
function keptOf(text: string): number {
  const mark = text.includes('simulated') ? MARK.exec(text) : null;
  return mark === null ? 0 : widthOf(mark[0]) + 2;
}

/** What stands before the mark gives way: that no model answered is the last thing to be left out. */
function shorten(text: string, columns: number): string {
  if (keptOf(text) === 0 || widthOf(text) <= columns) return cutTo(text, columns);
  const mark = MARK.exec(text)![0];
  return cutTo(text.slice(0, -mark.length), columns - widthOf(mark)) + mark;
}

function sum(widths: readonly number[]): number {
  return widths.reduce((all, each) => all + each, 0);
}

function pad(text: string, to: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, to - widthOf(text)));
  return align === 'right' ? space + text : text + space;
}
