import { duration } from '../../core/budget/amounts.ts';
import type { JournalEntry } from '../../core/store.ts';
import type { Paint } from '../output.ts';
import { oneLine, plain } from '../output.ts';

/** Of one tool result; the whole one stands in `yardmaster logs`. */
const RESULT_CHARACTERS = 2_000;

/** What a child did, from its journal, safe for a terminal. */
export function transcriptText(entries: readonly JournalEntry[], paint: Paint): string {
  if (entries.length === 0) return paint.dim('It has not begun yet, or its first turn is still under way.');
  return entries.flatMap((entry) => linesOf(entry, paint)).join('\n');
}

function linesOf(entry: JournalEntry, paint: Paint): string[] {
  switch (entry.kind) {
    case 'message':
      return entry.message.role === 'user' ? ['', `${paint.cyan('❯')} ${paint.bold(plain(entry.message.text))}`] : [];
    case 'answer': {
      const { reasoning, text, tool_calls } = entry.answer;
      return [
        '',
        paint.dim(`turn ${entry.turn}`),
        ...(reasoning === '' ? [] : [paint.dim(paint.italic(plain(reasoning)))]),
        ...(text === '' ? [] : [plain(text)]),
        ...tool_calls.map(
          ({ name, arguments: args }) =>
            `${paint.cyan('●')} ${oneLine(name)} ${paint.dim(oneLine(args).slice(0, 500))}`,
        ),
      ];
    }
    case 'tool-start':
      return [];
    case 'tool-end': {
      const { name, is_error, content } = entry.result;
      const mark = is_error ? paint.red('✘') : paint.green('✔');
      const text = plain(content);
      const cut = text.length > RESULT_CHARACTERS ? ` … ${text.length - RESULT_CHARACTERS} more characters` : '';
      return [
        `${mark} ${oneLine(name)} ${paint.dim(duration(entry.ms))}`,
        ...text
          .slice(0, RESULT_CHARACTERS)
          .split('\n')
          .map((line) => paint.dim(`  ${line}`)),
        ...(cut === '' ? [] : [paint.dim(cut)]),
      ];
    }
    case 'hop':
      return [paint.yellow(`${entry.hop.because}: from ${entry.hop.from} on to ${entry.hop.to}`)];
    case 'compaction':
      return [paint.yellow('the window was full: earlier tool results were shortened')];
    case 'steer':
      return ['', `${paint.magenta('told')} ${plain(entry.message)}`];
    case 'note':
      return [paint.dim(plain(entry.note))];
  }
}
