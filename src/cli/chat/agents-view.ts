import { hasEnded } from '../../core/answer.ts';
import type { Yardmaster } from '../../yardmaster.ts';
import { plain } from '../output.ts';
import type { TaskRow, TaskRows } from '../render/task-rows.ts';
import { createAgentsPanel } from './panels/agents.ts';
import { createPager } from './panels/pager.ts';
import type { Screen } from './screen.ts';
import type { Theme } from './theme.ts';
import { transcriptText } from './transcript-text.ts';

/** How often an open transcript is read again while its child is at work. */
const READ_MS = 500;

interface Options {
  readonly yard: Yardmaster;
  readonly screen: Screen;
  readonly children: TaskRows;
  readonly theme: Theme;
  readonly now: () => number;
}

/** The tree of children over the whole screen, until it is left. */
export function openAgents({ yard, screen, children, theme, now }: Options): void {
  const close = screen.cover(
    createAgentsPanel({
      children,
      theme,
      now,
      height: () => screen.rows,
      open: openTranscript,
      steer: async (row, message) => {
        const answer = await yard.call({ action: 'steer', id: row.id, message });
        if (answer.kind !== 'steer') return '';
        const missed = answer.steers.every(({ state }) => state === 'missed');
        return missed ? 'It had ended before it could hear that.' : 'It hears that with its next turn.';
      },
      stop: async (id) => {
        const answer = await yard.call({ action: 'stop', id });
        return answer.kind === 'stop' ? `${answer.tasks.length} told to stop; what they have is kept.` : '';
      },
      repaint: () => screen.repaint(),
      close: () => close(),
    }),
  );

  function openTranscript(row: TaskRow): void {
    let text = '…';
    const read = async (): Promise<void> => {
      const store = await yard.store();
      text = transcriptText(await store.journal(row.id), theme.paint);
      screen.repaint();
    };
    const fail = (error: Error): void => {
      text = theme.paint.red(plain(error.message));
      screen.repaint();
    };
    read().catch(fail);
    const timer = setInterval(() => {
      read().catch(fail);
      if (hasEnded(row)) clearInterval(timer);
    }, READ_MS);
    const leave = screen.cover(
      createPager({
        title: `${row.goal.slice(0, 60)} · ${row.label}`,
        text: () => text,
        theme,
        height: () => screen.rows,
        close() {
          clearInterval(timer);
          leave();
        },
      }),
    );
  }
}
