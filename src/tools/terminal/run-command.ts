import { stripVTControlCharacters } from 'node:util';
import { cutText } from '../../core/text/cut-text.ts';
import type { ChildPlace } from '../child-place.ts';
import { defineTool, type ToolMaker } from '../define-tool.ts';
import { OUTPUT_BYTES } from './terminal.ts';

/** Characters of a command's output that the model reads: about 8,000 tokens. */
export const OUTPUT_CHARS = 30_000;
/** When the model says nothing. */
export const COMMAND_SECONDS = 120;
/** What one argument of a program may have on Linux, less some room. */
const COMMAND_BYTES = 100_000;

interface Args {
  readonly command: string;
  readonly timeout_seconds?: number;
  readonly cwd?: string;
}

/** A child that has the toolset has a terminal. */
type CommandPlace = Pick<ChildPlace, 'task_id' | 'workspace' | 'terminal'>;

export interface CommandOptions {
  /** The longest a command may ask for. */
  readonly max_seconds: number;
  /** What the model is told of the sandbox. */
  readonly surroundings: string;
  /** Takes keys out of a text. */
  readonly filter: (text: string) => string;
  /** Keeps a text that is too long to be shown, under a name; gives where, undefined when it could not. */
  readonly keep: (name: string, text: string) => Promise<string | undefined>;
}

export function createRunCommand(options: CommandOptions): ToolMaker<ChildPlace> {
  const { max_seconds, surroundings, filter, keep } = options;
  const usual = Math.min(COMMAND_SECONDS, max_seconds);
  return defineTool<Args, CommandPlace>({
    name: 'run_command',
    description: `Runs a command line with /bin/sh and gives what it writes, stdout and stderr together, and its exit code. ${surroundings}There is no input. What it leaves running in the background ends with it.`,
    properties: {
      command: { type: 'string', description: 'The command line.' },
      timeout_seconds: {
        type: 'number',
        minimum: 0.1,
        maximum: max_seconds,
        description: `Seconds until it is stopped. Default: ${usual}.`,
      },
      cwd: { type: 'string', description: 'Folder to run it in, relative to the workspace. Default: the workspace.' },
    },
    required: ['command'],
    changes: true,
    about: ({ command }) => command,
    async run({ command, timeout_seconds = usual, cwd = '.' }, signal, { workspace, terminal, task_id }) {
      if (command.includes('\0')) throw new Error('The command holds a NUL character.');
      if (Buffer.byteLength(command) > COMMAND_BYTES)
        throw new Error(`The command is longer than ${COMMAND_BYTES} bytes; write a script to a file and run that.`);
      const folder = await workspace.locate(cwd);
      const end = await terminal!
        .run(command, { cwd: folder, timeout_ms: timeout_seconds * 1000, signal })
        .catch((error: NodeJS.ErrnoException) => {
          throw new Error(`The command could not be started: ${error.code ?? error.message}.`);
        });
      // Keys go first: one that is cut in two is not found any more.
      const text = filter(end.output.toString());
      const kept = text.length > OUTPUT_CHARS ? await keep(`${task_id}-output-${end.number}`, text) : undefined;
      const where = kept === undefined ? 'send it to a file to see more' : `it is in ${kept}`;
      const shown = plain(cutText(text, OUTPUT_CHARS, where));
      const seconds = `${(end.ms / 1000).toFixed(1)} s`;
      const said = {
        timeout: `[Stopped: it did not end within ${timeout_seconds} s.]`,
        output: `[Stopped after ${seconds}: it wrote more than ${OUTPUT_BYTES} bytes. Send long output to a file.]`,
        cancelled: `[Stopped after ${seconds}.]`,
        signal: `[Ended by ${end.signal} after ${seconds}.]`,
        code: `[Exit code ${end.code} after ${seconds}.]`,
      }[end.stopped ?? (end.signal === undefined ? 'code' : 'signal')];
      const whole = `${shown}${shown === '' || shown.endsWith('\n') ? '' : '\n'}${said}`;
      if (end.code !== 0 || end.stopped !== undefined) throw new Error(whole);
      return whole;
    },
  });
}

/** Without what only a terminal would obey. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\0', '�');
}
