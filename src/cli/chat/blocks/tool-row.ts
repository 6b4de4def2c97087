import { duration } from '../../../core/budget/amounts.ts';
import { foreignName, oneLine } from '../../output.ts';
import type { Theme } from '../theme.ts';
import { type Block, createBlock } from './block.ts';

/** One tool call of the parent: what, about what, how long, and whether it went well. */
export interface ToolRow extends Block {
  end(outcome: { readonly is_error: boolean; readonly ms: number | undefined } | 'cut'): void;
}

export function createToolRow(call: { readonly tool: string; readonly about: string }, { paint }: Theme): ToolRow {
  let outcome: Parameters<ToolRow['end']>[0] | undefined;
  const name = paint.bold(foreignName(call.tool));
  const about = oneLine(call.about).slice(0, 500);
  const block = createBlock(() => {
    if (outcome === undefined) return [`${paint.cyan('●')} ${name} ${paint.dim(about)}`];
    if (outcome === 'cut') return [`${paint.yellow('◐')} ${name} ${paint.dim(about)} ${paint.yellow('interrupted')}`];
    const ms = outcome.ms === undefined ? '' : `${duration(outcome.ms)} `;
    const end = outcome.is_error ? paint.red('failed') : '';
    return [
      `${outcome.is_error ? paint.red('✘') : paint.green('✔')} ${name} ${paint.dim(`${ms}${about}`)} ${end}`.trimEnd(),
    ];
  });
  return {
    ...block,
    end(how) {
      outcome = how;
      block.invalidate();
    },
  };
}
