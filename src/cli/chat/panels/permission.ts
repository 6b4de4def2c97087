import { matchesKey, wrapTextWithAnsi } from '@earendil-works/pi-tui';
import type { PermissionAnswer, PermissionQuestion } from '../../../core/session.ts';
import type { Json } from '../../../core/task.ts';
import { routeName } from '../../render/route-name.ts';
import { clip, visible } from '../safe-text.ts';
import type { Theme } from '../theme.ts';
import type { Panel } from './panel.ts';

interface Options {
  readonly question: PermissionQuestion;
  readonly theme: Theme;
  /** Lines that there is room for. */
  readonly room: () => number;
  /** Keys that come before this time (ms) were meant for something else. */
  readonly deaf_until: number;
  readonly now: () => number;
  readonly done: (answer: PermissionAnswer) => void;
}

/** Asks before something is written, run or spent, and shows exactly what: all of it can be read, by scrolling if need be. */
export function createPermissionPanel({ question, theme, room, deaf_until, now, done }: Options): Panel {
  const { paint } = theme;
  const answers = [
    ['once', 'y', 'allow once'],
    ['always', 'a', `always: ${visible(question.always)}`],
    ['deny', 'n', 'deny'],
  ] as const;
  const title = question.kind === 'tool' ? `Allow ${visible(question.tool)}?` : 'Allow these routes?';
  const text = question.kind === 'tool' ? toolText(question, theme) : routesText(question, theme);
  let chosen = 0;
  let top = 0;
  let most = 0;

  return {
    invalidate() {},
    handleInput(data) {
      if (matchesKey(data, 'escape') || matchesKey(data, 'ctrl+c')) return done('deny');
      if (now() < deaf_until) return;
      if (matchesKey(data, 'up')) chosen = (chosen + answers.length - 1) % answers.length;
      else if (matchesKey(data, 'down') || matchesKey(data, 'tab')) chosen = (chosen + 1) % answers.length;
      else if (matchesKey(data, 'pageDown') || matchesKey(data, 'space')) top = Math.min(most, top + body());
      else if (matchesKey(data, 'pageUp')) top = Math.max(0, top - body());
      else if (matchesKey(data, 'enter')) done(answers[chosen]![0]);
      else {
        const answer = answers.find(([, key]) => matchesKey(data, key));
        if (answer !== undefined) done(answer[0]);
      }
    },
    render(width) {
      const lines = text.flatMap((line) => wrapTextWithAnsi(line, Math.max(1, width - 2)));
      most = Math.max(0, lines.length - body());
      top = Math.min(top, most);
      const shown = lines.slice(top, top + body());
      const rest = lines.length - top - shown.length;
      return [
        paint.yellow('─'.repeat(width)),
        `${paint.yellow('?')} ${paint.bold(title)}`,
        ...shown.map((line) => `  ${line}`),
        ...(most === 0
          ? []
          : [
              paint.dim(
                `  lines ${top + 1}–${top + shown.length} of ${lines.length}${rest > 0 ? ' · PgDn or space for more' : ' · PgUp'}`,
              ),
            ]),
        ...answers.map(([, key, says], at) =>
          at === chosen ? paint.bold(paint.cyan(`❯ ${key}  ${says}`)) : `  ${key}  ${says}`,
        ),
        paint.dim('↑↓ and enter, or the letter · esc denies'),
      ].map((line) => clip(line, width));
    },
  };

  function body(): number {
    return Math.max(3, room() - answers.length - 4);
  }
}

type Args = { readonly [key: string]: Json };

function toolText({ args, toolset }: Extract<PermissionQuestion, { kind: 'tool' }>, { paint }: Theme): string[] {
  const lines = Object.entries(args as Args).flatMap(([key, value]) => {
    const text = visible(typeof value === 'string' ? value : JSON.stringify(value)).split('\n');
    if (key === 'command') return text.map((line, at) => `${paint.dim(at === 0 ? '$ ' : '  ')}${paint.bold(line)}`);
    const sign =
      key === 'old_string' ? paint.red('- ') : key === 'new_string' || key === 'content' ? paint.green('+ ') : '';
    if (sign !== '')
      return [
        paint.dim(`${key}, ${text.length} line${text.length === 1 ? '' : 's'}`),
        ...text.map((line) => sign + line),
      ];
    if (text.length === 1) return [`${paint.dim(visible(key))} ${text[0]}`];
    return [paint.dim(visible(key)), ...text.map((line) => `  ${line}`)];
  });
  return [...lines, paint.dim(`toolset ${visible(toolset)}`)];
}

function routesText({ tasks }: Extract<PermissionQuestion, { kind: 'routes' }>, { paint }: Theme): string[] {
  return tasks.flatMap(({ index, goal, route, refused }) => [
    `${index + 1}. ${visible(goal).replaceAll('\n', ' ')}`,
    `   ${routeName(route, paint)} ${paint.dim(priceOf(route.price))}`,
    ...refused.map((rule) => `   ${paint.yellow('✘')} ${visible(rule)}`),
  ]);
}

function priceOf(price: { readonly in?: number; readonly out?: number } | undefined): string {
  const usd = (amount: number | undefined) => (amount === undefined ? '$ unknown' : `$${amount}`);
  return `${usd(price?.in)} in, ${usd(price?.out)} out a million tokens`;
}
