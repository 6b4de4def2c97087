import { wrapTextWithAnsi } from '@earendil-works/pi-tui';
import { plain } from '../../output.ts';
import type { Theme } from '../theme.ts';
import { type Block, createBlock } from './block.ts';

/** Of what the person said; the rest of it is counted. The model got all of it. */
const MOST_LINES = 12;
const MOST_CHARACTERS = 4_000;

/** What the person said. */
export function createUserBlock(text: string, { paint }: Theme): Block {
  const all = plain(text).replaceAll('\t', '    ').split('\n');
  return createBlock((width) => {
    const head = all.slice(0, MOST_LINES).join('\n').slice(0, MOST_CHARACTERS);
    const lines = wrapTextWithAnsi(head, Math.max(1, width - 2)).slice(0, MOST_LINES);
    const shown = lines.map((line, at) => `${at === 0 ? paint.bold(paint.cyan('❯')) : ' '} ${paint.bold(line)}`);
    const cut = text.length - head.length;
    if (cut > 0)
      shown.push(paint.dim(`  … ${cut.toLocaleString('en')} more characters (${all.length} lines), all sent`));
    return shown;
  });
}

/** Something of ours to read: an error, a table, help. The text is safe already and may hold colour. */
export function createNoteBlock(text: string | ((width: number) => string)): Block {
  return createBlock((width) => {
    const made = typeof text === 'string' ? text : text(width);
    return made.split('\n').flatMap((line) => wrapTextWithAnsi(line, width));
  });
}
