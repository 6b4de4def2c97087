import { Command, InvalidArgumentError, Option } from 'commander';
import type { Action, GlobalFlags } from './action.ts';
import { version } from './version.ts';

/**
 * Every command and option of `yardmaster`. What a command does is loaded when it runs,
 * so that `--help` and completion cost nothing but this file.
 */
export function createProgram(): Command {
  const program = new Command('yardmaster')
    .description('Runs each task on the model, provider and effort chosen for it, and proves which model served.')
    .version(version(), '-V, --version')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('(yardmaster --help lists the commands)')
    .configureHelp({ sortSubcommands: false });

  withRoute(
    data(program, 'delegate', 'run a batch of tasks, each on its own route')
      .argument('[file]', 'JSON or YAML with exactly the arguments of delegate_task; - reads stdin')
      .option('-g, --goal <text>', 'a task (again for more)', collect)
      .option('--context <text>', 'facts for tasks that have none')
      .option('--dry-run', 'explain only, send nothing'),
  )
    .addHelpText(
      'after',
      examples('delegate batch.yaml', 'delegate -g "Summarise README.md" -m haiku', 'delegate - --json < batch.json'),
    )
    .action(lazy(() => import('./commands/delegate.ts')));

  withRoute(
    data(program, 'explain', 'say which route each task would get, and why; send nothing')
      .argument('[file]', 'as for delegate')
      .option('-g, --goal <text>', 'a task (again for more)', collect)
      .option('--context <text>', 'facts for tasks that have none'),
  )
    .addHelpText('after', examples('explain -m sonnet', 'explain batch.yaml --json'))
    .action(lazy(() => import('./commands/explain.ts')));

  const models = data(program, 'models', 'search the models that can be used')
    .argument('[query]', 'words that the id must hold')
    .option('--provider <id>', 'of one provider')
    .option('--all', 'also of providers without a key')
    .addHelpText('after', examples('models sonnet', 'models --provider openrouter free'))
    .action(lazy(() => import('./commands/models.ts')));
  data(models, 'refresh', 'fetch a newer catalog from models.dev').action(
    lazy(() => import('./commands/models-refresh.ts')),
  );

  data(program, 'providers', 'list the providers, their wires and where their keys come from')
    .option('--all', 'also those without a key')
    .addHelpText('after', examples('providers --all'))
    .action(lazy(() => import('./commands/providers.ts')));

  data(program, 'routes', 'list the named routes of the configuration, resolved')
    .addHelpText('after', examples('routes --json'))
    .action(lazy(() => import('./commands/routes.ts')));

  data(program, 'doctor', 'check configuration, keys, store and local servers')
    .addHelpText('after', examples('doctor'))
    .action(lazy(() => import('./commands/doctor.ts')));

  data(program, 'init', 'write a first configuration from the keys and servers found here')
    .option('--project', 'write ./yardmaster.yaml instead of the user configuration')
    .option('--force', 'overwrite what is there (a backup is kept)')
    .addHelpText('after', examples('init', 'init --project'))
    .action(lazy(() => import('./commands/init.ts')));

  data(program, 'trust', "let this folder's yardmaster.yaml set endpoints, keys and commands")
    .argument('[folder]', 'default: the working folder')
    .addHelpText('after', examples('trust .'))
    .action(lazy(() => import('./commands/trust.ts')));

  const config = program.command('config').description('read and change the configuration');
  data(config, 'get', 'print a value and the file it comes from')
    .argument('[key]', 'for example delegation.on_mismatch')
    .action(lazy(() => import('./commands/config-get.ts')));
  data(config, 'set', 'change a value in the user configuration; comments stay')
    .argument('<key>')
    .argument('<value>', 'YAML')
    .action(lazy(() => import('./commands/config-set.ts')));
  data(config, 'path', 'print the files that are read, in order').action(
    lazy(() => import('./commands/config-path.ts')),
  );
  data(config, 'schema', 'print the JSON Schema of the configuration').action(
    lazy(() => import('./commands/config-schema.ts')),
  );

  data(program, 'jobs', 'list delegations, newest first')
    .option('-n, --limit <count>', 'how many', positive, 20)
    .addHelpText('after', examples('jobs', 'jobs -n 5 --json'))
    .action(lazy(() => import('./commands/jobs.ts')));
  data(program, 'status', 'show how a delegation or task stands')
    .argument('<id>')
    .action(lazy(() => import('./commands/status.ts')));
  data(program, 'logs', 'print the transcript of a task, or of every task of a delegation')
    .argument('<id>')
    .option('-f, --follow', 'go on printing while it runs')
    .action(lazy(() => import('./commands/logs.ts')));
  data(program, 'result', 'print the result of a delegation or task')
    .argument('<id>')
    .action(lazy(() => import('./commands/result.ts')));
  data(program, 'cost', 'add up what was spent')
    .addOption(new Option('--by <what>', 'group').choices(['model', 'provider', 'day']).default('model'))
    .option('--days <count>', 'how many days back', positive, 30)
    .addHelpText('after', examples('cost --by provider --days 7'))
    .action(lazy(() => import('./commands/cost.ts')));

  program
    .command('completion')
    .description('print a completion script')
    .addArgument(program.createArgument('<shell>', 'bash, zsh or fish').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', examples('completion zsh > ~/.zfunc/_yardmaster'))
    .action(lazy(() => import('./commands/completion.ts')));

  return program;
}

/** A command that prints data: the options that all of them share. */
function data(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'exactly one JSON document on stdout')
    .option('--config <file>', 'read only this configuration (also YARDMASTER_CONFIG)')
    .option('--cwd <folder>', 'work in this folder');
}

/** The call's own layer of the route. */
function withRoute(command: Command): Command {
  return command
    .option('-m, --model <model>', 'for tasks that name none')
    .option('--provider <id>', 'for tasks that name none')
    .option('--reasoning-effort <level>', 'for tasks that name none')
    .option('--route <name>', 'a named route, for tasks that name none')
    .option('--toolsets <names>', 'comma-separated; for tasks that name none');
}

function lazy(load: () => Promise<{ readonly action: Action }>): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const { action } = await load();
    const { runAction } = await import('./run-action.ts');
    await runAction(action, {
      operands: command.processedArgs,
      flags: command.opts() as GlobalFlags,
      program: root(command),
    });
  };
}

function root(command: Command): Command {
  return command.parent === null ? command : root(command.parent);
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function positive(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It has to be a whole number above 0.');
  return n;
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  yardmaster ${line}`).join('\n')}`;
}
