import type { AutocompleteItem, AutocompleteProvider } from '@earendil-works/pi-tui';
import { COMMANDS } from './commands.ts';

/** Values that a command's argument can have, for completion. */
export type ArgumentsOf = (command: string) => readonly AutocompleteItem[];

/** Names offered at once. */
const MOST = 50;

/**
 * Completes commands while they are typed, and their arguments on Tab: a list that opens by itself would take the
 * Enter that was meant for what stands there already.
 */
export function createCompletion(argumentsOf: ArgumentsOf): AutocompleteProvider {
  return {
    async getSuggestions(lines, line, column, { force }) {
      const before = (lines[line] ?? '').slice(0, column);
      if (line !== 0 || !before.startsWith('/')) return null;
      const space = before.indexOf(' ');
      if (space < 0) {
        const items = COMMANDS.filter(({ name }) => `/${name}`.startsWith(before.toLowerCase())).map(
          ({ name, takes, does }) => ({
            value: takes === '' ? `/${name}` : `/${name} `,
            label: `/${name}`,
            description: does,
          }),
        );
        return items.length === 0 ? null : { items, prefix: before };
      }
      if (force !== true) return null;
      const word = before.slice(before.lastIndexOf(' ') + 1);
      const items = argumentsOf(before.slice(1, space))
        .filter(({ value }) => value.toLowerCase().includes(word.toLowerCase()))
        .slice(0, MOST);
      return items.length === 0 ? null : { items, prefix: word };
    },
    applyCompletion(lines, line, column, item, prefix) {
      const text = lines[line] ?? '';
      const start = column - prefix.length;
      const completed = [...lines];
      completed[line] = `${text.slice(0, start)}${item.value}${text.slice(column)}`;
      return { lines: completed, cursorLine: line, cursorCol: start + item.value.length };
    },
  };
}
