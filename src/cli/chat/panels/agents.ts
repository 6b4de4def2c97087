import { Input, matchesKey, wrapTextWithAnsi } from '@earendil-works/pi-tui';
import { hasEnded } from '../../../core/answer.ts';
import { count } from '../../../core/budget/amounts.ts';
import { treeRows } from '../../render/live-tree.ts';
import type { TaskRow, TaskRows } from '../../render/task-rows.ts';
import { clip } from '../safe-text.ts';
import type { Theme } from '../theme.ts';
import type { Panel } from './panel.ts';

interface Options {
  readonly children: TaskRows;
  readonly theme: Theme;
  readonly now: () => number;
  readonly height: () => number;
  readonly open: (row: TaskRow) => void;
  /** Resolves to what to say about it. */
  readonly steer: (row: TaskRow, text: string) => Promise<string>;
  /** A task with everything below it, or its whole delegation. */
  readonly stop: (id: string) => Promise<string>;
  readonly repaint: () => void;
  readonly close: () => void;
}

/** The live tree of children and grandchildren, over the whole screen. */
export function createAgentsPanel(options: Options): Panel {
  const { children, theme, now, height, repaint } = options;
  const { paint } = theme;
  let selected: string | undefined;
  let saying: Input | undefined;
  let sure: { readonly id: string; readonly what: string } | undefined;
  let told = '';

  const rows = (): readonly TaskRow[] => children.inTree();
  const place = (): number =>
    Math.max(
      0,
      rows().findIndex(({ id }) => id === selected),
    );
  const move = (by: number): void => {
    selected = rows()[Math.max(0, Math.min(rows().length - 1, place() + by))]?.id;
  };
  const tell = (said: Promise<string>): void => {
    told = '…';
    said.then(
      (text) => {
        told = text;
        repaint();
      },
      (error: Error) => {
        told = paint.red(error.message);
        repaint();
      },
    );
  };

  const askSteer = (row: TaskRow): void => {
    const input = new Input();
    input.focused = true;
    input.onEscape = () => {
      saying = undefined;
    };
    input.onSubmit = (text) => {
      saying = undefined;
      if (text.trim() !== '') tell(options.steer(row, text));
    };
    saying = input;
  };

  return {
    invalidate() {},
    handleInput(data) {
      if (saying !== undefined) {
        if (matchesKey(data, 'ctrl+c')) saying = undefined;
        else saying.handleInput(data);
        return;
      }
      if (sure !== undefined) {
        const { id } = sure;
        sure = undefined;
        if (matchesKey(data, 'y') || matchesKey(data, 'enter')) tell(options.stop(id));
        return;
      }
      told = '';
      const row = rows()[place()];
      if (matchesKey(data, 'escape') || matchesKey(data, 'ctrl+c') || matchesKey(data, 'q')) return options.close();
      if (matchesKey(data, 'up') || matchesKey(data, 'k')) return move(-1);
      if (matchesKey(data, 'down') || matchesKey(data, 'j')) return move(1);
      if (matchesKey(data, 'pageUp')) return move(-10);
      if (matchesKey(data, 'pageDown')) return move(10);
      if (row === undefined) return;
      if (matchesKey(data, 'enter')) return options.open(row);
      if (matchesKey(data, 's') && !hasEnded(row)) return askSteer(row);
      if (matchesKey(data, 'x') && !hasEnded(row)) sure = { id: row.id, what: 'this child and everything below it' };
      if (matchesKey(data, 'shift+x')) sure = { id: row.delegation_id, what: 'the whole delegation' };
    },
    render(width) {
      const all = rows();
      const active = all.filter((row) => !hasEnded(row)).length;
      const at = place();
      const details = detailLines(all[at], width);
      const room = Math.max(1, height() - details.length - 3);
      const first = Math.max(0, Math.min(at - Math.floor(room / 2), all.length - room));
      const body = treeRows(all.slice(first, first + room), { paint, now: now(), columns: width - 2 });
      const top = [
        `${paint.bold('children')} ${paint.dim(`${active} of ${all.length} at work`)}`,
        ...(all.length === 0
          ? ['', 'No children yet. The model starts them with delegate_task.']
          : body.map((line, index) =>
              index - 1 === at - first ? `${paint.cyan('❯')} ${paint.bold(line)}` : `  ${line}`,
            )),
      ].slice(0, Math.max(1, height() - details.length - 1));
      while (top.length < height() - details.length - 1) top.push('');
      return [...top, ...details, bottomLine(width)].map((line) => clip(line, width));
    },
  };

  /** All of the selected one: narrow screens leave columns out. */
  function detailLines(row: TaskRow | undefined, width: number): string[] {
    if (row === undefined) return [];
    const facts = [
      row.label,
      `effort ${row.effort}`,
      `from ${row.source}`,
      `${row.turns} turn${row.turns === 1 ? '' : 's'}`,
      row.tokens === 0 ? '' : `${count(row.tokens)} tokens`,
      row.cost,
      paint.dim(row.id),
    ].filter((fact) => fact !== '');
    const lines = [row.goal, facts.join(paint.dim(' · ')), paint.dim(`${row.status}: ${row.doing}`)];
    return [paint.dim('─'.repeat(width)), ...lines.flatMap((line) => wrapTextWithAnsi(line, width)).slice(0, 6)];
  }

  function bottomLine(width: number): string {
    if (saying !== undefined) return `${paint.cyan('steer')} ${saying.render(Math.max(4, width - 6))[0] ?? ''}`;
    if (sure !== undefined) return paint.yellow(`Stop ${sure.what}? y: yes, any other key: no`);
    if (told !== '') return told;
    return paint.dim(
      width < 84
        ? '↑↓ ⏎ open · s steer · x X stop · esc'
        : '↑↓ · enter transcript · s steer · x stop with all below · X stop its delegation · esc back',
    );
  }
}
