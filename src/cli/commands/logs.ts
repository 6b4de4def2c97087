import { setTimeout as sleep } from 'node:timers/promises';
import { count, duration } from '../../core/budget/amounts.ts';
import type { JournalEntry, Store, TaskRecord } from '../../core/store.ts';
import type { Yardmaster } from '../../yardmaster.ts';
import type { Action, ActionContext } from '../action.ts';
import { EXIT_OK } from '../exit-code.ts';
import { findTasks } from '../find-tasks.ts';
import { open } from '../open.ts';
import { foreignName, oneLine, type Paint, plain } from '../output.ts';
import { routeName } from '../render/route-name.ts';

/** How often a followed journal is looked at. */
const FOLLOW_MS = 250;
const SHOWN_CHARS = 4_000;
/** Further parts of an entry stand below the first, behind its time; lines within a part stand further in, so that none passes for a part. */
const PART = `\n${' '.repeat(9)}`;
const WITHIN = `${PART}  `;

/** The journal is the transcript: what is printed is what the child did, in the order it was recorded. */
export const action: Action = async (context) => {
  await using yard = await open(context);
  const store = await yard.store();
  const tasks = await findTasks(store, String(context.operands[0]));
  const positions = new Map(tasks.map((task) => [task.id, 0]));
  if (!context.output.json) for (const task of tasks) context.output.note(heading(task, context.output.paintErr));
  for (;;) {
    const running = context.flags.follow === true && (await anyRunning(yard, tasks));
    for (const task of tasks)
      positions.set(task.id, await printNew(store, task, positions.get(task.id)!, context, tasks.length > 1));
    if (!running || context.signal.aborted) return EXIT_OK;
    await sleep(FOLLOW_MS, undefined, { signal: context.signal }).catch(() => undefined);
  }
};

/** A process that died leaves tasks that would be waited for forever: they are lost once their lease ends. */
async function anyRunning(yard: Yardmaster, tasks: readonly TaskRecord[]): Promise<boolean> {
  await yard.recover();
  const store = await yard.store();
  const now = await Promise.all(tasks.map(({ id }) => store.task(id)));
  return now.some((task) => task?.status === 'queued' || task?.status === 'running');
}

async function printNew(
  store: Store,
  task: TaskRecord,
  after: number,
  { output }: ActionContext,
  several: boolean,
): Promise<number> {
  let last = after;
  const simulated = task.route.simulated === true ? { simulated: true } : {};
  for (const entry of await store.journal(task.id, after)) {
    last = entry.seq;
    if (output.json) output.data(JSON.stringify({ task_id: task.id, ...simulated, ...entry }));
    else {
      const time = new Date(entry.at).toISOString().slice(11, 19);
      const label = several ? `${output.paint.dim(`[${task.index + 1}] `)}` : '';
      output.data(`${output.paint.dim(time)} ${label}${render(entry, output.paint)}`);
    }
  }
  return last;
}

function heading(task: TaskRecord, paint: Paint): string {
  return `${paint.bold(`${task.index + 1}. ${oneLine(task.input.goal).slice(0, 200)}`)}  ${routeName(task.route, paint)}  ${task.status}`;
}

function render(entry: JournalEntry, paint: Paint): string {
  switch (entry.kind) {
    case 'message':
      return entry.message.role === 'user'
        ? `${paint.bold('user')} ${shown(entry.message.text)}`
        : entry.message.results
            .map((result) => `${paint.bold('tool')} ${foreignName(result.name)}: ${shown(result.content)}`)
            .join(PART);
    case 'answer': {
      const { answer } = entry;
      const parts = [
        ...(answer.reasoning === '' ? [] : [`${paint.dim('think')} ${paint.dim(shown(answer.reasoning))}`]),
        ...(answer.text === '' ? [] : [`${paint.bold('assistant')} ${shown(answer.text)}`]),
        ...answer.tool_calls.map((call) => `${paint.bold('call')} ${foreignName(call.name)} ${shown(call.arguments)}`),
        paint.dim(
          `turn ${entry.turn}: served ${foreignName(answer.served_model ?? 'unreported')}${answer.request_id === undefined ? '' : ` (${foreignName(answer.request_id)})`}, ${
            answer.usage === undefined
              ? 'usage not reported'
              : `${count(answer.usage.input)} in, ${count(answer.usage.output)} out`
          }`,
        ),
      ];
      return parts.join(PART);
    }
    case 'tool-start':
      return paint.dim(`${foreignName(entry.tool)} started`);
    case 'tool-end':
      return `${entry.result.is_error ? paint.red('tool error') : paint.bold('tool')} ${foreignName(entry.result.name)} (${duration(entry.ms)}): ${shown(entry.result.content)}`;
    case 'hop':
      return paint.yellow(`fallback ${entry.hop.from} → ${entry.hop.to}: ${entry.hop.because}`);
    case 'steer':
      return `${paint.bold('steer')} ${shown(entry.message)}`;
    case 'compaction':
      return paint.yellow(`older tool results shortened to ${entry.chars} characters`);
    case 'note':
      return paint.dim(shown(entry.note));
  }
}

function shown(text: string): string {
  const clean = plain(text);
  const more = clean.length - SHOWN_CHARS;
  const cut = more <= 0 ? clean : `${clean.slice(0, SHOWN_CHARS)} … (${more} characters more; --json has all)`;
  return cut.replaceAll('\n', WITHIN);
}
