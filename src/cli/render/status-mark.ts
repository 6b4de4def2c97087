import type { TaskStatus } from '../../core/result.ts';
import type { Paint } from '../output.ts';

/** One character for what became of a task. */
export function statusMark(status: TaskStatus, paint: Paint): string {
  switch (status) {
    case 'completed':
      return paint.green('✔');
    case 'queued':
      return paint.dim('·');
    case 'running':
      return paint.cyan('●');
    case 'partial':
      return paint.yellow('◐');
    default:
      return paint.red('✘');
  }
}
