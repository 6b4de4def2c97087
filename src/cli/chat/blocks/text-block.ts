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
  const size = all.join('\n').length;
  return createBlock((width) => {
    const head = all.slice(0, MOST_LINES).join('\n').slice(0, MOST_CHARACTERS);
    const lines = wrapTextWithAnsi(head, Math.max(1, width - 2));
    const shown = lines.slice(0, MOST_LINES);
    const marked = shown.map((line, at) => `${at === 0 ? paint.bold(paint.cyan('❯')) : ' '} ${paint.bold(line)}`);
    if (lines.length === shown.length && head.length === size) return marked;
    const rest = size - shown.join('\n').length;
    const of = all.length === 1 ? '1 line' : `${all.length} lines`;
    return [...marked, paint.dim(`  … ${rest.toLocaleString('en')} more characters of ${of}, all sent`)];
  });
}

/** Something of ours to read: an error, a table, help. The text is safe already and may hold colour. */
export function createNoteBlock(text: string | ((width: number) => string)): Block {
  return createBlock((width) => {
    const made = typeof text === 'string' ? text : text(width);
    return made.split('\n').flatMap((line) => wrapTextWithAnsi(line, width));
  });
}
