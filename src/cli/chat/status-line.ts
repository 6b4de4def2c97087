import { visibleWidth } from '@earendil-works/pi-tui';
import { count, money } from '../../core/budget/amounts.ts';
import type { SessionRoute, SessionSpend } from '../../core/session.ts';
import type { Paint } from '../output.ts';
import { sourceShort } from '../render/receipt.ts';
import { routeName } from '../render/route-name.ts';
import { clip } from './safe-text.ts';

export interface Status {
  readonly current: SessionRoute;
  readonly spend: SessionSpend;
  /** Tokens; undefined = not known. */
  readonly context: number | undefined;
  /** Children that run or wait for a place. */
  readonly children: number;
}

/** What it runs on, where that came from, how full the window is, what it cost. What has no room goes, the least first. */
export function statusLine({ current, spend, context, children }: Status, width: number, paint: Paint): string {
  const { route, source } = current;
  const parts: readonly (readonly [text: string, rank: number])[] = [
    [routeName(route, paint), 0],
    [route.reasoning_effort === undefined ? '' : `effort ${route.reasoning_effort}`, 2],
    [paint.dim(`from ${sourceShort(source)}`), 5],
    [windowUse(context, route.context, paint), 3],
    [costSoFar(spend, paint), 1],
    [children === 0 ? '' : paint.cyan(`${children} running`), 0],
  ];
  const said = parts.filter(([text]) => text !== '');
  const between = paint.dim(' · ');
  for (let most = 5; ; most -= 1) {
    const line = said.flatMap(([text, rank]) => (rank <= most ? [text] : [])).join(between);
    if (visibleWidth(line) <= width || most === 0) return clip(line, width);
  }
}

function windowUse(used: number | undefined, window: number | undefined, paint: Paint): string {
  if (used === undefined) return '';
  if (window === undefined) return paint.dim(`context ${count(used)}`);
  const share = Math.min(100, Math.round((used / window) * 100));
  const text = `context ${share}% of ${count(window)}`;
  return share >= 90 ? paint.red(text) : share >= 70 ? paint.yellow(text) : paint.dim(text);
}

/** With a word where no model was behind some of it. */
function costSoFar({ cost, by_route }: SessionSpend, paint: Paint): string {
  const simulated = by_route.filter(({ route }) => route.simulated === true).length;
  const mark =
    simulated === 0 ? '' : ` ${paint.magenta(simulated === by_route.length ? 'simulated' : 'partly simulated')}`;
  return `${cost.complete ? money(cost) : paint.yellow(money(cost))}${mark}`;
}
