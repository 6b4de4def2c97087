import { priceRange } from '../../core/budget/amounts.ts';
import type { Explanation, TaskExplanation } from '../../core/explain.ts';
import { oneLine, type Paint } from '../output.ts';
import { sourceLabel } from './receipt.ts';
import { routeName } from './route-name.ts';

/** Why each task would get its route, or got it, and what would run at once. */
export function renderExplanation(explanation: Explanation, paint: Paint, state = 'nothing was sent'): string {
  const { concurrency } = explanation;
  const plan =
    concurrency.queued === 0
      ? `${concurrency.at_once} at once`
      : `${concurrency.at_once} at once, ${concurrency.queued} queued (max_concurrent_children ${concurrency.max_concurrent_children})`;
  return [
    ...explanation.tasks.map((task) => renderTask(task, paint)),
    paint.dim(`${plan} · ${priceRange(explanation.price)} · ${state}`),
  ].join('\n\n');
}

function renderTask(task: TaskExplanation, paint: Paint): string {
  const { route } = task;
  const line = (title: string, text: string) => `   ${paint.dim(title.padEnd(8))} ${text}`;
  const said = task.layers.map(({ layer, said, won }) => {
    const fields = said === undefined ? paint.dim('–') : oneLine(JSON.stringify(said));
    return line(layer, `${fields}${won.length === 0 ? '' : paint.green(`  ← ${won.join(', ')}`)}`);
  });
  return [
    paint.bold(`${task.index + 1}. ${oneLine(task.goal)}`),
    ...said,
    ...task.steps.map((step) => line('', paint.dim(oneLine(step.text)))),
    line('route', `${routeName(route, paint)}  ${paint.dim(sourceLabel(task.source))}`),
    line('wire', `${route.wire} at ${route.authority}, key ${keyLabel(task)}`),
    line('effort', route.reasoning_effort ?? paint.dim('none asked, none sent')),
    ...(route.fallback.length === 0
      ? []
      : [line('fallback', route.fallback.map((next) => routeName(next, paint)).join(' → '))]),
    ...task.notes.map((note) => line('note', oneLine(note))),
    line('tools', task.toolsets.join(', ')),
    line('price', priceRange(task.price)),
  ].join('\n');
}

function keyLabel({ route: { credential } }: TaskExplanation): string {
  switch (credential.kind) {
    case 'env':
      return `from ${credential.name}`;
    case 'config':
      return `from the configuration of "${credential.provider}"`;
    case 'none':
      return 'not needed';
  }
}
