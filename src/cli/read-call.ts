import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { repeatedName } from '../core/call/repeated-name.ts';
import { DelegateError } from '../core/errors.ts';
import { quote } from '../core/routing/parse-name.ts';
import type { ActionContext } from './action.ts';
import { plain } from './output.ts';

/** Larger than any call that passes the parser's own limits; a guard against reading a disk image. */
const MAX_BYTES = 128 * 1024 * 1024;

/** Flags that are a field of the call, in the call's own layer. */
const CALL_FLAGS: Readonly<Record<string, string>> = {
  model: 'model',
  provider: 'provider',
  reasoningEffort: 'reasoning_effort',
  route: 'route',
  context: 'context',
};

type Fields = Record<string, unknown>;

/**
 * The arguments of `delegate_task` that a command line stands for: the file's (or stdin's) with the flags beside it.
 * A field that both give differently is refused: neither is dropped in silence.
 */
export async function readCall(context: ActionContext): Promise<unknown> {
  const { flags } = context;
  const [file] = context.operands as readonly (string | undefined)[];
  const goals = flags.goal as readonly string[] | undefined;
  if (file === undefined && goals === undefined) {
    throw new DelegateError('REQUEST_INVALID', 'There is nothing to delegate: neither a file nor a goal was given.', {
      hint: 'Give a file with the arguments of delegate_task, or --goal "…" (again for more tasks).',
    });
  }
  if (file !== undefined && goals !== undefined) {
    throw new DelegateError('REQUEST_INVALID', `Both ${quote(file)} and --goal were given.`, {
      hint: 'Put the goals into the file, or leave the file out.',
    });
  }
  const args = file === undefined ? { tasks: goals!.map((goal) => ({ goal })) } : await readFields(file, context);
  const call = withToolsets(withFlags(args, flags), flags.toolsets as string | undefined);
  // The call's word is for tasks that say nothing.
  return flags.worktree === true && isFields(call) ? { ...call, worktree: true } : call;
}

async function readFields(file: string, context: ActionContext): Promise<unknown> {
  const name = file === '-' ? 'stdin' : quote(file);
  const parsed = await parse(await readText(file, name, context), name);
  return Array.isArray(parsed) ? { tasks: parsed } : parsed;
}

/** A whole file, or stdin for `-`; throws `REQUEST_INVALID` when it cannot be read as text. */
export async function readText(file: string, name: string, { cwd, stdin }: ActionContext): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of file === '-' ? stdin : createReadStream(resolve(cwd, file))) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_BYTES) throw refuse(`${name} has more than ${MAX_BYTES} bytes.`, 'Split the batch.');
      chunks.push(chunk as Buffer);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof DelegateError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw refuse(
      `${name} ${UNREADABLE[code] ?? `cannot be read (${code})`}.`,
      'Give a JSON or YAML file, or - for stdin.',
    );
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder, not a file',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
};

async function parse(text: string, name: string): Promise<unknown> {
  if (text.trim() === '') throw refuse(`${name} is empty.`, CONTENT_HINT);
  if (/^\s*[{[]/.test(text)) {
    try {
      const value: unknown = JSON.parse(text);
      if (repeatedName(text) === undefined) return value;
    } catch {}
    // YAML's flow style starts the same way, and its errors carry line and column.
  }
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  // The parser only warns of a tag (`!name`) and leaves it out; nothing is left out silently here.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw refuse(
      `${name} is neither JSON nor YAML: ${cutMessage(problem.message)} (line ${line}, column ${col}).`,
      CONTENT_HINT,
    );
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw refuse(`${name} cannot be read: ${cutMessage((error as Error).message)}.`, CONTENT_HINT);
  }
}

const CONTENT_HINT = 'Its content has to be the arguments of delegate_task, for example {"tasks":[{"goal":"…"}]}.';

/** What the YAML parser says may repeat a piece of the text. */
function cutMessage(message: string): string {
  return plain(message).split('\n', 1)[0]!.slice(0, 200);
}

function refuse(message: string, hint: string): DelegateError {
  return new DelegateError('REQUEST_INVALID', message, { hint });
}

function withFlags(args: unknown, flags: ActionContext['flags']): unknown {
  const given = Object.entries(CALL_FLAGS).flatMap(([flag, field]) =>
    flags[flag] === undefined ? [] : [[field, String(flags[flag])] as const],
  );
  if (given.length === 0 || !isFields(args)) return args;
  for (const [field, value] of given) {
    const other = args[field] ?? value;
    if (other === value) continue;
    const written = quote(typeof other === 'string' ? other : JSON.stringify(other));
    throw new DelegateError(
      'ROUTE_CONFLICT',
      `The command line says ${field} ${quote(value)}, the file says ${written}.`,
      {
        hint: 'Leave one of them out.',
      },
    );
  }
  return { ...args, ...Object.fromEntries(given) };
}

/** Toolsets are a field of each task; the flag is for those that say nothing. */
function withToolsets(args: unknown, flag: string | undefined): unknown {
  if (flag === undefined || !isFields(args)) return args;
  const toolsets = flag.split(',').map((name) => name.trim());
  const { goal, ...rest } = args;
  const call: Fields = goal !== undefined && args.tasks === undefined ? { ...rest, tasks: [{ goal }] } : args;
  const { tasks } = call;
  if (!Array.isArray(tasks)) {
    throw refuse('The command line says --toolsets, and "tasks" in the file is no list.', 'Write the tasks as a list.');
  }
  return { ...call, tasks: tasks.map((task) => (isFields(task) ? { toolsets, ...task } : task)) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
