/** Lines that begin with their number, as file tools print them. */
const NUMBERED = /^\s*\d+(?:\t|\||→|: )/;
/** What a file tool adds below a part of a file. */
const NOTE = /\n\[[^\n]*\]\n?$/;
/** Words that say nothing of what a goal is about. */
const COMMON = new Set(
  'about after all and answer are does each file find first for from have how into its line lines list more name read report say short summarise summarize tell than that the their them then there this what when where which with words your'.split(
    ' ',
  ),
);

/** What can be counted and quoted in a file: one paragraph, the same for the same input. */
export function describeFile(file: {
  readonly path: string;
  readonly goal: string;
  readonly content: string;
  readonly is_error: boolean;
}): string {
  if (isError(file)) return `- ${file.path}: could not be read (${file.content.split('\n', 1)[0]})`;
  const whole = file.content.replace(NOTE, '');
  const lines = withoutNumbers(whole.replace(/\n$/, '').split('\n'));
  const title = lines.find((line) => /^#+ /.test(line)) ?? lines.find((line) => /\w/.test(line)) ?? '(empty)';
  const todos = lines.filter((line) => /\b(TODO|FIXME)\b/.test(line)).length;
  const longest = lines.reduce((best, line, at) => (line.length > lines[best]!.length ? at : best), 0);
  const headings = lines.filter((line) => /^#{1,3} /.test(line)).length;
  const facts = [
    `${whole === file.content ? '' : 'in its first part '}${lines.length} lines`,
    `${lines.join('\n').length} characters`,
    ...(headings > 0 ? [`${headings} headings`] : []),
    `${todos} TODO`,
    `the longest line is ${longest + 1} (${lines[longest]!.length} characters)`,
  ];
  const closest = closestLine(lines, file.goal);
  const quote =
    closest === undefined ? '' : `; nearest to the goal, line ${closest + 1}: "${clipped(lines[closest]!)}"`;
  return `- ${file.path} begins "${clipped(title.replace(/^#+ /, ''))}": ${facts.join(', ')}${quote}.`;
}

/** The OpenAI wires cannot mark an error: there it is one line that quotes the path. */
function isError({ path, content, is_error }: { path: string; content: string; is_error: boolean }): boolean {
  if (is_error || /^error\b/i.test(content)) return true;
  return !content.trim().includes('\n') && content.includes(`"${path}"`);
}

function withoutNumbers(lines: readonly string[]): readonly string[] {
  const numbered = lines.filter((line) => NUMBERED.test(line)).length;
  return numbered > lines.length * 0.8 ? lines.map((line) => line.replace(NUMBERED, '')) : lines;
}

/** The line that shares the most words with the goal; undefined = none shares two. */
function closestLine(lines: readonly string[], goal: string): number | undefined {
  const wanted = wordsOf(goal);
  let best: number | undefined;
  let most = 1;
  for (const [at, line] of lines.entries()) {
    const shared = [...wordsOf(line)].filter((word) => wanted.has(word)).length;
    if (shared > most) {
      most = shared;
      best = at;
    }
  }
  return best;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set((text.toLowerCase().match(/[a-z]{4,}/g) ?? []).filter((word) => !COMMON.has(word)));
}

function clipped(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > 100 ? `${trimmed.slice(0, 99)}…` : trimmed;
}
