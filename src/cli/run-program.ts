import { type Command, CommanderError } from 'commander';
import { EXIT_OK, EXIT_REFUSED } from './exit-code.ts';

/** Parses the command line and runs the command; resolves to the exit code. Words it does not know are a refusal. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<number> {
  for (const command of everyCommand(program)) command.exitOverride();
  if (argv.length <= 2) {
    program.outputHelp();
    return EXIT_OK;
  }
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? EXIT_OK);
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT_OK : EXIT_REFUSED;
    throw thrown;
  }
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
