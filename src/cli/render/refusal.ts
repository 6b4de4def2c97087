import type { DelegateError } from '../../core/errors.ts';
import type { Paint } from '../output.ts';
import { oneLine, plain } from '../output.ts';

/** A refusal or failure for people: every issue with where it stands, what to do, and the nearest names. */
export function renderError(error: DelegateError, paint: Paint): string {
  if (error.issues.length === 0) {
    return [
      `${paint.red('error')} ${paint.bold(error.code)} ${plain(error.message)}`,
      ...hintLine(error.hint, paint),
    ].join('\n');
  }
  const count = error.issues.length;
  const lines = [
    `${paint.red('refused')} ${paint.bold(count === 1 ? '1 problem' : `${count} problems`)}; nothing was started, nothing was sent.`,
  ];
  for (const issue of error.issues) {
    const where = issue.path === '' ? '' : `${paint.cyan(issue.path)} `;
    lines.push(`  ${paint.red('✘')} ${where}${paint.bold(issue.code)} ${oneLine(issue.message)}`);
    const advice = [issue.hint, didYouMean(issue.suggestions, issue.hint)].filter((text) => text !== '').join(' ');
    if (advice !== '') lines.push(`    ${paint.dim('→')} ${oneLine(advice)}`);
  }
  return lines.join('\n');
}

function didYouMean(suggestions: readonly string[], hint: string): string {
  const unsaid = suggestions.filter((name) => !hint.includes(name));
  return unsaid.length === 0 ? '' : `Did you mean ${unsaid.map((name) => `"${name}"`).join(', ')}?`;
}

function hintLine(hint: string, paint: Paint): string[] {
  return hint === '' ? [] : [`  ${paint.dim('→')} ${plain(hint)}`];
}
