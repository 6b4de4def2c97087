import type { Paint } from '../output.ts';
import { table } from '../render/table.ts';
import { COMMANDS } from './commands.ts';

/** What the keys do. The table of docs/chat.md has the same rows. */
export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['enter', 'send; while a reply is being made, it waits its turn'],
  ['shift+enter, alt+enter, ctrl+j, or a backslash and enter', 'a new line'],
  ['↑ ↓', 'what was typed before, in other sessions too'],
  ['tab', 'complete a command, a model, a level, a route'],
  ['esc', 'stop the reply'],
  ['ctrl+c', 'stop the reply; empty the input; twice: leave'],
  ['ctrl+d', 'leave, when the input is empty'],
  ['ctrl+t', 'show or fold what was thought'],
  ['ctrl+l', 'paint the screen again'],
  ['ctrl+z', 'to the shell; fg comes back'],
];

export function helpText(width: number, paint: Paint): string {
  const columns = [{ title: '' }, { title: '', min: 16 }];
  const commands = COMMANDS.map(({ name, takes, does }) => [`/${name} ${paint.dim(takes)}`, does]);
  const keys = KEYS.map(([key, does]) => [key, does]);
  if (width < 72) {
    const stacked = (rows: readonly (readonly string[])[]) =>
      rows.flatMap(([what, does]) => [what!, paint.dim(`  ${does}`)]);
    return [...stacked(commands), '', ...stacked(keys)].join('\n');
  }
  return [...table(columns, commands, width), '', ...table(columns, keys, width)].join('\n');
}
