import { type Command, CommanderError } from 'commander';
import { DelegateError } from '../core/errors.ts';
import { EXIT_OK, EXIT_REFUSED } from './exit-code.ts';

/** Flags of the program itself; any other one in place of a command is the chat's. */
const OF_PROGRAM = ['-h', '--help', '-V', '--version'];

/** Parses the command line and runs the command; resolves to the exit code. Words it does not know are a refusal. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<number> {
  for (const command of everyCommand(program)) command.exitOverride();
  if (argv.length <= 2 && !(process.stdin.isTTY && process.stdout.isTTY)) {
    program.outputHelp();
    return EXIT_REFUSED;
  }
  try {
    await program.parseAsync(withCommand(argv));
    return Number(process.exitCode ?? EXIT_OK);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return EXIT_OK;
    if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: refusalOf(thrown) })}\n`);
    return EXIT_REFUSED;
  }
}

/** Without a command it is a chat. */
function withCommand([node = '', script = '', ...words]: readonly string[]): string[] {
  const [first] = words;
  const named = first !== undefined && (!first.startsWith('-') || OF_PROGRAM.includes(first));
  return [node, script, ...(named ? [] : ['chat']), ...words];
}

/** What commander has said on stderr, for those who read stdout. */
function refusalOf({ code, message }: CommanderError): DelegateError {
  const said = code === 'commander.help' ? 'A command is missing.' : message.replace(/^error: /, '');
  return new DelegateError('REQUEST_INVALID', said, { hint: '`yardmaster --help` lists the commands.' });
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
