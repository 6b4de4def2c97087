import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DelegateError } from '../core/errors.ts';
import type { ActionContext } from './action.ts';

/** Larger than any call that passes the parser's own limits; a guard against reading a disk image. */
const MAX_BYTES = 128 * 1024 * 1024;

/** Flags that are a field of the call, in the call's own layer. */
const CALL_FLAGS: Readonly<Record<string, string>> = {
  model: 'model',
  provider: 'provider',
  reasoningEffort: 'reasoning_effort',
  route: 'route',
};

type Fields = Record<string, unknown>;

/**
 * The arguments of `delegate_task` that a command line stands for: the file's (or stdin's) with the flags beside it.
 * A field that both give differently is refused: neither is dropped in silence.
 */
export async function readCall(context: ActionContext): Promise<unknown> {
  const [file] = context.operands as readonly (string | undefined)[];
  const goals = context.flags.goal as readonly string[] | undefined;
  if (file === undefined && goals === undefined) {
    throw new DelegateError('REQUEST_INVALID', 'There is nothing to delegate: neither a file nor a goal was given.', {
      hint: 'Give a file with the arguments of delegate_task, or --goal "…" (again for more tasks).',
    });
  }
  if (file !== undefined && goals !== undefined) {
    throw new DelegateError('REQUEST_INVALID', `Both "${file}" and --goal were given.`, {
      hint: 'Put the goals into the file, or leave the file out.',
    });
  }
  const args = file === undefined ? tasksOf(goals!, context.flags) : await readFields(file, context);
  const toolsets =
    context.flags.toolsets === undefined
      ? undefined
      : String(context.flags.toolsets)
          .split(',')
          .map((name) => name.trim());
  return withToolsets(withFlags(args, context.flags), toolsets);
}

function tasksOf(goals: readonly string[], flags: ActionContext['flags']): Fields {
  const context = flags.context === undefined ? {} : { context: flags.context };
  return { tasks: goals.map((goal) => ({ goal, ...context })) };
}

async function readFields(file: string, context: ActionContext): Promise<unknown> {
  const parsed = await parse(await readText(file, context), file === '-' ? 'stdin' : file);
  return Array.isArray(parsed) ? { tasks: parsed } : parsed;
}

async function readText(file: string, { cwd, stdin }: ActionContext): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of stdin) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_BYTES) throw tooLarge('stdin', bytes);
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
  const path = resolve(cwd, file);
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw tooLarge(file, size);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof DelegateError) throw error;
    throw new DelegateError('REQUEST_INVALID', `"${file}" cannot be read: ${(error as Error).message}.`, {
      hint: 'Give the path of a JSON or YAML file, or - for stdin.',
      cause: error,
    });
  }
}

function tooLarge(name: string, bytes: number): DelegateError {
  return new DelegateError('REQUEST_INVALID', `"${name}" has ${bytes} bytes; at most ${MAX_BYTES} are read.`, {
    hint: 'Split the batch.',
  });
}

async function parse(text: string, name: string): Promise<unknown> {
  const start = text.trimStart()[0];
  if (start === '{' || start === '[') {
    try {
      return JSON.parse(text);
    } catch {
      // YAML's flow style starts the same way, and its errors carry line and column.
    }
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new DelegateError('REQUEST_INVALID', `"${name}" is neither JSON nor YAML: ${problem.message.trim()}`, {
      hint: 'Its content has to be the arguments of delegate_task, for example {"tasks":[{"goal":"…"}]}.',
    });
  }
  return document.toJS({ maxAliasCount: 100 });
}

function withFlags(args: unknown, flags: ActionContext['flags']): unknown {
  const given = Object.entries(CALL_FLAGS).flatMap(([flag, field]) =>
    flags[flag] === undefined ? [] : [[field, flags[flag]] as const],
  );
  if (given.length === 0 || !isFields(args)) return args;
  for (const [field, value] of given) {
    if (args[field] !== undefined && args[field] !== value) {
      throw new DelegateError(
        'ROUTE_CONFLICT',
        `The command line says ${field} "${String(value)}", the file says "${String(args[field])}".`,
        {
          hint: 'Leave one of them out.',
        },
      );
    }
  }
  return { ...args, ...Object.fromEntries(given) };
}

/** Toolsets are a field of each task; the flag narrows those that say nothing. */
function withToolsets(args: unknown, toolsets: readonly string[] | undefined): unknown {
  if (toolsets === undefined || !isFields(args) || !Array.isArray(args.tasks)) return args;
  return { ...args, tasks: args.tasks.map((task) => (isFields(task) ? { toolsets, ...task } : task)) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
