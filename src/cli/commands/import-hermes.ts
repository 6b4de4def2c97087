import truncate from 'cli-truncate';
import wrap from 'wrap-ansi';
import type { ImportedLine } from '../../setup.ts';
import type { Action } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { type Output, oneLine, type Paint, plain } from '../output.ts';
import { setUp } from '../set-up.ts';

/** The report is the data; of a dry run, the file as it would be, with the report beside it. */
export const action: Action = async (context) => {
  const { output, operands, flags } = context;
  const [source] = operands as readonly (string | undefined)[];
  const dry_run = flags.dryRun === true;
  const imported = await (await setUp(context)).importHermes({ dry_run, ...(source === undefined ? {} : { source }) });
  if (output.json) {
    output.document(imported);
    return EXIT_OK;
  }
  if (dry_run) {
    output.note(report(imported.lines, output.paintErr, output.columnsErr));
    output.data(plain(imported.text).trimEnd());
  } else output.data(report(imported.lines, output.paint, output.columns));
  const counts = (Object.keys(WORDS) as ImportedLine['state'][]).map(
    (state) => `${imported.lines.filter((line) => line.state === state).length} ${WORDS[state]}`,
  );
  output.note(`\n${counts.join(', ')}.`);
  tell(imported.open, output);
  if (imported.backup !== undefined) output.note(`What was there before is in ${imported.backup}`);
  output.note(
    imported.written
      ? `Wrote ${imported.file}. Keys stay where they were: \`yardmaster doctor\` says which are missing.`
      : `Nothing was written${dry_run ? `; without --dry-run it goes to ${imported.file}` : ': there is nothing to add'}.`,
  );
  return EXIT_OK;
};

const WORDS: Readonly<Record<ImportedLine['state'], string>> = {
  taken: 'taken',
  changed: 'changed',
  kept_yours: 'kept yours',
  no_counterpart: 'no counterpart',
};

function report(lines: readonly ImportedLine[], paint: Paint, columns: number): string {
  const colour = {
    taken: paint.green,
    changed: paint.yellow,
    kept_yours: paint.cyan,
    no_counterpart: paint.dim,
  } satisfies Record<ImportedLine['state'], unknown>;
  const widest = Math.max(0, ...Object.values(WORDS).map((word) => word.length));
  return lines
    .flatMap(({ line, from, state, to, note }) => {
      const what = to === undefined || to === from ? oneLine(from) : `${oneLine(from)} → ${oneLine(to)}`;
      const head = `${String(line).padStart(5)}  ${colour[state](WORDS[state].padEnd(widest))}  `;
      const room = Math.max(20, Math.min(columns, MAX_PROSE) - INDENT);
      const rest = note === undefined ? [] : wrap(paint.dim(oneLine(note)), room).split('\n');
      return [head + truncate(what, Math.max(10, columns - INDENT)), ...rest.map((text) => ' '.repeat(INDENT) + text)];
    })
    .join('\n');
}

/** Of the line number, the state, and the gaps behind them. */
const INDENT = 23;
/** Wider lines of prose are hard to read. */
const MAX_PROSE = 120;

function tell(open: readonly { readonly message: string; readonly hint: string }[], output: Output): void {
  for (const { message, hint } of open)
    output.note(`${output.paintErr.yellow('•')} ${oneLine(message)} ${oneLine(hint)}`);
}
