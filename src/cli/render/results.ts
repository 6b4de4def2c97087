import wrap from 'wrap-ansi';
import { duration, money, tokens } from '../../core/budget/amounts.ts';
import type { DelegationResult, TaskResult } from '../../core/result.ts';
import { routeLabel } from '../../core/route.ts';
import type { Output, Paint } from '../output.ts';
import { oneLine, plain } from '../output.ts';
import { proofLine, sourceLabel } from './receipt.ts';
import { statusMark } from './status-mark.ts';

/** Wider lines of prose are hard to read. */
const MAX_PROSE = 105;

/** Files named of one child; `--json` has all that are listed. */
const MAX_FILES = 8;

/** A finished delegation for people: one block a child, then what it all cost. */
export function renderResults(result: DelegationResult, goals: readonly string[], output: Output): string {
  const blocks = result.results.map((task) => renderTask(task, goals[task.index] ?? '', output));
  return [...blocks, totals(result, output.paint)].join('\n\n');
}

function renderTask(task: TaskResult, goal: string, output: Output): string {
  const { paint, columns } = output;
  const facts = [
    `${task.turns} turn${task.turns === 1 ? '' : 's'}`,
    `${task.tool_calls} tool call${task.tool_calls === 1 ? '' : 's'}`,
    tokens(task.usage),
    money(task.cost),
    duration(task.timing.total_ms),
  ];
  const lines = [
    `${statusMark(task.status, paint)} ${paint.bold(`${task.index + 1}. ${oneLine(goal).slice(0, 200)}`)}  ${paint.dim(task.status)}`,
    `   ${paint.dim('route ')} ${paint.cyan(routeLabel(task.route.resolved))}  ${paint.dim(`${task.route.resolved.wire}, ${sourceLabel(task.route.source)}`)}`,
    `   ${paint.dim('proof ')} ${proofLine(task.route, paint)}`,
    `   ${paint.dim('spent ')} ${facts.join(paint.dim(' · '))}`,
    ...task.route.hops.map((hop) => `   ${paint.dim('hop   ')} ${hop.from} → ${hop.to} (${hop.because})`),
    ...task.route.notes.map((note) => `   ${paint.dim('note  ')} ${oneLine(note)}`),
    ...leftBehind(task).map(([label, text]) => `   ${paint.dim(label.padEnd(6))} ${oneLine(text)}`),
  ];
  if (task.error !== undefined) {
    lines.push(`   ${paint.red('error ')} ${paint.red(task.error.code)} ${oneLine(task.error.message)}`);
    if (task.error.hint !== '') lines.push(`          ${oneLine(task.error.hint)}`);
    if (task.error.upstream !== undefined)
      lines.push(`   ${paint.dim('said  ')} ${oneLine(task.error.upstream).slice(0, 300)}`);
  }
  if (task.summary !== '')
    lines.push(indent(wrap(plain(task.summary).trim(), Math.max(20, Math.min(columns, MAX_PROSE) - 5)), '     '));
  if (task.full_ref !== undefined) lines.push(`     ${paint.dim(`whole text: ${task.full_ref}`)}`);
  return lines.join('\n');
}

/** What it changed: files as they are on disk, and the branch they are on. */
function leftBehind({ artifacts, artifacts_incomplete, worktree }: TaskResult): (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  const named = artifacts.slice(0, MAX_FILES).map(({ path }) => path);
  const more = artifacts.length - named.length;
  const rest = more > 0 ? [`and ${more} more`] : artifacts_incomplete === true ? ['and some more'] : [];
  if (artifacts.length + rest.length > 0) lines.push(['files', [...named, ...rest].join(', ')]);
  if (worktree !== undefined) {
    const { branch, path, commits, dirty, problem } = worktree;
    const facts = [`${commits} commit${commits === 1 ? '' : 's'}`, ...(dirty ? ['uncommitted changes'] : [])];
    lines.push(['branch', `${branch} (${problem ?? facts.join(', ')}) in ${path}`]);
  }
  return lines;
}

function totals(result: DelegationResult, paint: Paint): string {
  const done = result.results.filter((task) => task.status === 'completed').length;
  return paint.dim(
    `${done} of ${result.results.length} completed · ${tokens(result.usage)} · ${money(result.cost)} · ${duration(result.duration_ms)} · ${result.delegation_id}`,
  );
}

function indent(text: string, by: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : by + line))
    .join('\n');
}
