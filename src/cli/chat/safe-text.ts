import { truncateToWidth, visibleWidth } from '@earendil-works/pi-tui';
import { simpleWidth } from '../render/cell.ts';

/** Controls but line breaks and tabs, and characters that hide or turn what stands beside them. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{e0000}-\u{e0fff}]/gu;

/**
 * Text that a person decides about: nothing of it acts on the terminal and nothing of it is left out. What cannot
 * be seen is written as its escape (`\u001b`).
 */
export function visible(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(UNSEEN, (character) => {
      const code = character.codePointAt(0)!.toString(16);
      return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
    })
    .replace(/\t/g, '    ');
}

/** A line that is never wider than it may be: the screen refuses to paint one that is. */
export function clip(line: string, width: number): string {
  const columns = simpleWidth(line) ?? visibleWidth(line);
  return columns <= width ? line : truncateToWidth(line, width, width > 1 ? '…' : '');
}
