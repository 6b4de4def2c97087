import { hasEnded, turnsIn } from '../../core/answer.ts';
import { duration, money } from '../../core/budget/amounts.ts';
import type { ReceiptRoute } from '../../core/route.ts';
import type { TaskRecord } from '../../core/store.ts';
import { treeOf } from '../../core/tree-of.ts';
import type { Action } from '../action.ts';
import { EXIT_OK, exitCodeOfStatuses } from '../exit-code.ts';
import { findTasks } from '../find-tasks.ts';
import { open } from '../open.ts';
import { oneLine } from '../output.ts';
import { sourceShort } from '../render/receipt.ts';
import { routeName } from '../render/route-name.ts';
import { statusMark } from '../render/status-mark.ts';
import { table } from '../render/table.ts';

function ranOn({ route, result }: TaskRecord): ReceiptRoute {
  return result?.route.ran_on ?? route;
}

/** With everything below. Exit code 0 while tasks run or when all completed, 1 when one ended otherwise. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const store = await yard.store();
  await yard.recover();
  const asked = await findTasks(store, String(context.operands[0]));
  const tasks = treeOf(asked, await store.tasks({ root_id: asked[0]!.root_id, limit: 1_000_000 }));
  const { output } = context;
  const running = tasks.filter(({ status }) => status === 'running');
  const journals = await Promise.all(running.map(({ id }) => store.journal(id)));
  /** Of those that run. */
  const turns = new Map(running.map(({ id }, at) => [id, turnsIn(journals[at]!)]));
  if (output.json) {
    output.document(
      tasks.map(({ result, ...task }) => ({
        ...task,
        ...(turns.has(task.id) && { turns: turns.get(task.id) }),
        ...(result && { result }),
      })),
    );
  } else {
    const columns = [
      { title: 'task' },
      { title: 'goal', min: 12 },
      { title: 'provider/model', min: 14 },
      { title: 'effort', spare: true },
      { title: 'from', min: 6, spare: true },
      { title: 'status' },
      { title: 'turns', align: 'right' as const, spare: true },
      { title: 'time', align: 'right' as const, spare: true },
      { title: 'cost', align: 'right' as const },
    ];
    const now = Date.now();
    const rows = tasks.map((task) => [
      task.id,
      `${'  '.repeat(task.depth - asked[0]!.depth)}${oneLine(task.input.goal).slice(0, 200)}`,
      routeName(ranOn(task), output.paint),
      ranOn(task).reasoning_effort ?? '–',
      sourceShort(task.source),
      `${statusMark(task.status, output.paint)} ${task.status}`,
      String(task.result?.turns ?? turns.get(task.id) ?? ''),
      task.started_at === undefined ? '' : duration((task.ended_at ?? now) - task.started_at),
      task.result === undefined ? '' : money(task.result.cost),
    ]);
    output.data(table(columns, rows, output.columns).join('\n'));
    for (const { id, result } of tasks) {
      for (const { from, to, because } of result?.route.hops ?? []) {
        output.data(`${output.paint.dim(`${id} hop:`)} ${from} → ${to} (${because})`);
      }
    }
    for (const { id, steers = [] } of tasks) {
      for (const { state, turn, message } of steers) {
        const when = turn === undefined ? '' : ` in turn ${turn}`;
        output.data(`${output.paint.dim(`${id} steer ${state}${when}:`)} ${oneLine(message).slice(0, 200)}`);
      }
    }
  }
  const ended = asked.filter(hasEnded).map(({ status }) => status);
  return ended.length === 0 ? EXIT_OK : exitCodeOfStatuses(ended);
};
