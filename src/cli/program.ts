import { Command, InvalidArgumentError, Option } from 'commander';
import { keepCompiled } from '../compile-cache.ts';
import { INSTALL_HOSTS } from '../mcp/install/host-file.ts';
import type { ActionModule, GlobalFlags } from './action.ts';
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
    program
      .command('chat')
      .description('talk to the parent agent, which delegates (also without any command, on a terminal)')
      .option('--config <file>', 'read only this configuration (also YARDMASTER_CONFIG)')
      .option('--cwd <folder>', 'work in this folder'),
    'what the parent runs on',
  )
    .option('--resume [id]', 'go on with a saved session; without an id the last one of this folder')
    .addHelpText('after', examples('chat', 'chat -m sonnet --reasoning-effort high', 'chat --resume'))
    .action(lazy(() => import('./commands/chat.ts')));

  withRoute(
    data(program, 'run', 'ask the parent agent once, and wait for it and its children')
      .argument('<prompt>', 'what to do; - reads stdin')
      .option('--resume [id]', 'go on with a saved session; without an id the last one of this folder'),
    'what the parent runs on',
  )
    .addHelpText(
      'after',
      examples('run "Which tests are slow, and why?"', 'run - --json < prompt.md', 'run "Go on." --resume'),
    )
    .action(lazy(() => import('./commands/run.ts')));

  withRoute(
    data(program, 'delegate', 'run a batch of tasks, each on its own route')
      .argument('[file]', 'JSON or YAML with exactly the arguments of delegate_task; - reads stdin')
      .option('-g, --goal <text>', 'a task (again for more)', collect)
      .option('--context <text>', 'facts for tasks that have none')
      .option('--worktree', 'tasks that do not say otherwise work in a git worktree of their own')
      .option('--background', 'return at once; wait, status, steer and stop go on from any terminal')
      .option('--dry-run', 'explain only, send nothing'),
  )
    .addHelpText(
      'after',
      examples(
        'delegate batch.yaml',
        'delegate -g "Summarise README.md" -m haiku',
        'delegate - --json < batch.json',
        'wait $(yardmaster delegate batch.yaml --background)',
      ),
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
  data(models, 'refresh', 'fetch a newer catalog from models.dev')
    .addHelpText('after', examples('models refresh'))
    .action(lazy(() => import('./commands/models-refresh.ts')));

  data(program, 'providers', 'list the providers, their wires and where their keys come from')
    .option('--all', 'also those without a key')
    .addHelpText('after', examples('providers --all'))
    .action(lazy(() => import('./commands/providers.ts')));

  data(program, 'routes', 'list the named routes of the configuration, resolved')
    .addHelpText('after', examples('routes --json'))
    .action(lazy(() => import('./commands/routes.ts')));

  data(program, 'doctor', 'check configuration, keys, store and local servers')
    .option(
      '--live',
      'ask every configured route one short question: key, model served, tools, effort (costs a few tokens)',
    )
    .addHelpText('after', examples('doctor', 'doctor --live', 'doctor --live --json'))
    .action(lazy(() => import('./commands/doctor.ts')));

  data(program, 'init', 'write a first configuration from the keys and servers found here')
    .option('--project', 'write ./yardmaster.yaml instead of the user configuration')
    .option('--force', 'overwrite what is there (a backup is kept)')
    .addHelpText('after', examples('init', 'init --project'))
    .action(lazy(() => import('./commands/init.ts')));

  const imports = program.command('import').description("take over another agent's configuration");
  data(imports, 'hermes', 'from a config.yaml of Hermes: model, aliases, providers, delegation, fallbacks; never a key')
    .argument('[file]', 'default: ~/.hermes/config.yaml')
    .option('--dry-run', 'print what would come of it, write nothing')
    .addHelpText('after', examples('import hermes --dry-run', 'import hermes ~/old/config.yaml --json'))
    .action(lazy(() => import('./commands/import-hermes.ts')));

  data(program, 'trust', "let this folder's yardmaster.yaml set endpoints, keys and commands")
    .argument('[folder]', 'default: the working folder')
    .addHelpText('after', examples('trust .'))
    .action(lazy(() => import('./commands/trust.ts')));

  const config = program.command('config').description('read and change the configuration');
  data(config, 'get', 'print a value and the file it comes from')
    .argument('[key]', 'for example delegation.on_mismatch')
    .addHelpText('after', examples('config get', 'config get delegation.allow --json'))
    .action(lazy(() => import('./commands/config-get.ts')));
  data(config, 'set', 'change a value in the user configuration; comments stay')
    .argument('<key>')
    .argument('<value>', 'YAML')
    .addHelpText('after', examples('config set delegation.max_turns 50', "config set delegation.budget '{ usd: 5 }'"))
    .action(lazy(() => import('./commands/config-set.ts')));
  data(config, 'path', 'print the files that are read, in order')
    .addHelpText('after', examples('config path'))
    .action(lazy(() => import('./commands/config-path.ts')));
  data(config, 'schema', 'print the JSON Schema of the configuration')
    .addHelpText('after', examples('config schema > yardmaster.schema.json'))
    .action(lazy(() => import('./commands/config-schema.ts')));

  data(program, 'jobs', 'list delegations, newest first')
    .option('-n, --limit <count>', 'how many', positive, 20)
    .addHelpText('after', examples('jobs', 'jobs -n 5 --json'))
    .action(lazy(() => import('./commands/jobs.ts')));
  data(program, 'status', 'show how a delegation or task stands')
    .argument('<id>', 'of a delegation or a task')
    .addHelpText('after', examples('status d_mwrr4zez9c57f4e07b06'))
    .action(lazy(() => import('./commands/status.ts')));
  data(program, 'wait', 'wait for a delegation or task, then print its result')
    .argument('<id>', 'of a delegation or a task')
    .option('--timeout <seconds>', 'the longest wait; then what has ended is printed', seconds)
    .addHelpText('after', examples('wait d_mwrr4zez9c57f4e07b06 --timeout 60'))
    .action(lazy(() => import('./commands/wait.ts')));
  data(program, 'steer', 'tell a running task something, with its next turn')
    .argument('<id>', 'of a task, or of a delegation for all of its tasks')
    .argument('<text>')
    .addHelpText('after', examples('steer t_mwrr4zf07534ddf08848 "Leave the tests alone."'))
    .action(lazy(() => import('./commands/steer.ts')));
  data(program, 'stop', 'stop a delegation or task and everything below it; what exists is kept')
    .argument('<id>', 'of a delegation or a task')
    .addHelpText('after', examples('stop d_mwrr4zez9c57f4e07b06'))
    .action(lazy(() => import('./commands/stop.ts')));
  data(program, 'logs', 'print the transcript of a task, or of every task of a delegation')
    .argument('<id>', 'of a delegation or a task')
    .option('-f, --follow', 'go on printing while it runs')
    .addHelpText('after', examples('logs t_mwrr4zf07534ddf08848 --follow'))
    .action(lazy(() => import('./commands/logs.ts')));
  data(program, 'result', 'print the result of a delegation or task')
    .argument('<id>', 'of a delegation or a task')
    .addHelpText('after', examples('result d_mwrr4zez9c57f4e07b06 --json'))
    .action(lazy(() => import('./commands/result.ts')));
  data(program, 'cost', 'add up what was spent')
    .addOption(new Option('--by <what>', 'group').choices(['model', 'provider', 'day']).default('model'))
    .option('--days <count>', 'how many days back', positive, 30)
    .addHelpText('after', examples('cost --by provider --days 7'))
    .action(lazy(() => import('./commands/cost.ts')));
  data(program, 'prune', 'remove delegations that ended long ago, with their transcripts')
    .option('--days <count>', 'keep those of so many days (default: history.keep_days)', positive)
    .addHelpText('after', examples('prune --days 30'))
    .action(lazy(() => import('./commands/prune.ts')));

  const mcp = program
    .command('mcp')
    .description('give delegate_task to an agent: a server for the Model Context Protocol')
    .option('--http <port>', 'over HTTP on this machine instead of stdin and stdout (0: any free port)', port)
    .option('--config <file>', 'read only this configuration (also YARDMASTER_CONFIG)')
    .option('--cwd <folder>', 'let children work in this folder')
    .addHelpText('after', examples('mcp', 'mcp --http 7399', 'mcp install claude --print'))
    .action(lazy(() => import('./commands/mcp.ts')));
  data(mcp, 'install', "write the server into an agent's configuration; what else is in it stays")
    .addArgument(program.createArgument('<host>', 'whose configuration').choices(INSTALL_HOSTS))
    .option('--print', 'print what would be written, and where')
    .addHelpText('after', examples('mcp install codex', 'mcp install vscode --print'))
    .action(lazy(() => import('./commands/mcp-install.ts')));

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

/** The layer of the route that a command line is. */
function withRoute(command: Command, whose = 'for tasks that name none'): Command {
  return command
    .option('-m, --model <model>', whose)
    .option('--provider <id>', whose)
    .option('--reasoning-effort <level>', whose)
    .option('--route <name>', `a named route, ${whose}`)
    .option('--toolsets <names>', `comma-separated; ${whose}`);
}

function lazy(load: () => Promise<ActionModule>): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    keepCompiled(process.env);
    const module = await load();
    const { runAction } = await import('./run-action.ts');
    await runAction(module, {
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

function seconds(value: string): number {
  const n = Number(value);
  if (value.trim() === '' || !Number.isFinite(n) || n < 0)
    throw new InvalidArgumentError('It has to be a number of seconds.');
  return n;
}

function positive(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It has to be a whole number above 0.');
  return n;
}

function port(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 0 || n > 65_535) throw new InvalidArgumentError('It has to be a port.');
  return n;
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  yardmaster ${line}`).join('\n')}`;
}
